// A pager's death and return, draining, and counts.
#include <algorithm>

#include "tests/catch.hpp"
#include "tests/runtime/space_driver.hpp"

namespace flok::testing {

// -- death and return --------------------------------------------------------------------

TEST_CASE("a pager that died: what it was asked is answered pager_down, in order") {
  space_driver d;
  d.given(version("a", "v1"));
  d.write(version("a", "v2"));
  d.write(version("a", "v3"));
  d.read("b");
  d.loaded("b");
  (void)d.effects();
  d.space.pager_lost(0);
  CHECK(d.effects() == strings{"r1: pager_down", "r2: pager_down", "r3: pager_down"});
  d.wrote("a"); // of its former life
  d.read_done("b", version("b", "v1"));
  CHECK(d.effects().empty());
  CHECK(d.stats().pages == 1);
}

TEST_CASE("a pager that died: writes and reads are pager_down until it is back") {
  space_driver d;
  d.given(version("a", "v1"));
  d.space.pager_lost(0);
  d.write(version("a", "v2"));
  d.edit("a", R"([{"head":"h"}])");
  d.write(version("b", "v1"));
  d.read("c");
  d.loaded("c");
  CHECK(d.effects() == strings{"r1: pager_down", "r2: pager_down", "r3: pager_down",
                               "load c", "r4: pager_down"});
  d.space.pager_started(0);
  d.write(version("a", "v2"));
  CHECK(d.effects() == strings{"pager: write a=v2 over a=v1"});
}

TEST_CASE("a pager that died: what is in memory or on disk is read and watched as ever") {
  space_driver d;
  d.given(version("a", "v1"));
  d.space.pager_lost(0);
  d.watch(1, "a");
  d.watch(1, "b");
  d.read("a");
  d.loaded("b", version("b", "v1"));
  d.unwatch(1, "a");
  CHECK(d.effects() == strings{"w1 <- a=v1 (cache)", "r1: done", "load b", "r2: done",
                               "r3: a=v1", "w1 <- b=v1 (disk)", "r4: done"});
}

TEST_CASE("a pager that is back is told every watch anew, with the pages as they are") {
  space_driver d;
  d.given_watched(1, version("b", "v1"));
  d.watch(1, "a");
  d.watch(2, "a");
  d.watch(1, "c");
  d.watch(1, "a", false, 1);
  d.loaded("a");
  (void)d.effects();
  d.space.pager_lost(0);
  d.unwatch(1, "c");
  d.watch(1, "d");
  CHECK(d.effects() == strings{"r5: done", "load d", "r6: done"});
  d.space.pager_started(0);
  CHECK(d.effects() == strings{"pager: watch a", "pager: watch b=v1", "pager: watch d"});
  d.unwatch(1, "b");
  CHECK(d.effects() == strings{"pager: unwatch b", "r7: done"});
}

TEST_CASE("a pager that is back hears of a sync watch behind its load") {
  space_driver d;
  d.space.pager_lost(0);
  d.watch(1, "a", true);
  d.space.pager_started(0);
  CHECK(d.effects() == strings{"load a at once"});
  d.loaded("a", version("a", "v1"));
  CHECK(d.effects() == strings{"w1 <- a=v1 (disk)", "pager: watch a=v1", "r1: done"});
}

TEST_CASE("a pager that is back is told a watch whose urgent load is a reader's") {
  space_driver d;
  d.watch(1, "a");
  (void)d.effects();
  d.space.pager_lost(0);
  d.read_sync("a");
  d.space.pager_started(0);
  (void)d.effects();
  d.loaded("a");
  d.loaded("a");
  d.unwatch(1, "a");
  const auto told = d.effects();
  // However it came to hear of the watch, it hears of its end.
  CHECK(std::count(told.begin(), told.end(), "pager: watch a") <= 1);
  CHECK(std::count(told.begin(), told.end(), "pager: unwatch a") == 1);
}

TEST_CASE("a pager that died: writes that wait for their load go to the next one") {
  space_driver d;
  d.write(version("a", "v1"));
  d.space.pager_lost(0);
  d.space.pager_started(0);
  (void)d.effects();
  d.loaded("a");
  CHECK(d.effects() == strings{"pager: write a=v1 over nothing"});
}

TEST_CASE("a pager's death is no other namespace's matter") {
  space_driver d;
  d.space.watch(1, 1, 1, "a", false);
  d.space.write(2, 1, version("b", "v1"));
  d.loaded("b");
  d.space.pager_lost(0);
  CHECK(d.effects() == strings{"pager: watch other/a", "load other/a", "r1: done",
                               "load other/b", "pager: write other/b=v1 over nothing"});
  d.wrote("b");
  CHECK(d.effects() == strings{"r2: b=v1"});
}

// -- drain -------------------------------------------------------------------------------

TEST_CASE("drain: with nothing under way, each pager is asked to have dealt with all") {
  space_driver d;
  d.drain();
  CHECK(d.effects() == strings{"pager: barrier", "pager: barrier of other"});
  d.passed();
  CHECK(d.effects().empty());
  d.passed();
  CHECK(d.effects() == strings{"r1: done"});
}

TEST_CASE("drain: it waits for loads, writes, and the reads of pagers") {
  space_driver d;
  d.given(version("a", "v1"));
  d.write(version("a", "v2"));
  d.read("b");
  d.drain();
  (void)d.effects();
  d.loaded("b");
  CHECK(d.effects() == strings{"pager: read b"});
  d.wrote("a");
  CHECK(d.effects() == strings{"r1: a=v2"});
  d.read_done("b", page_ptr{});
  CHECK(d.effects() ==
        strings{"r2: no_such_page", "pager: barrier", "pager: barrier of other"});
}

TEST_CASE("drain: what a pager does before it has passed comes before the answer") {
  space_driver d;
  d.given_watched(1, version("a", "v1"));
  d.drain();
  (void)d.effects();
  d.cache({version("a", "v2")});
  d.passed();
  d.passed();
  CHECK(d.effects() == strings{"w1 <- a=v2 (pager)", "r1: done"});
}

TEST_CASE("drain: loads whose results will be dropped are waited for as well") {
  space_driver d;
  d.watch(1, "a");
  d.cache({version("a", "v1")});
  d.drain();
  (void)d.effects();
  d.loaded("a");
  CHECK(d.effects() == strings{"pager: barrier", "pager: barrier of other"});
}

TEST_CASE("drain: page-outs are not waited for") {
  space_driver d;
  d.cache({version("a", "v1")});
  d.page_out();
  (void)d.effects();
  d.drain();
  d.passed();
  d.passed();
  CHECK(d.effects().back() == "r2: done");
}

TEST_CASE("drain: one after another, in order") {
  space_driver d;
  d.drain();
  d.drain();
  (void)d.effects();
  d.passed();
  d.passed();
  CHECK(d.effects() == strings{"r1: done", "pager: barrier", "pager: barrier of other"});
  d.passed();
  d.passed();
  CHECK(d.effects() == strings{"r2: done"});
}

TEST_CASE("drain: a pager that is away is not waited for") {
  space_driver d;
  d.space.pager_lost(1);
  d.drain();
  CHECK(d.effects() == strings{"pager: barrier"});
  d.space.pager_lost(0);
  CHECK(d.effects() == strings{"r1: done"});
}

TEST_CASE("drain: a pager that dies meanwhile does not hold it up for ever") {
  space_driver d;
  d.given(version("a", "v1"));
  d.write(version("a", "v2"));
  d.drain();
  d.space.pager_lost(0);
  CHECK(d.effects() == strings{"pager: write a=v2 over a=v1", "r1: pager_down",
                               "pager: barrier of other"});
  d.space.pager_started(0);
  d.passed();
  CHECK(d.effects() == strings{"r2: done"});
}

// -- counts ------------------------------------------------------------------------------

TEST_CASE("stats count resident, dirty and watched pages, watchers, and loads") {
  space_driver d;
  d.given(version("a", "v1"));
  d.cache({version("b", "v1")});
  d.watch(1, "a");
  d.watch(2, "a");
  d.watch(1, "c");
  d.read("d");
  CHECK(d.stats() == namespace_stats{2, 1, 2, 3, 2});
  CHECK(d.space.stats(1) == namespace_stats{});
  d.loaded("c", version("c", "v1"));
  d.loaded("d");
  d.forget(1);
  CHECK(d.stats() == namespace_stats{3, 1, 1, 1, 0});
  d.forget(2);
  CHECK(d.stats() == namespace_stats{3, 1, 0, 0, 0});
}

TEST_CASE("stats are zero again where everybody has gone and nothing was found") {
  space_driver d;
  for (watcher_id w = 1; w <= 10; ++w)
    for (const char* id : {"a", "b", "c"})
      d.watch(w, id, w % 2 == 0);
  for (watcher_id w = 1; w <= 10; ++w)
    d.forget(w);
  for (const char* id : {"a", "b", "c"}) {
    d.loaded(id);
    d.loaded(id);
  }
  CHECK(d.stats() == namespace_stats{});
}

} // namespace flok::testing
