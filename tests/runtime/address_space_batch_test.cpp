// Batches: atomic, bounded, and never splitting what changed together.
#include "runtime/page_builder.hpp"
#include "tests/catch.hpp"
#include "tests/runtime/space_driver.hpp"

namespace flok::testing {

namespace {

/// A page of about 10 MB with that id, sharing its text with all others of them.
page_ptr large(const std::string& id) {
  static const page_ptr base = page_with_entries("base", 1, 10'000'000);
  page_builder builder{page_kind::array, id};
  builder.keep(base, 0, 1);
  return builder.finish();
}

std::vector<page_ptr> large_pages(const strings& ids) {
  std::vector<page_ptr> pages;
  for (const auto& id : ids)
    pages.push_back(large(id));
  return pages;
}

/// The ids of each commit of one page-out, as in "abc def".
std::string batches(space_driver& d) {
  std::string out;
  d.space.pageout_due();
  for (;;) {
    (void)d.effects();
    std::size_t commits = 0;
    for (const auto& e : d.taken())
      if (const auto* commit = std::get_if<effects::commit>(&e)) {
        ++commits;
        out += out.empty() ? "" : " ";
        for (const auto& p : commit->pages)
          out += p.id;
      }
    if (commits == 0)
      return out;
    for (; commits != 0; --commits)
      d.committed();
  }
}

} // namespace

// -- size --------------------------------------------------------------------------------

TEST_CASE("a batch is as large as fits, in order of id") {
  space_driver d;
  for (const char* id : {"h", "g", "f", "e", "d", "c", "b", "a"})
    d.cache({large(id)});
  CHECK(batches(d) == "abcdef gh"); // 64 MB hold six of 10 MB
  CHECK(d.stats().dirty == 0);
}

TEST_CASE("pages that changed together are committed together, wherever they sort") {
  space_driver d;
  d.cache(large_pages({"a", "z"}));
  for (const char* id : {"b", "c", "d", "e", "f", "g"})
    d.cache({large(id)});
  CHECK(batches(d) == "abcdez fg");
}

TEST_CASE("a group that does not fit waits whole for the next batch") {
  space_driver d;
  for (const char* id : {"a", "b", "c", "d"})
    d.cache({large(id)});
  d.cache(large_pages({"e", "f", "g"}));
  d.cache({large("h")});
  CHECK(batches(d) == "abcd efgh");
}

TEST_CASE("a group larger than a batch may be is committed whole, alone") {
  space_driver d;
  d.cache({large("a")});
  d.cache(large_pages({"b", "c", "d", "e", "f", "g", "h", "i"}));
  d.cache({large("j")});
  CHECK(batches(d) == "a bcdefghi j");
}

TEST_CASE("several groups of more than a batch are never split") {
  space_driver d;
  d.cache(large_pages({"a", "f", "k"}));
  d.cache(large_pages({"b", "g", "l"}));
  d.cache(large_pages({"c", "h", "m"}));
  d.cache(large_pages({"d", "i", "n"}));
  d.cache(large_pages({"e", "j", "o"}));
  CHECK(batches(d) == "abfgkl cdhimn ejo");
}

// -- groups ------------------------------------------------------------------------------

TEST_CASE("groups that share a page are one group") {
  space_driver d;
  d.cache(large_pages({"a", "d"}));
  d.cache(large_pages({"g", "j"}));
  for (const char* id : {"b", "c", "e", "f", "h", "i"})
    d.cache({large(id)});
  d.cache({version("d", "v1"), version("g", "v1")});
  // a, j and two small ones together; b, c, e and f fit beside them.
  CHECK(batches(d) == "abcdefgj hi");
}

TEST_CASE("a page that changes alone stays with those that it changed with") {
  space_driver d;
  d.cache({version("a", "v1"), version("z", "v1")});
  d.cache({version("a", "v2")});
  for (const char* id : {"b", "c", "d", "e", "f", "g", "h"})
    d.cache({large(id)});
  CHECK(batches(d) == "abcdefgz h");
}

TEST_CASE("a group whose page is in a batch already takes the rest along later") {
  space_driver d;
  d.cache({version("a", "v1")});
  d.space.pageout_due();
  d.cache({version("a", "v2"), version("b", "v1")});
  CHECK(d.effects() == strings{"commit a=v1"});
  d.committed();
  CHECK(d.stats().dirty == 2);
  d.space.pageout_due();
  CHECK(d.effects() == strings{"commit a=v2 b=v1"});
}

TEST_CASE("a round takes in what came later where it belongs to a group of its own") {
  space_driver d;
  for (const char* id : {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"})
    d.cache({large(id)});
  d.cache({version("z", "v1")});
  d.cache({large("m")});
  d.space.pageout_due(); // a to f, g to l; m and z wait
  d.cache({version("n", "v1"), version("z", "v2")});
  d.cache({version("o", "v1")});
  (void)d.effects();
  d.committed();
  (void)d.effects();
  REQUIRE(d.taken().size() == 1);
  const auto& commit = std::get<effects::commit>(d.taken()[0]);
  REQUIRE(commit.pages.size() == 3);
  CHECK(commit.pages[0].id == "m");
  CHECK(label(*commit.pages[1].page) == "n=v1");
  CHECK(label(*commit.pages[2].page) == "z=v2");
  d.committed();
  d.committed();
  CHECK(d.stats().dirty == 1);
}

TEST_CASE("what is clean is in no group any more") {
  space_driver d;
  d.cache({version("a", "v1"), version("b", "v1")});
  d.space.pageout_due();
  d.committed();
  (void)d.effects();
  d.cache({version("a", "v2")});
  d.space.pageout_due();
  CHECK(d.effects() == strings{"commit a=v2"});
}

TEST_CASE("a group stays one when its commit fails") {
  space_driver d;
  d.cache({version("a", "v1"), version("b", "v1")});
  d.space.pageout_due();
  d.cache({version("b", "v2"), version("c", "v1")});
  (void)d.effects();
  d.commit_failed();
  (void)d.effects();
  d.space.retry_pageout();
  CHECK(d.effects() == strings{"commit a=v1 b=v2 c=v1"});
}

TEST_CASE("a group of which a part was committed goes on as the rest") {
  space_driver d;
  d.cache({version("a", "v1"), version("b", "v1"), version("c", "v1")});
  d.space.pageout_due();
  d.cache({version("b", "v2")});
  d.cache({version("c", "v2"), version("d", "v1")});
  (void)d.effects();
  d.committed(); // a is clean; b, c and d are one group
  CHECK(d.stats().dirty == 3);
  d.cache({version("a", "v2")});
  for (const char* id : {"e", "f", "g", "h", "i", "j", "k"})
    d.cache({large(id)});
  CHECK(batches(d) == "abcdefghij k");
}

TEST_CASE("a page that changes with ever others makes one group of them all") {
  constexpr std::size_t many = 1'500;
  space_driver d;
  for (std::size_t i = 0; i < many; ++i) {
    const auto n = std::to_string(i);
    d.cache({version("head", n), version("page-" + n, n)});
  }
  for (const char* id : {"a", "b", "c", "d", "e"})
    d.cache({large(id)});
  d.cache(large_pages({"f", "g"}));
  d.space.pageout_due();
  (void)d.effects();
  REQUIRE(d.taken().size() == 2);
  CHECK(std::get<effects::commit>(d.taken()[0]).pages.size() == 5);
  CHECK(std::get<effects::commit>(d.taken()[1]).pages.size() == many + 3);
}

// -- requests over several batches -------------------------------------------------------

TEST_CASE("a request counts all batches, and is answered behind the last") {
  space_driver d;
  for (const char* id : {"a", "b", "c", "d", "e", "f", "g", "h"})
    d.cache({large(id)});
  d.page_out();
  (void)d.effects();
  CHECK(d.taken().size() == 2);
  d.committed();
  CHECK(d.effects().empty()); // no answer yet
  d.page_out();
  d.committed();
  CHECK(d.effects() == strings{"r1: 8", "r2: 2"});
}

TEST_CASE("a later batch that fails is the answer, and what was committed stays so") {
  space_driver d;
  for (const char* id : {"a", "b", "c", "d", "e", "f", "g", "h"})
    d.cache({large(id)});
  d.page_out();
  (void)d.effects();
  d.committed();
  (void)d.effects();
  d.commit_failed();
  CHECK(d.effects().front() == "r1: storage_failure");
  CHECK(d.stats().dirty == 2);
}

// -- two batches under way ---------------------------------------------------------------

TEST_CASE("a batch follows the one that is committed at once, and no third one does") {
  space_driver d;
  for (const char* id : {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m"})
    d.cache({large(id)});
  d.page_out();
  (void)d.effects();
  CHECK(d.taken().size() == 2);
  d.committed();
  (void)d.effects();
  CHECK(d.taken().size() == 1);
  d.committed();
  CHECK(d.effects().empty());
  d.committed();
  CHECK(d.effects() == strings{"r1: 13"});
}

TEST_CASE("a batch behind one that fails is committed all the same") {
  space_driver d;
  for (const char* id : {"a", "b", "c", "d", "e", "f", "g", "h"})
    d.cache({large(id)});
  d.page_out();
  (void)d.effects();
  d.commit_failed();
  CHECK(d.effects() ==
        strings{"r1: storage_failure", "report storage_failure", "retry in 100 ms"});
  d.committed();
  CHECK(d.effects().empty());
  CHECK(d.stats().dirty == 6);
  d.space.retry_pageout();
  (void)d.effects();
  d.committed();
  CHECK(d.stats().dirty == 0);
}

TEST_CASE("a group waits while one of its pages is being committed") {
  space_driver d;
  for (const char* id : {"a", "b", "c", "d", "e", "f", "g"})
    d.cache({large(id)});
  d.cache({version("h", "v1")});
  d.space.pageout_due(); // a to f, g and h
  (void)d.effects();
  d.cache({version("h", "v2"), version("i", "v1")});
  d.space.pageout_due();
  d.committed();
  CHECK(d.effects().empty());
  d.space.pageout_due();
  d.committed();
  d.space.pageout_due();
  CHECK(d.effects() == strings{"commit h=v2 i=v1"});
}

TEST_CASE("a request waits for what was being committed for someone else when it came") {
  space_driver d;
  d.given(version("b", "v1"));
  d.cache({version("a", "v1")});
  d.space.pageout_due();
  d.write(version("b", "v2"), {std::nullopt, true});
  d.cache({version("b", "v2")});
  d.wrote("b");
  CHECK(d.effects() ==
        strings{"commit a=v1", "pager: write b=v2 over b=v1", "commit b=v2"});
  d.page_out();
  d.committed();
  CHECK(d.effects().empty());
  d.committed();
  CHECK(d.effects() == strings{"r1: b=v2", "r2: 2"});
}

} // namespace flok::testing
