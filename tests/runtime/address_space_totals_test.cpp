// What is counted of what happens (stats.hpp).
#include "tests/catch.hpp"
#include "tests/runtime/space_driver.hpp"

#include "runtime/limits.hpp"

namespace flok::testing {

namespace {

namespace_totals totals(const space_driver& d, ns_id ns = 0) { return d.space.totals(ns); }

} // namespace

TEST_CASE("totals: requests count by kind, in their namespace") {
  space_driver d;
  d.given(version("a", "v1"));
  const auto before = totals(d);
  d.read("a");
  d.read_sync("b");
  d.write(version("a", "v2"));
  d.edit("a", "[]");
  d.erase("a");
  d.invalidate("a");
  d.watch(1, "a");
  d.watch(1, "a"); // once more: asked for, though not another watch
  CHECK(totals(d).reads == before.reads + 2);
  CHECK(totals(d).writes == before.writes + 2);
  CHECK(totals(d).removals == before.removals + 2);
  CHECK(totals(d).watches == before.watches + 2);
  CHECK(totals(d, 1) == namespace_totals{});
}

TEST_CASE("totals: what is refused for its id is not counted") {
  space_driver d;
  d.read(std::string(limits::id_bytes + 1, 'x'));
  d.watch(1, "a", false, 1);
  CHECK(totals(d) == namespace_totals{});
  CHECK(totals(d, 1).watches == 1);
}

TEST_CASE("totals: hits are reads and watches of what is in memory") {
  space_driver d;
  d.given(version("a", "v1"));
  d.read("a");
  d.watch(1, "a");
  d.read("b");
  d.watch(1, "c");
  CHECK(totals(d).hits == 2);
}

TEST_CASE("totals: a notification counts once for each watcher, whatever is in it") {
  space_driver d;
  d.given_watched(1, version("a", "v1"));
  d.given_watched(1, version("b", "v1"));
  d.watch(2, "a");
  const auto before = totals(d).notifications;
  d.cache({version("a", "v2")});
  CHECK(totals(d).notifications == before + 2);
  d.cache({version("a", "v3"), version("b", "v3")});
  CHECK(totals(d).notifications == before + 4);
  d.cache({version("a", "v3")}); // unmodified
  CHECK(totals(d).notifications == before + 4);
  d.erase("a");
  (void)d.effects();
  d.wrote("a");
  CHECK(totals(d).notifications == before + 6);
}

TEST_CASE("totals: one that is merged away is not sent") {
  space_driver d;
  d.given_watched(1, version("a", "v"));
  const auto sent = totals(d).notifications;
  for (std::size_t i = 0; i < 2 * limits::undelivered; ++i)
    d.cache({version("a", "v" + std::to_string(i))});
  const auto told = totals(d).notifications - sent;
  const auto waiting = 1U;
  CHECK(told + d.space.stats(0).merged + waiting == 2 * limits::undelivered);
}

TEST_CASE("totals: loads that were answered, found or not, and those that failed") {
  space_driver d;
  for (const char* id : {"a", "b", "c"})
    d.read(id);
  (void)d.effects();
  d.loaded("a", version("a", "v1"));
  d.loaded("b");
  d.load_failed("c");
  CHECK(totals(d).loaded == 2);
  CHECK(totals(d).load_failures == 1);
}

TEST_CASE("totals: pages that a commit put on disk, and commits that failed") {
  space_driver d;
  d.cache({version("a", "v1")});
  d.cache({version("b", "v1")});
  d.cache({version("c", "v1")}, false, 1);
  d.page_out();
  (void)d.effects();
  d.commit_failed(); // of both namespaces: one commit
  CHECK(totals(d).commit_failures == 1);
  CHECK(totals(d, 1).commit_failures == 1);
  CHECK(totals(d).committed == 0);
  d.page_out();
  (void)d.effects();
  d.committed();
  CHECK(totals(d).committed == 2);
  CHECK(totals(d, 1).committed == 1);
}

} // namespace flok::testing
