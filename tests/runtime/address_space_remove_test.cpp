// Deletions, invalidations and lists: design, section 3.
#include "tests/catch.hpp"
#include "tests/runtime/space_driver.hpp"

namespace flok::testing {

// -- delete -------------------------------------------------------------------

TEST_CASE("delete: through the pager, then out of the cache, its watchers told") {
  space_driver d;
  d.given_watched(1, version("a", "v1"));
  d.watch(2, "a");
  (void)d.effects();
  const auto r = d.erase("a");
  CHECK(d.effects() == strings{"pager: delete a"});
  d.wrote("a");
  CHECK(d.effects() == strings{"w1 w2 <- a deleted", 'r' + std::to_string(r) + ": done"});
  CHECK(d.stats() == namespace_stats{0, 1, 1, 2, 0});
}

TEST_CASE("delete: where the pager refuses, the page stays") {
  space_driver d;
  d.given_watched(1, version("a", "v1"));
  d.erase("a");
  d.refused("a");
  CHECK(d.effects() == strings{"pager: delete a", "r1: unsupported"});
  CHECK(d.space.resident(0, "a") != nullptr);
  CHECK(d.stats().dirty == 0);
}

TEST_CASE("delete: what a pager had looked up before it does not bring the page back") {
  space_driver d;
  d.read("a");
  d.loaded("a");
  CHECK(d.effects() == strings{"load a", "pager: read a"});
  d.erase("a");
  d.wrote("a");
  CHECK(d.effects() == strings{"pager: delete a", "r2: done"});
  d.read_done("a", version("a", "v1"));
  CHECK(d.effects() == strings{"pager: read a"}); // asked again
  d.read_done("a", page_ptr{});
  CHECK(d.effects() == strings{"r1: no_such_page"});
  CHECK(d.space.resident(0, "a") == nullptr);
}

TEST_CASE("delete: the deletion is committed, and until then loads find nothing") {
  space_driver d;
  d.given(version("a", "v1"));
  d.erase("a");
  d.wrote("a");
  (void)d.effects();
  d.read_sync("a");
  CHECK(d.effects() == strings{"r2: no_such_page"}); // the disk still has it
  d.page_out();
  CHECK(d.effects() == strings{"commit -a"});
  d.read_sync("a");
  CHECK(d.effects() == strings{"r4: no_such_page"});
  d.committed();
  CHECK(d.effects() == strings{"r3: 1"});
  CHECK(d.stats() == namespace_stats{});
}

TEST_CASE("delete: confirming an older batch does not clear the deletion") {
  space_driver d;
  d.cache({version("a", "v1")});
  d.page_out();
  CHECK(d.effects() == strings{"commit a=v1"});
  d.erase("a");
  d.wrote("a");
  (void)d.effects();
  d.committed();
  CHECK(d.stats().dirty == 1);
  d.read_sync("a");
  CHECK(d.effects() == strings{"r1: 1", "r3: no_such_page"});
  d.page_out();
  CHECK(d.effects() == strings{"commit -a"});
}

TEST_CASE("delete: a later write makes the page anew, over nothing") {
  space_driver d;
  d.given(version("a", "v1"));
  d.erase("a");
  d.write(version("a", "v2"));
  d.wrote("a");
  CHECK(d.effects() ==
        strings{"pager: delete a", "r1: done", "pager: write a=v2 over nothing"});
  d.cache({version("a", "v2")});
  d.wrote("a");
  d.page_out();
  CHECK(d.effects() == strings{"r2: a=v2", "commit a=v2"});
}

TEST_CASE("delete: of a page that is not known to be there needs no load") {
  space_driver d;
  d.erase("a");
  d.wrote("a");
  d.page_out();
  CHECK(d.effects() == strings{"pager: delete a", "r1: done", "commit -a"});
  d.committed();
  CHECK(d.effects() == strings{"r2: 1"});
}

TEST_CASE("delete: of a page that is known not to be there tells nobody") {
  space_driver d{options_without_storage()};
  d.watch(1, "a");
  d.erase("a");
  (void)d.effects();
  d.wrote("a");
  CHECK(d.effects() == strings{"r2: done"});
}

TEST_CASE("delete: a load that was under way is dropped") {
  space_driver d;
  d.watch(1, "a");
  d.erase("a");
  (void)d.effects();
  d.wrote("a");
  CHECK(d.effects() == strings{"w1 <- a deleted", "r2: done"});
  d.loaded("a", version("a", "v1"));
  CHECK(d.effects().empty());
  CHECK(d.space.resident(0, "a") == nullptr);
}

TEST_CASE("delete: pages that changed together are deleted and kept together") {
  space_driver d;
  d.cache({version("a", "v1"), version("b", "v1")});
  d.erase("a");
  d.wrote("a");
  (void)d.effects();
  d.space.pageout_due();
  CHECK(d.effects() == strings{"commit -a b=v1"});
}

// -- invalidate ---------------------------------------------------------------

TEST_CASE("invalidate: out of the cache and off the disk, the pager told, once") {
  space_driver d;
  d.given_watched(1, version("a", "v1"));
  d.invalidate("a");
  CHECK(d.effects() == strings{"pager: invalidate a"});
  d.wrote("a");
  CHECK(d.effects() == strings{"w1 <- a invalidated", "r1: done"}); // and no watch again
  d.cache({version("a", "v2")});
  CHECK(d.effects() == strings{"w1 <- a=v2 (pager)"});
}

TEST_CASE("invalidate: a copy that the pager brought meanwhile is fresh, and stays") {
  space_driver d;
  d.given_watched(1, version("a", "v1"));
  d.invalidate("a");
  (void)d.effects();
  d.cache({version("a", "v1")}); // it is the same after all
  d.wrote("a");
  CHECK(d.effects() == strings{"r1: done"});
  CHECK(d.space.resident(0, "a") != nullptr);
}

TEST_CASE("invalidate: refused where the pager is the authority") {
  space_driver d;
  d.given(version("a", "v1"));
  d.invalidate("a");
  d.refused("a");
  CHECK(d.effects() == strings{"pager: invalidate a", "r1: unsupported"});
  CHECK(d.space.resident(0, "a") != nullptr);
}

// -- list ---------------------------------------------------------------------

TEST_CASE("list: what is in memory or on disk, sorted, but nothing that is deleted") {
  space_driver d;
  d.given(version("b", "v1"));
  d.given(version("d", "v1"));
  d.cache({version("c", "v1")});
  d.erase("d");
  d.wrote("d");
  (void)d.effects();
  d.list();
  CHECK(d.effects() == strings{"list * after "});
  d.listed({"a", "b", "d"});
  CHECK(d.effects() == strings{"r2: ids a b c"});
}

TEST_CASE("list: of a prefix, behind an id, so many") {
  space_driver d{options_without_storage()};
  for (const char* id : {"a", "a1", "a2", "a3", "b"})
    d.cache({version(id, "v1")});
  d.list({"a", "", 10});
  d.list({"a", "a1", 10});
  d.list({"", "a1", 2});
  d.list({"", "", 0});
  CHECK(d.effects() ==
        strings{"r1: ids a a1 a2 a3", "r2: ids a2 a3", "r3: ids a2 a3", "r4: ids"});
}

TEST_CASE("list: the first of many, in whatever order they came") {
  space_driver d{options_without_storage()};
  for (int i = 0; i < 1000; ++i)
    d.cache({version(std::to_string(1000 + i * 337 % 1000), "v1")});
  d.list({"", "1499", 3});
  d.list({"", "1997", 3});
  CHECK(d.effects() == strings{"r1: ids 1500 1501 1502", "r2: ids 1998 1999"});
}

TEST_CASE("list: of the disk as many more are asked for as are deleted") {
  space_driver d;
  d.given(version("a", "v1"));
  d.erase("a");
  d.wrote("a");
  (void)d.effects();
  d.list({"", "", 1});
  REQUIRE(d.effects() == strings{"list * after "});
  CHECK(std::get<effects::list>(d.taken().front()).range.limit == 2);
  d.listed({"a", "b"});
  CHECK(d.effects() == strings{"r2: ids b"});
}

} // namespace flok::testing
