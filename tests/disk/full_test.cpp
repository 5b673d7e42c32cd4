// A disk without room: what was committed stays, what was written waits in memory, and all
// goes on by itself once there is room.
#include "tests/catch.hpp"
#include "tests/disk/disk_home.hpp"

using namespace flok::testing;

namespace {

constexpr std::size_t page_bytes = 50'000;
constexpr int page_count = 40;
constexpr std::size_t disk_bytes = std::size_t{6} << 20U; // three times what the pages need

std::string id_of(int page) { return "big-" + std::to_string(page); }

std::string version_of(shell_process& shell, const std::string& id) {
  const json answer = shell.ask(op::read("user", id));
  if (!answer.contains("page"))
    return code_of(answer);
  const json& page = answer.at("page");
  const json& entry = page.at("entries").at(0);
  const bool whole = page.at("_hash") == expected_hash(page) &&
                     entry.value("filling", "").size() % page_bytes == 0;
  return whole ? text(entry.at("title")) : "torn: " + page.dump();
}

void write_big_pages(shell_process& shell, std::string_view version) {
  for (int page = 0; page < page_count; ++page)
    shell.must(op::write("user", filled_page(id_of(page), version, page_bytes)));
}

/// Whether each of the big pages is of that version, or what reading it says.
bool all_big_are(shell_process& shell, const std::string& version) {
  bool all = true;
  for (int page = 0; page < page_count; ++page)
    all = all && version_of(shell, id_of(page)) == version;
  return all;
}

/// The next error event; what comes before it is let be.
json next_problem(shell_process& shell) {
  for (;;) {
    const json line = shell.next().value;
    if (line.value("event", "") == "error")
      return line;
  }
}

/// Whether the shell wrote all that is dirty without being asked to.
bool recovers(shell_process& shell) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{60};
  while (stats(shell, "user", "dirty") != 0)
    if (std::chrono::steady_clock::now() > until)
      return false;
  return true;
}

/// A shell that committed v1 of "small", and then v2 of it and the big pages to no avail.
void fail_to_page_out(shell_process& shell, const std::string& reason) {
  write_big_pages(shell, "v2");
  shell.must(op::write("user", array_page("small", "v2")));
  const json answer = shell.ask(op::simple("pageout"));
  CHECK(code_of(answer) == "storage_failure");
  CHECK(text(answer.at("error").at("message")).find(reason) != std::string::npos);
  auto events = shell.take_events();
  const json problem = events.empty() ? next_problem(shell) : events.front().value;
  CHECK(problem.at("code") == "storage_failure");
  CHECK(text(problem.at("message")).find(reason) != std::string::npos);
  CHECK(stats(shell, "user", "dirty") == page_count + 1);
  CHECK(all_big_are(shell, "v2"));
  CHECK(version_of(shell, "small") == "v2");
}

void commit_small(shell_process& shell) {
  shell.must(op::write("user", array_page("small", "v1")));
  CHECK(shell.must(op::simple("pageout")).at("written") == 1);
}

/// A home whose data folder's file may not grow after "small" was committed to it.
struct limited_home : shell_home {
  limited_home() {
    commit_small(shell);
    limit_file_size(child, std::filesystem::file_size(data / "data.mdb"));
  }

  shell_process shell{config, data};
  pid_t child = only_child();
};

/// The second version of everything outlives the shell.
void expect_kept(limited_home& home) {
  home.shell.kill();
  auto after = home.start_kept();
  CHECK(version_of(after, "small") == "v2");
  CHECK(all_big_are(after, "v2"));
}

/// A home on a small disk, which is full after "small" was committed to it.
struct full_home : shell_home {
  explicit full_home(std::size_t leave = 0) {
    if (!disk.mounted()) {
      WARN("skipped: no file system may be mounted here");
      return;
    }
    auto shell = start_on_disk();
    commit_small(shell);
    CHECK(shell.finish().status == 0);
    disk.fill(leave);
  }

  [[nodiscard]] shell_process start_on_disk() const { return shell_process{config, kept}; }

  small_disk disk{dir.path() / "disk", disk_bytes};
  std::filesystem::path kept = dir.path() / "disk/kept";
};

} // namespace

TEST_CASE("full: pages wait in memory while the file may not grow", "[disk]") {
  limited_home home;
  fail_to_page_out(home.shell, "too large");
  home.shell.kill();
  auto after = home.start_kept();
  CHECK(version_of(after, "small") == "v1");
  CHECK(all_big_are(after, "no_such_page"));
}

TEST_CASE("full: a page-out that is asked for succeeds once the file may grow", "[disk]") {
  limited_home home;
  fail_to_page_out(home.shell, "too large");
  lift_file_limit(home.child);
  CHECK(home.shell.ask(op::simple("pageout")).contains("reply"));
  CHECK(stats(home.shell, "user", "dirty") == 0);
  expect_kept(home);
}

TEST_CASE("full: it tries again by itself once the file may grow", "[disk]") {
  limited_home home;
  fail_to_page_out(home.shell, "too large");
  lift_file_limit(home.child);
  CHECK(recovers(home.shell));
  expect_kept(home);
}

TEST_CASE("full: an end with pages that cannot be kept says so", "[disk]") {
  limited_home home;
  fail_to_page_out(home.shell, "too large");
  const ending end = home.shell.finish();
  CHECK(end.status == 1);
  CHECK(end.errors.find("pages were not kept") != std::string::npos);
  auto after = home.start_kept();
  CHECK(version_of(after, "small") == "v1");
}

TEST_CASE("full: limits of every size let the file be", "[disk]") {
  shell_home home;
  shell_process shell{home.config, home.data};
  const pid_t child = only_child();
  commit_small(shell);
  const auto size = std::filesystem::file_size(home.data / "data.mdb");
  for (const std::size_t more : {0, 1, 4095, 4096, 4097, 60'000, 200'000, 1'000'000}) {
    INFO("limit " << more << " bytes above the file");
    limit_file_size(child, size + more);
    write_big_pages(shell, "v" + std::to_string(more + 10));
    CHECK(code_of(shell.ask(op::simple("pageout"))) == "storage_failure");
    const auto copy = home.dir.path() / ("copy-" + std::to_string(more));
    std::filesystem::create_directory(copy);
    std::filesystem::copy(home.data / "data.mdb", copy / "data.mdb");
    shell_process after{home.config, copy};
    CHECK(version_of(after, "small") == "v1");
    CHECK(all_big_are(after, "no_such_page"));
  }
  lift_file_limit(child);
  CHECK(shell.ask(op::simple("pageout")).contains("reply"));
}

TEST_CASE("full: pages wait in memory while a disk has no room", "[disk]") {
  const full_home home;
  if (!home.disk.mounted())
    return;
  {
    auto shell = home.start_on_disk();
    fail_to_page_out(shell, "No space left");
    shell.kill();
  }
  auto after = home.start_on_disk();
  CHECK(version_of(after, "small") == "v1");
  CHECK(all_big_are(after, "no_such_page"));
}

TEST_CASE("full: once a disk has room again all of it is kept", "[disk]") {
  const bool asked = GENERATE(false, true);
  const full_home home;
  if (!home.disk.mounted())
    return;
  {
    auto shell = home.start_on_disk();
    fail_to_page_out(shell, "No space left");
    home.disk.make_room();
    if (asked)
      CHECK(shell.ask(op::simple("pageout")).contains("reply"));
    else
      CHECK(recovers(shell));
    shell.kill();
  }
  auto after = home.start_on_disk();
  CHECK(version_of(after, "small") == "v2");
  CHECK(all_big_are(after, "v2"));
}

TEST_CASE("full: a disk with room for a part keeps all or nothing", "[disk]") {
  const std::size_t leave = GENERATE(4096U, 8192U, 65'536U, 1'000'000U);
  const full_home home{leave};
  if (!home.disk.mounted())
    return;
  {
    auto shell = home.start_on_disk();
    fail_to_page_out(shell, "No space left");
    shell.kill();
  }
  auto after = home.start_on_disk();
  CHECK(version_of(after, "small") == "v1");
  CHECK(all_big_are(after, "no_such_page"));
}

namespace {

void refuse_new_directory(std::size_t leave) {
  const full_home home{leave};
  if (!home.disk.mounted())
    return;
  const auto fresh = home.dir.path() / "disk/fresh";
  const tool_result result = run_shell_on(home, fresh);
  INFO("room for " << leave << " bytes; " << result.errors);
  CHECK(result.status == 2);
  CHECK(result.errors.find(fresh.string()) != std::string::npos);
}

} // namespace

TEST_CASE("full: a new directory on an almost full disk is refused", "[disk]") {
  refuse_new_directory(GENERATE(4096U, 8192U, 12'288U));
}

// Hidden: ends by SIGBUS, as LMDB writes to its mapped lock.mdb, for which there is no
// room.
TEST_CASE("full: a new directory on a full disk is refused", "[disk]") {
  refuse_new_directory(0);
}
