// Seed 002, "watch" and "unwatch".
#include "tests/catch.hpp"
#include "tests/runtime/space_driver.hpp"

namespace flok::testing {

// -- the page is resident ----------------------------------------------------------------

TEST_CASE("watch: a resident page is sent now, and the pager told what it has") {
  space_driver d;
  d.given(version("a", "v1"));
  d.watch(1, "a");
  CHECK(d.effects() == strings{"w1 <- a=v1 (cache)", "pager: watch a=v1", "r1: done"});
}

TEST_CASE("watch: a resident page that is pending says so") {
  space_driver d;
  d.cache({version("a", "v1")}, true);
  (void)d.effects();
  d.watch(1, "a");
  CHECK(d.effects().front() == "w1 <- a=v1 (cache, pending)");
}

TEST_CASE("watch: a sync watch of a resident page is like any other") {
  space_driver d;
  d.given(version("a", "v1"));
  d.watch(1, "a", true);
  CHECK(d.effects() == strings{"w1 <- a=v1 (cache)", "pager: watch a=v1", "r1: done"});
}

// -- the page is not resident ------------------------------------------------------------

TEST_CASE("watch: the first watcher tells the pager, and starts one load") {
  space_driver d;
  d.watch(1, "a");
  CHECK(d.effects() == strings{"pager: watch a", "load a", "r1: done"});
  d.watch(2, "a");
  CHECK(d.effects() == strings{"r2: done"});
  CHECK(d.stats() == namespace_stats{0, 0, 1, 2, 1});
}

TEST_CASE("watch: the load's result reaches all who watch by then") {
  space_driver d;
  d.watch(1, "a");
  d.watch(2, "a");
  (void)d.effects();
  d.loaded("a", version("a", "v1"));
  CHECK(d.effects() == strings{"w1 w2 <- a=v1 (disk)"});
  d.watch(3, "a");
  CHECK(d.effects() == strings{"w3 <- a=v1 (cache)", "r3: done"});
}

TEST_CASE("watch: a page that is not on disk sends nothing") {
  space_driver d;
  d.watch(1, "a");
  (void)d.effects();
  d.loaded("a");
  CHECK(d.effects().empty());
  d.watch(2, "a"); // it is known that there is nothing to load
  CHECK(d.effects() == strings{"r2: done"});
  CHECK(d.stats() == namespace_stats{0, 0, 1, 2, 0});
}

TEST_CASE("watch: without storage nothing is loaded") {
  space_driver d{options_without_storage()};
  d.watch(1, "a");
  CHECK(d.effects() == strings{"pager: watch a", "r1: done"});
}

TEST_CASE("watch: each namespace has its own pages") {
  space_driver d;
  d.given(version("a", "v1"));
  d.watch(1, "a", false, 1);
  CHECK(d.effects() == strings{"pager: watch other/a", "load other/a", "r1: done"});
  d.cache({version("a", "v2")}, false, 1);
  CHECK(d.effects() == strings{"w1 <- other/a=v2 (pager)"});
  CHECK(d.space.resident(0, "a")->entry(0).signature == "v1");
  CHECK(d.space.find("other") == 1U);
  CHECK_FALSE(d.space.find("none").has_value());
}

TEST_CASE("watch: an id that no page can have is refused") {
  space_driver d;
  d.watch(1, "");
  d.watch(1, std::string(limits::id_bytes + 1, 'x'));
  CHECK(d.effects() == strings{"r1: invalid_page", "r2: id_too_long"});
  CHECK(d.stats() == namespace_stats{});
}

// -- twice -------------------------------------------------------------------------------

TEST_CASE("watch: watching twice is one watch and brings no event again") {
  space_driver d;
  d.given_watched(1, version("a", "v1"));
  d.watch(1, "a");
  CHECK(d.effects() == strings{"r1: done"});
  CHECK(d.stats().watchers == 1);
  d.cache({version("a", "v2")});
  CHECK(d.effects() == strings{"w1 <- a=v2 (pager)"});
  d.unwatch(1, "a");
  CHECK(d.effects() == strings{"pager: unwatch a", "r2: done"});
}

TEST_CASE("watch: a sync watch repeated answers as read_sync would") {
  space_driver d;
  d.watch(1, "a");
  (void)d.effects();
  d.watch(1, "a", true);
  CHECK(d.effects() == strings{"load a at once"});
  d.loaded("a", nullptr, false, 1);
  CHECK(d.effects() == strings{"r2: no_such_page"});
  d.watch(1, "a", true);
  CHECK(d.effects() == strings{"r3: no_such_page"});
  d.cache({version("a", "v1")});
  (void)d.effects();
  d.watch(1, "a", true);
  CHECK(d.effects() == strings{"r4: done"});
}

// -- sync --------------------------------------------------------------------------------

TEST_CASE("watch sync: the load comes before the pager is told, the answer behind both") {
  space_driver d;
  d.watch(1, "a", true);
  CHECK(d.effects() == strings{"load a at once"});
  d.loaded("a", version("a", "v1"));
  CHECK(d.effects() == strings{"w1 <- a=v1 (disk)", "pager: watch a=v1", "r1: done"});
}

TEST_CASE("watch sync: no_such_page leaves the watch in place") {
  space_driver d;
  d.watch(1, "a", true);
  (void)d.effects();
  d.loaded("a");
  CHECK(d.effects() == strings{"pager: watch a", "r1: no_such_page"});
  d.cache({version("a", "v1")});
  CHECK(d.effects() == strings{"w1 <- a=v1 (pager)"});
}

TEST_CASE("watch sync: it overtakes a load that waits, and the first result counts") {
  space_driver d;
  d.watch(1, "a");
  d.watch(2, "a", true);
  CHECK(d.effects() == strings{"pager: watch a", "load a", "r1: done", "load a at once"});
  d.loaded("a", version("a", "v1"), false, 1);
  CHECK(d.effects() == strings{"w1 w2 <- a=v1 (disk)", "r2: done"});
  CHECK(d.stats().loads == 1);
  d.loaded("a", version("a", "v1"));
  CHECK(d.effects().empty());
  CHECK(d.stats().loads == 0);
}

TEST_CASE("watch sync: one that overtakes is under way, so no other is started") {
  space_driver d;
  d.watch(1, "a", true);
  d.watch(2, "a", true);
  d.watch(3, "a");
  CHECK(d.effects() == strings{"load a at once", "r3: done"});
  d.loaded("a", version("a", "v1"));
  CHECK(d.effects() ==
        strings{"w1 w2 w3 <- a=v1 (disk)", "pager: watch a=v1", "r1: done", "r2: done"});
}

TEST_CASE("watch sync: a page that a pager caches meanwhile is the answer") {
  space_driver d;
  d.watch(1, "a", true);
  (void)d.effects();
  d.cache({version("a", "v2")});
  CHECK(d.effects() == strings{"w1 <- a=v2 (pager)", "pager: watch a=v2", "r1: done"});
  d.loaded("a", version("a", "v1"));
  CHECK(d.effects().empty());
}

TEST_CASE("watch sync: unwatched before the load, the pager never hears of it") {
  space_driver d;
  d.watch(1, "a", true);
  d.unwatch(1, "a");
  CHECK(d.effects() == strings{"load a at once", "r2: done"});
  d.loaded("a", version("a", "v1"));
  CHECK(d.effects() == strings{"r1: done"});
  CHECK(d.stats() == namespace_stats{1, 0, 0, 0, 0});
}

TEST_CASE("watch sync: without storage the answer is known at once") {
  space_driver d{options_without_storage()};
  d.watch(1, "a", true);
  CHECK(d.effects() == strings{"pager: watch a", "r1: no_such_page"});
}

TEST_CASE("watch sync: trouble with the disk is the answer, the watch stays") {
  space_driver d;
  d.watch(1, "a", true);
  (void)d.effects();
  d.load_failed("a");
  CHECK(d.effects() ==
        strings{"report storage_failure", "pager: watch a", "r1: storage_failure"});
  CHECK(d.stats().watchers == 1);
}

// -- unwatch -----------------------------------------------------------------------------

TEST_CASE("unwatch: the pager is told only when the last watcher goes") {
  space_driver d;
  d.given_watched(1, version("a", "v1"));
  d.watch(2, "a");
  d.watch(3, "a");
  (void)d.effects();
  d.unwatch(1, "a");
  d.unwatch(3, "a");
  CHECK(d.effects() == strings{"r3: done", "r4: done"});
  d.unwatch(2, "a");
  CHECK(d.effects() == strings{"pager: unwatch a", "r5: done"});
  CHECK(d.stats() == namespace_stats{1, 0, 0, 0, 0});
}

TEST_CASE("unwatch: it may be repeated, and made without a watch") {
  space_driver d;
  d.unwatch(1, "a");
  d.watch(1, "a");
  d.unwatch(2, "a");
  d.unwatch(1, "a");
  d.unwatch(1, "a");
  d.unwatch(1, "");
  CHECK(d.effects() == strings{"r1: done", "pager: watch a", "load a", "r2: done",
                               "r3: done", "pager: unwatch a", "r4: done", "r5: done",
                               "r6: done"});
}

TEST_CASE("unwatch: no event comes after it") {
  space_driver d;
  d.given_watched(1, version("a", "v1"));
  d.unwatch(1, "a");
  d.cache({version("a", "v2")});
  CHECK(d.effects() == strings{"pager: unwatch a", "r1: done"});
}

TEST_CASE("unwatch: watching again tells the pager again, and the page as it is now") {
  space_driver d;
  d.given_watched(1, version("a", "v1"));
  d.unwatch(1, "a");
  d.cache({version("a", "v2")});
  d.watch(1, "a");
  CHECK(d.effects() == strings{"pager: unwatch a", "r1: done", "w1 <- a=v2 (cache)",
                               "pager: watch a=v2", "r2: done"});
}

// -- a watcher that goes -----------------------------------------------------------------

TEST_CASE("forget: a watcher that goes is forgotten wholly") {
  space_driver d;
  d.watch(1, "a");
  d.watch(1, "b");
  d.watch(2, "b");
  d.watch(1, "a", false, 1);
  (void)d.effects();
  d.forget(1);
  CHECK(d.effects() == strings{"pager: unwatch a", "pager: unwatch other/a", "r5: done"});
  CHECK(d.stats().watchers == 1);
  CHECK(d.space.stats(1).watchers == 0);
  d.cache({version("a", "v1"), version("b", "v1")});
  CHECK(d.effects() == strings{"w2 <- b=v1 (pager)"});
  d.forget(1);
  d.forget(9);
  CHECK(d.effects() == strings{"r6: done", "r7: done"});
}

TEST_CASE("forget: no position goes stale, whoever leaves first") {
  for (watcher_id first = 1; first <= 4; ++first)
    for (watcher_id second = 1; second <= 4; ++second) {
      if (first == second)
        continue;
      space_driver d;
      for (watcher_id w = 1; w <= 4; ++w) {
        d.watch(w, "a");
        d.watch(w, "b");
      }
      d.forget(first);
      d.unwatch(second, "a");
      (void)d.effects();
      d.cache({version("a", "v1")});
      d.cache({version("b", "v1")});
      std::string a;
      std::string b;
      for (watcher_id w = 1; w <= 4; ++w) {
        a += w == first || w == second ? "" : 'w' + std::to_string(w) + ' ';
        b += w == first ? "" : 'w' + std::to_string(w) + ' ';
      }
      CHECK(d.effects() == strings{a + "<- a=v1 (pager)", b + "<- b=v1 (pager)"});
    }
}

TEST_CASE("forget: a sync watch of one who has gone is answered all the same") {
  space_driver d;
  d.watch(1, "a", true);
  d.forget(1);
  (void)d.effects();
  d.loaded("a");
  CHECK(d.effects() == strings{"r1: no_such_page"});
  CHECK(d.stats() == namespace_stats{});
}

} // namespace flok::testing
