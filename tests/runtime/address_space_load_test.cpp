// Loads and one-shot reads (seed 001 and 002, "read", "read_sync", "watch").
#include "tests/catch.hpp"
#include "tests/runtime/space_driver.hpp"

namespace flok::testing {

// -- reads that keep nothing --------------------------------------------------------------

TEST_CASE("a page that is read without keeping it does not stay resident") {
  space_driver d;
  d.read("a", false);
  (void)d.effects();
  d.loaded("a", version("a", "v1"));
  CHECK(d.effects() == strings{"r1: a=v1"});
  CHECK(d.stats() == namespace_stats{});
  CHECK(d.space.resident(0, "a") == nullptr);
  d.read("a", false);
  CHECK(d.effects() == strings{"load a"}); // and is looked for again
}

TEST_CASE("a page that anyone else needs stays resident, whoever reads it without") {
  space_driver d;
  d.read("read", false);
  d.read("read");
  d.read("watched", false);
  d.watch(1, "watched");
  d.read("written", false);
  d.write(version("written", "v2"));
  for (const char* id : {"read", "watched", "written"})
    d.loaded(id, version(id, "v1"));
  d.given(version("there", "v1"));
  d.read("there", false);
  for (const char* id : {"read", "watched", "written", "there"})
    CHECK(d.space.resident(0, id) != nullptr);
}

TEST_CASE("a read without keeping that finds nothing goes on to the pager") {
  space_driver d;
  d.read("a", false);
  (void)d.effects();
  d.loaded("a");
  CHECK(d.effects() == strings{"pager: read a"});
}

// -- a load's result ---------------------------------------------------------------------

TEST_CASE("a load's result is dropped where a cache_write came meanwhile") {
  space_driver d;
  d.watch(1, "a");
  (void)d.effects();
  d.cache({version("a", "v2")});
  CHECK(d.effects() == strings{"w1 <- a=v2 (pager)"});
  d.loaded("a", version("a", "v1"));
  CHECK(d.effects().empty());
  CHECK(label(*d.space.resident(0, "a")) == "a=v2");
}

TEST_CASE("a load's result is dropped even where the pager cached the same page") {
  space_driver d;
  d.watch(1, "a");
  d.cache({version("a", "v1")});
  (void)d.effects();
  d.loaded("a", version("a", "v1"));
  CHECK(d.effects().empty());
}

TEST_CASE("a page whose watchers have all gone stays resident when its load comes") {
  space_driver d;
  d.watch(1, "a");
  d.unwatch(1, "a");
  (void)d.effects();
  d.loaded("a", version("a", "v1"));
  CHECK(d.effects().empty());
  CHECK(d.stats() == namespace_stats{1, 0, 0, 0, 0});
  d.watch(1, "a");
  CHECK(d.effects().front() == "w1 <- a=v1 (cache)");
}

TEST_CASE("a load under way serves whoever comes, unless they cannot wait") {
  space_driver d;
  d.read("a");
  d.watch(1, "a");
  d.read("a");
  d.write(version("a", "v2"));
  CHECK(d.effects() == strings{"load a", "pager: watch a", "r2: done"});
  d.loaded("a", version("a", "v1"));
  CHECK(d.effects() == strings{"w1 <- a=v1 (disk)", "r1: a=v1", "r3: a=v1",
                               "pager: write a=v2 over a=v1"});
}

TEST_CASE("a load's result counts once, though two calls were made") {
  space_driver d;
  d.read("a");
  d.read_sync("a");
  CHECK(d.effects() == strings{"load a", "load a at once"});
  d.loaded("a", version("a", "v1")); // the earlier call was the faster one
  CHECK(d.effects() == strings{"r1: a=v1", "r2: a=v1"});
  d.loaded("a");
  CHECK(d.effects().empty());
  CHECK(label(*d.space.resident(0, "a")) == "a=v1");
}

TEST_CASE("a load that outlives its frame's other uses is awaited") {
  space_driver d;
  d.read("a");
  d.read_sync("a");
  (void)d.effects();
  d.loaded("a"); // nothing needs the page any more but the second call
  CHECK(d.effects() == strings{"pager: read a", "r2: no_such_page"});
  CHECK(d.stats().loads == 1);
  d.read_sync("a");
  d.loaded("a");
  CHECK(d.stats().loads == 0);
  CHECK(d.effects() == strings{"r3: no_such_page"});
}

TEST_CASE("a loaded page is clean, and as pending as it was") {
  space_driver d;
  d.watch(1, "a");
  (void)d.effects();
  d.loaded("a", version("a", "v1"), true);
  CHECK(d.effects() == strings{"w1 <- a=v1 (disk, pending)"});
  CHECK(d.stats().dirty == 0);
  d.cache({version("a", "v1")}, true);
  CHECK(d.effects().empty());
}

TEST_CASE("trouble with the disk is reported, and the page may be loaded again") {
  space_driver d;
  d.watch(1, "a");
  d.read("a");
  d.read_sync("a");
  d.write(version("a", "v1"));
  (void)d.effects();
  d.load_failed("a");
  (void)d.effects();
  d.load_failed("a");
  CHECK(d.effects() == strings{"report storage_failure", "r2: storage_failure",
                               "r3: storage_failure", "r4: storage_failure"});
  d.read("a");
  CHECK(d.effects() == strings{"load a"});
}

TEST_CASE("a load that fails leaves it to the other call, where there is one") {
  space_driver d;
  d.watch(1, "a");
  d.read_sync("a");
  (void)d.effects();
  d.load_failed("a");
  CHECK(d.effects() == strings{"report storage_failure"});
  d.loaded("a", version("a", "v1"));
  CHECK(d.effects() == strings{"w1 <- a=v1 (disk)", "r2: a=v1"});
}

TEST_CASE("a page whose load failed is loaded anew for the next who watches") {
  space_driver d;
  d.watch(1, "a");
  d.load_failed("a");
  (void)d.effects();
  d.watch(2, "a");
  CHECK(d.effects() == strings{"load a", "r2: done"});
  d.loaded("a", version("a", "v1"));
  CHECK(d.effects() == strings{"w1 w2 <- a=v1 (disk)"});
}

TEST_CASE("results of calls that nobody made are ignored") {
  space_driver d;
  d.space.loaded(77, stored_page{version("a", "v1"), false});
  d.space.pager_wrote(78, {});
  d.space.pager_read_done(79, version("a", "v1"));
  d.space.pager_passed(80);
  d.space.committed(81, {});
  CHECK(d.effects().empty());
  CHECK(d.stats() == namespace_stats{});
}

// -- read --------------------------------------------------------------------------------

TEST_CASE("read: a resident page is the answer, and no watch") {
  space_driver d;
  d.given(version("a", "v1"));
  d.read("a");
  d.read_sync("a");
  CHECK(d.effects() == strings{"r1: a=v1", "r2: a=v1"});
  d.cache({version("a", "v2")});
  CHECK(d.effects().empty());
}

TEST_CASE("read: else what the disk has, resident from then on") {
  space_driver d;
  d.read("a");
  CHECK(d.effects() == strings{"load a"});
  d.loaded("a", version("a", "v1"));
  d.read("a");
  CHECK(d.effects() == strings{"r1: a=v1", "r2: a=v1"});
}

TEST_CASE("read: else what the pager answers, resident and dirty from then on") {
  space_driver d;
  d.read("a");
  (void)d.effects();
  d.loaded("a");
  CHECK(d.effects() == strings{"pager: read a"});
  d.read_done("a", version("a", "v1"));
  CHECK(d.effects() == strings{"r1: a=v1"});
  CHECK(d.stats() == namespace_stats{1, 1, 0, 0, 0});
}

TEST_CASE("read: what the pager answers reaches those who watch") {
  space_driver d;
  d.watch(1, "a");
  d.loaded("a");
  d.read("a");
  (void)d.effects();
  d.read_done("a", version("a", "v1"));
  CHECK(d.effects() == strings{"w1 <- a=v1 (pager)", "r2: a=v1"});
}

TEST_CASE("read: nothing anywhere is no_such_page") {
  space_driver d;
  d.read("a");
  d.loaded("a");
  (void)d.effects();
  d.read_done("a", page_ptr{});
  CHECK(d.effects() == strings{"r1: no_such_page"});
}

TEST_CASE("read: a pager that does not read says so") {
  space_driver d;
  d.read("a");
  d.loaded("a");
  (void)d.effects();
  d.read_done("a", failure(errc::unsupported, "no reads here"));
  CHECK(d.effects() == strings{"r1: unsupported"});
}

TEST_CASE("read: a pager that answers with another page is reported, and nothing is kept") {
  space_driver d;
  d.read("a");
  d.loaded("a");
  (void)d.effects();
  d.read_done("a", version("b", "v1"));
  CHECK(d.effects() == strings{"report invalid_page", "r1: invalid_page"});
  CHECK(d.stats() == namespace_stats{});
}

TEST_CASE("read: an id that no page can have is refused") {
  space_driver d;
  d.read("");
  d.read_sync(std::string(limits::id_bytes + 1, 'x'));
  CHECK(d.effects() == strings{"r1: invalid_page", "r2: id_too_long"});
}

TEST_CASE("read: without storage the pager is asked at once") {
  space_driver d{options_without_storage()};
  d.read("a");
  d.read_sync("a");
  CHECK(d.effects() == strings{"pager: read a", "r2: no_such_page"});
}

TEST_CASE("read: misses leave nothing behind") {
  space_driver d;
  for (int i = 0; i < 1000; ++i) {
    const auto id = "a" + std::to_string(i);
    d.read(id);
    d.read_sync(id);
    d.loaded(id);
    d.loaded(id);
    d.read_done(id, page_ptr{});
  }
  (void)d.effects();
  CHECK(d.stats() == namespace_stats{});
  // What is known of a page is forgotten with it: the next read looks again.
  d.read("a0");
  CHECK(d.effects() == strings{"load a0"});
}

// -- read_sync ---------------------------------------------------------------------------

TEST_CASE("read_sync: it overtakes queued loads, and never asks the pager") {
  space_driver d;
  d.read("a");
  d.read_sync("a");
  CHECK(d.effects() == strings{"load a", "load a at once"});
  d.loaded("a", nullptr, false, 1);
  CHECK(d.effects() == strings{"pager: read a", "r2: no_such_page"});
}

TEST_CASE("read_sync: a plain load that comes later is served by the one that overtakes") {
  space_driver d;
  d.read_sync("a");
  d.read("a");
  CHECK(d.effects() == strings{"load a at once"});
  d.loaded("a", version("a", "v1"));
  CHECK(d.effects() == strings{"r1: a=v1", "r2: a=v1"});
}

TEST_CASE("read_sync: a first watcher meanwhile tells the pager at once") {
  space_driver d;
  d.read_sync("a");
  d.watch(1, "a");
  CHECK(d.effects() == strings{"load a at once", "pager: watch a", "r2: done"});
  d.loaded("a", version("a", "v1"));
  CHECK(d.effects() == strings{"w1 <- a=v1 (disk)", "r1: a=v1"});
}

} // namespace flok::testing
