// A data.mdb that was cut off, damaged, or is none at all.
#include <random>
#include <sstream>

#include "tests/catch.hpp"
#include "tests/disk/disk_home.hpp"

using namespace flok::testing;

namespace {

constexpr int page_count = 60;
constexpr std::size_t lmdb_page = 4096;

std::string id_of(int page) { return "page-" + std::to_string(page); }

/// Some records fit into a page of LMDB, some take several.
json page_of_size(int page) {
  return filled_page(id_of(page), "v-" + std::to_string(page),
                     page % 4 == 0 ? 10'000U : 200U);
}

/// A data folder with pages in it, and the bytes of its file.
struct written_home : shell_home {
  written_home() {
    auto shell = start_kept();
    for (int page = 0; page < page_count; ++page) {
      shell.send(op::write("user", page_of_size(page)));
      if (page % 20 == 0) // older copies of LMDB's pages, as an older directory has
        shell.must(op::simple("pageout"));
    }
    CHECK(shell.finish().status == 0);
    bytes = read_all(file);
    REQUIRE(bytes.size() > 20 * lmdb_page);
  }

  std::filesystem::path file = data / "data.mdb";
  std::string bytes;
};

/// Tells of each page: "" where it is as it was written.
std::string state_of(shell_process& shell, int page) {
  const json answer = shell.ask(op::read("user", id_of(page)));
  if (!answer.contains("page"))
    return code_of(answer);
  const json& found = answer.at("page");
  json expected = page_of_size(page);
  const bool same = found.at("entries") == expected.at("entries") &&
                    found.at("_hash") == expected_hash(found);
  return same ? "" : "wrong: " + found.dump();
}

/// All pages, as one run of the shell answers; sent blindly, as it may end at any time.
std::string reads_of_all() {
  std::string lines;
  for (int page = 0; page < page_count; ++page)
    lines += op::read("user", id_of(page)).dump() + "\n";
  return lines;
}

/// The shell refused the folder, or gave nothing but right pages.
void refuses_or_works(const written_home& home) {
  const tool_result result = run_shell_on(home, home.data, reads_of_all());
  INFO("status " << result.status << ", " << result.errors);
  CHECK((result.status == 0 || result.status == 2));
  if (result.status == 2) {
    CHECK(result.output.empty());
    CHECK(result.errors.find(home.data.string()) != std::string::npos);
  }
  std::istringstream lines{result.output};
  for (std::string line; std::getline(lines, line);) {
    const json value = json::parse(line);
    if (!value.contains("page"))
      continue;
    const int page = std::stoi(text(value.at("page").at("_id")).substr(5));
    CHECK(value.at("page").at("entries") == page_of_size(page).at("entries"));
  }
}

void refuses(const written_home& home) {
  const tool_result result = run_shell_on(home, home.data);
  INFO(result.errors);
  CHECK(result.status == 2);
  CHECK(result.output.empty());
  CHECK(result.errors.find(home.data.string()) != std::string::npos);
}

/// Where a page's version stands in the file, in every copy that LMDB has of it.
std::string version_text(int page) {
  return "\"title\":\"v-" + std::to_string(page) + "\"";
}

/// A record's beginning in the file, its 16 bytes of header left out.
std::string body_beginning(int page) { return R"({"_id":")" + id_of(page) + "\""; }

/// Reading that page says `no_such_page`, an event says why, and all others are whole. A
/// write makes it anew, for good.
void one_is_damaged(const written_home& home, int damaged) {
  {
    auto shell = home.start_kept();
    for (int page = 0; page < page_count; ++page) {
      INFO("page " << page);
      CHECK(state_of(shell, page) == (page == damaged ? "no_such_page" : ""));
    }
    const auto events = shell.drain();
    REQUIRE(events.size() == 1);
    CHECK(events[0].value.at("code") == "storage_failure");
    const auto message = text(events[0].value.at("message"));
    CHECK(message.find("user/" + id_of(damaged)) != std::string::npos);
    CHECK(message.find(home.data.string()) != std::string::npos);
    shell.must(op::write("user", page_of_size(damaged)));
    CHECK(state_of(shell, damaged).empty());
    CHECK(shell.must(op::simple("pageout")).at("written") == 1);
    shell.kill();
  }
  auto after = home.start_kept();
  for (int page = 0; page < page_count; ++page)
    CHECK(state_of(after, page).empty());
  CHECK(after.drain().empty());
}

} // namespace

TEST_CASE("cut off: a data.mdb of any length is refused or works", "[disk]") {
  const written_home home;
  const std::size_t size = home.bytes.size();
  std::vector<std::size_t> lengths{0,
                                   1,
                                   100,
                                   lmdb_page - 1,
                                   lmdb_page,
                                   lmdb_page + 1,
                                   2 * lmdb_page - 1,
                                   2 * lmdb_page,
                                   3 * lmdb_page,
                                   size / 2,
                                   size - lmdb_page - 1,
                                   size - lmdb_page,
                                   size - lmdb_page + 1,
                                   size - 1};
  std::mt19937_64 rng{4};
  for (int i = 0; i < 20; ++i)
    lengths.push_back(rng() % size);
  for (const std::size_t length : lengths) {
    INFO("cut to " << length << " of " << size << " bytes");
    write_all(home.file, std::string_view{home.bytes}.substr(0, length));
    refuses_or_works(home);
  }
  write_all(home.file, home.bytes);
  auto shell = home.start_kept();
  for (int page = 0; page < page_count; ++page)
    CHECK(state_of(shell, page).empty());
}

TEST_CASE("cut off: a refused file is let be", "[disk]") {
  const written_home home;
  const auto half = home.bytes.substr(0, home.bytes.size() / 2);
  write_all(home.file, half);
  refuses(home);
  CHECK(read_all(home.file) == half);
}

TEST_CASE("cut off: half of the first page, or less, is refused", "[disk]") {
  const written_home home;
  for (const std::size_t length : {1, 16, 100, 2048}) {
    INFO("cut to " << length << " bytes");
    write_all(home.file, std::string_view{home.bytes}.substr(0, length));
    refuses(home);
  }
}

TEST_CASE("cut off: bytes behind the end do no harm", "[disk]") {
  const written_home home;
  write_all(home.file, home.bytes + std::string(10'000, 'x'));
  auto shell = home.start_kept();
  for (int page = 0; page < page_count; ++page)
    CHECK(state_of(shell, page).empty());
  CHECK(shell.finish().status == 0);
}

TEST_CASE("damage: a flipped byte in a record is told, and other pages are fine",
          "[disk]") {
  const int damaged = GENERATE(8, 9, 40); // of several LMDB pages, of a part of one
  written_home home;
  auto text = version_text(damaged);
  text[text.size() - 2] ^= 1;
  REQUIRE(replace_all(home.bytes, version_text(damaged), text) > 0);
  write_all(home.file, home.bytes);
  one_is_damaged(home, damaged);
}

TEST_CASE("damage: so is one in a record's header", "[disk]") {
  const int damaged = GENERATE(8, 9);
  const std::size_t at = GENERATE(0U, 4U, 8U, 15U); // magic, version, checksum
  written_home home;
  const auto body = body_beginning(damaged);
  int found = 0;
  for (auto begin = home.bytes.find(body); begin != std::string::npos;
       begin = home.bytes.find(body, begin + 1), ++found)
    home.bytes[begin - 16 + at] ^= 0x40;
  REQUIRE(found > 0);
  write_all(home.file, home.bytes);
  one_is_damaged(home, damaged);
}

TEST_CASE("damage: the watcher of such a page hears of it once it is written", "[disk]") {
  written_home home;
  auto text = version_text(9);
  text[text.size() - 2] ^= 1;
  replace_all(home.bytes, version_text(9), text);
  write_all(home.file, home.bytes);
  auto shell = home.start_kept();
  shell.must(op::controller("ann"));
  shell.must(op::watch("ann", "user", id_of(9)));
  const auto events = shell.drain();
  REQUIRE(events.size() == 1);
  CHECK(events[0].value.at("event") == "error");
  shell.must(op::write("user", page_of_size(9)));
  CHECK(shell.heard() == strings{"ann: user/page-9 v-9 (pager)"});
}

TEST_CASE("damage: a file that is no database is refused and let be", "[disk]") {
  const std::size_t size = GENERATE(1U, 100U, 4096U, 8192U, 100'000U);
  const written_home home;
  std::mt19937_64 rng{size};
  std::string garbage(size, '\0');
  for (char& byte : garbage)
    byte = static_cast<char>(rng());
  if (GENERATE(false, true)) // what an interrupted copy may leave
    garbage.assign(size, '\0');
  write_all(home.file, garbage);
  refuses(home);
  CHECK(read_all(home.file) == garbage);
}
