// Folders that cannot be used are refused before anything starts: exit status 2, and a
// message that names the path.
#include <csignal>
#include <memory>

#include <sys/stat.h>

#include "tests/catch.hpp"
#include "tests/disk/disk_home.hpp"

using namespace flok::testing;
namespace fs = std::filesystem;

namespace {

/// Returns the message.
std::string refused(const shell_home& home, const fs::path& data) {
  const tool_result result = run_shell_on(home, data);
  INFO(result.errors);
  CHECK(result.status == 2);
  CHECK(result.output.empty());
  CHECK(result.errors.find(data.string()) != std::string::npos);
  return result.errors;
}

bool says(const std::string& message, std::string_view part) {
  return message.find(part) != std::string::npos;
}

std::string title_of(shell_process& shell, const char* id) {
  const json page = shell.must(op::read("user", id)).at("page");
  return text(page.at("entries")[0].at("title"));
}

/// A home whose data folder holds v1 of "news".
struct kept_home : shell_home {
  kept_home() {
    auto shell = start_kept();
    shell.must(op::write("user", array_page("news", "v1")));
    CHECK(shell.finish().status == 0);
  }

  fs::path file = data / "data.mdb";
};

} // namespace

TEST_CASE("refused: a path that is a file, or goes through one", "[disk]") {
  const shell_home home;
  const auto file = home.dir.write("file", "text");
  refused(home, file);
  refused(home, file / "below");
  CHECK(read_all(file) == "text");
}

TEST_CASE("refused: something else in the place of one of its files", "[disk]") {
  const std::string name = GENERATE("data.mdb", "lock.mdb", "flok.lock");
  const shell_home home;
  fs::create_directories(home.data / name);
  refused(home, home.data);
  fs::remove(home.data / name);
  fs::create_symlink("nowhere/at/all", home.data / name);
  refused(home, home.data);
}

TEST_CASE("refused: a pipe in the place of data.mdb", "[disk]") {
  const shell_home home;
  fs::create_directories(home.data);
  REQUIRE(::mkfifo((home.data / "data.mdb").c_str(), 0644) == 0);
  refused(home, home.data);
}

TEST_CASE("refused: a directory that cannot be made", "[disk]") {
  const shell_home home;
  refused(home, "/proc/flok/data");
}

TEST_CASE("refused: a read-only file system", "[disk]") {
  const shell_home home;
  const auto at = home.dir.path() / "disk";
  const small_disk disk{at, std::size_t{4} << 20U};
  if (!disk.mounted()) {
    WARN("skipped: no file system may be mounted here");
    return;
  }
  {
    shell_process shell{home.config, at / "kept"};
    shell.must(op::write("user", array_page("news", "v1")));
    CHECK(shell.finish().status == 0);
  }
  REQUIRE(disk.make_read_only());
  CHECK(says(refused(home, at / "kept"), "Read-only file system"));
  CHECK(says(refused(home, at / "new"), "Read-only file system"));
}

TEST_CASE("refused: a data.mdb that cannot be written", "[disk]") {
  const kept_home home;
  const auto before = read_all(home.file);
  {
    const read_only_file fixed{home.file};
    if (!fixed.done()) {
      WARN("skipped: root may write any file, and no mount is permitted here");
      return;
    }
    refused(home, home.data);
  }
  CHECK(read_all(home.file) == before);
}

TEST_CASE("refused: a lock file that cannot be written", "[disk]") {
  const std::string name = GENERATE("lock.mdb", "flok.lock");
  const kept_home home;
  const read_only_file fixed{home.data / name};
  if (!fixed.done()) {
    WARN("skipped: root may write any file, and no mount is permitted here");
    return;
  }
  refused(home, home.data);
}

TEST_CASE("second writer: refused, and the first goes on", "[disk]") {
  const kept_home home;
  auto first = home.start_kept();
  for (int round = 0; round < 3; ++round) {
    const std::string version = "v2-" + std::to_string(round);
    first.must(op::write("user", array_page("news", version)));
    CHECK(says(refused(home, home.data), "another process"));
    CHECK(first.must(op::simple("pageout")).at("written") == 1);
    CHECK(title_of(first, "news") == version);
  }
  CHECK(first.finish().status == 0);
  auto after = home.start_kept();
  CHECK(title_of(after, "news") == "v2-2");
}

TEST_CASE("second writer: under another name of the directory, or to import", "[disk]") {
  const kept_home home;
  const auto other = home.dir.path() / "other";
  fs::create_directory_symlink(home.data, other);
  auto first = home.start_kept();
  CHECK(title_of(first, "news") == "v1"); // it has the directory by now
  CHECK(says(refused(home, other), "another process"));
  const auto list = home.dir.write("list.json", R"([{"a": 1}])");
  const auto import =
      run_tool({"import", "--config", home.config.string(), "--data", home.data.string(),
                "--ns", "user", "--list", "countries", list.string()});
  CHECK(import.status == 2);
  CHECK(says(import.errors, "another process"));
  CHECK(first.finish().status == 0);
}

TEST_CASE("second writer: may open as soon as the first was killed", "[disk]") {
  const kept_home home;
  for (int round = 0; round < 5; ++round) {
    auto first = home.start_kept();
    first.must(op::write("user", array_page("news", "w" + std::to_string(round))));
    CHECK(first.must(op::simple("pageout")).at("written") == 1);
    CHECK(first.kill().status == 128 + SIGKILL);
    auto second = home.start_kept();
    CHECK(title_of(second, "news") == "w" + std::to_string(round));
  }
}

TEST_CASE("second writer: of many that start at once one gets the directory", "[disk]") {
  const kept_home home;
  std::vector<std::unique_ptr<shell_process>> shells;
  for (int i = 0; i < 6; ++i)
    shells.push_back(std::make_unique<shell_process>(home.config, home.data));
  int served = 0;
  for (auto& shell : shells) {
    json op = op::read("user", "news");
    shell->send(op);
    try {
      served += text(shell->next().value.at("reply")) == "read" ? 1 : 0;
    } catch (const std::runtime_error& refusal) {
      CHECK(says(refusal.what(), "another process"));
    }
  }
  CHECK(served == 1);
}

TEST_CASE("format: a directory of another one is refused and let be", "[disk]") {
  const std::string format = GENERATE("0", "1", "3", "9", "x", "-");
  const kept_home home;
  auto bytes = read_all(home.file);
  REQUIRE(replace_all(bytes, "format2", "format" + format) > 0);
  write_all(home.file, bytes);
  const auto message = refused(home, home.data);
  CHECK(says(message, "its format is " + format));
  CHECK(says(message, "dump it with the flok that wrote it"));
  CHECK(read_all(home.file) == bytes);
  REQUIRE(replace_all(bytes, "format" + format, "format2") > 0);
  write_all(home.file, bytes);
  auto shell = home.start_kept();
  CHECK(title_of(shell, "news") == "v1");
}
