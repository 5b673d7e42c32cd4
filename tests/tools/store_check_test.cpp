// `flok check`: whole stores, damaged ones, and lists that do not hold together.
#include <random>

#include "tests/catch.hpp"
#include "tests/disk/disk_home.hpp"
#include "tests/tools/store_home.hpp"

using namespace flok::testing;

namespace {

constexpr std::size_t lmdb_page = 4096;

/// What a check of these pages finds, in its order.
strings faults_of(const strings& pages, const strings& options = {}) {
  const store_home home;
  home.fill("user", pages);
  strings words{"check"};
  words.insert(words.end(), options.begin(), options.end());
  const auto result = home.run(words);
  auto lines = lines_of(result.output);
  REQUIRE(!lines.empty());
  CHECK(lines.back().find(" in 1 namespace, ") != std::string::npos);
  lines.pop_back();
  CHECK(result.status == (lines.empty() ? 0 : 1));
  return lines;
}

} // namespace

TEST_CASE("check: a whole store", "[store]") {
  const store_home home;
  home.fill("user", list_of("l", 5));
  home.fill("feed", list_of("m", 1));
  const auto result = home.run({"check"});
  CHECK(output_of(result) == home.data.string() + ": 8 pages in 2 namespaces, no fault\n");
  CHECK(output_of(home.run({"check", "feed", "--json"})) ==
        "{\"namespaces\":1,\"pages\":2,\"faults\":0}\n");
}

TEST_CASE("check: lists that hold together, of all kinds", "[store]") {
  CHECK(faults_of(list_of("l", 1)).empty());
  CHECK(faults_of(list_of("l", 100)).empty());
  CHECK(faults_of({list_page("empty", "", "", ""), page_saying("p", "x")}).empty());
  CHECK(faults_of({list_page("h", "", "a", ""), list_page("a", "h", "", "h")}).empty());
  CHECK(faults_of({list_page("a", "", "b", ""), list_page("b", "", "", "a")}).empty());
}

TEST_CASE("check: a pointer to a page that is not there", "[store]") {
  auto pages = list_of("l", 3);
  pages.erase(pages.begin() + 2); // l-2
  CHECK(faults_of(pages) == strings{"user/l-1: its _next l-2 is not there",
                                    "user/l-3: its _prev l-2 is not there",
                                    "user/l-3: an orphan: the list l does not reach it"});
  CHECK(faults_of(pages, {"--no-links"}).empty());
  CHECK(faults_of({list_page("a", "h", "", "")}) ==
        strings{"user/a: its _head h is not there",
                "user/a: an orphan: the list h does not reach it"});
}

TEST_CASE("check: pointers that contradict each other", "[store]") {
  CHECK(faults_of({list_page("h", "", "a", ""), list_page("a", "h", "b", ""),
                   list_page("b", "h", "", "")}) ==
        strings{"user/a: its _next b has no _prev"});
  CHECK(faults_of({list_page("h", "", "a", ""), list_page("a", "h", "", "b"),
                   list_page("b", "g", "", ""), list_page("g", "", "b", "")}) ==
        strings{"user/a: its _prev b has no _next",
                "user/h: its _next a has another _prev, b"});
  CHECK(faults_of({list_page("h", "", "a", ""), list_page("a", "h", "b", ""),
                   list_page("b", "g", "", "a"), list_page("g", "", "b", "")}) ==
        strings{"user/a: its _next b is of another list",
                "user/g: its _next b has another _prev, a"});
  CHECK(faults_of({page_saying("h", "no head"), list_page("a", "h", "", "")}) ==
        strings{"user/a: its _head h is no head page",
                "user/a: an orphan: the list h does not reach it"});
}

TEST_CASE("check: orphans, also in a ring that no head reaches", "[store]") {
  auto pages = list_of("l", 2);
  pages.push_back(list_page("x", "l", "y", "y"));
  pages.push_back(list_page("y", "l", "x", "x"));
  CHECK(faults_of(pages) == strings{"user/x: an orphan: the list l does not reach it",
                                    "user/y: an orphan: the list l does not reach it"});
}

TEST_CASE("check: a list that runs into a ring ends", "[store]") {
  CHECK(faults_of({list_page("h", "", "a", ""), list_page("a", "h", "b", ""),
                   list_page("b", "h", "c", "a"), list_page("c", "h", "b", "b")}) ==
        strings{"user/c: its _next b has another _prev, a"});
}

TEST_CASE("check: damaged records are told one by one", "[store]") {
  const store_home home;
  home.fill("user", {page_saying("a", "one"), page_saying("b", "two")});
  auto bytes = read_all(home.file);
  REQUIRE(replace_all(bytes, "\"one\"", "\"0ne\"") > 0);
  write_all(home.file, bytes);
  const auto result = home.run({"check"});
  CHECK(result.status == 1);
  CHECK(lines_of(result.output) ==
        strings{"user/a: a record whose checksum does not hold",
                home.data.string() + ": 2 pages in 1 namespace, 1 fault"});
  const json told = json::parse(lines_of(home.run({"check", "--json"}).output).at(0));
  CHECK(told == json{{"ns", "user"},
                     {"id", "a"},
                     {"fault", "a record whose checksum does not hold"}});
}

TEST_CASE("check: damage anywhere in the file never ends the check itself", "[store]") {
  const store_home home;
  strings pages;
  for (int i = 0; i < 300; ++i)
    pages.push_back(page_saying("page-" + std::to_string(i), std::string(200, 'x')));
  home.fill("user", pages);
  const auto whole = read_all(home.file);
  const auto lmdb_pages = whole.size() / lmdb_page;
  std::mt19937_64 rng{7};
  std::size_t found = 0;
  for (std::size_t round = 0; round < 40; ++round) {
    INFO("round " << round);
    auto bytes = whole;
    const auto at = (2 + rng() % (lmdb_pages - 2)) * lmdb_page;
    for (std::size_t i = 0; i < 64; ++i) // a page's header and its first pointers
      bytes[at + i] = static_cast<char>(rng());
    write_all(home.file, bytes);
    const auto result = home.run({"check"});
    INFO(result.output << result.errors);
    CHECK((result.status == 0 || result.status == 1)); // some pages are free
    CHECK(lines_of(result.output).back().find(" fault") != std::string::npos);
    found += result.status == 1 ? 1 : 0;
  }
  CHECK(found > 20);
}

TEST_CASE("check: a file that was cut off, or is none of flok's", "[store]") {
  const store_home home;
  home.fill("user", list_of("l", 50));
  const auto whole = read_all(home.file);
  write_all(home.file, whole.substr(0, whole.size() / 2));
  CHECK(home.run({"check"}).output.find("cut off") != std::string::npos);
  CHECK(home.run({"check"}).status == 1);
  CHECK(failed_with(home.run({"ls"}), 2, "cut off"));
  write_all(home.file, std::string(100'000, 'x'));
  CHECK(home.run({"check"}).status == 1);
  write_all(home.file, "");
  CHECK(home.run({"check"}).output.find("empty") != std::string::npos);
}

TEST_CASE("check: what is not there", "[store]") {
  const store_home home;
  CHECK(failed_with(home.run({"check"}), 2, "no store is there"));
  home.fill("user", {});
  CHECK(failed_with(home.run({"check", "nope"}), 2,
                    "data: the store has no namespace nope; it has user"));
}
