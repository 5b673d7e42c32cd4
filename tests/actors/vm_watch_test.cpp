// Watching, across the actor boundary (seed 002, "watch" and "unwatch").

#include <algorithm>

#include "tests/actors/fixture.hpp"
#include "tests/catch.hpp"

namespace flok::testing {

namespace {

world_options with(const scripted_pager& pager) {
  world_options options;
  options.pager = pager.factory();
  return options;
}

} // namespace

TEST_CASE("watch: a resident page is told at once, before the answer") {
  world w;
  w.given(version("a", "1"));
  recorder r{w};
  w.watch(r, "a");
  CHECK(r.heard() == strings{"a=1 cache", "done"});
}

TEST_CASE("watch: a page on disk is told once it is loaded, and the answer does not wait") {
  world w;
  w.given_on_disk(version("a", "1"));
  recorder r{w};
  w.watch(r, "a");
  CHECK(r.heard() == strings{"done", "a=1 disk"});
}

TEST_CASE("watch: a page that is nowhere is told when it comes") {
  world w;
  recorder r{w};
  w.watch(r, "a");
  CHECK(r.heard() == strings{"done"});
  w.given(version("a", "1"));
  CHECK(r.heard() == strings{"a=1 pager"});
}

TEST_CASE("watch sync: the answer follows the page") {
  world w;
  w.given_on_disk(version("a", "1"));
  w.given(version("b", "1"));
  recorder r{w};
  w.watch_sync(r, "a");
  CHECK(r.heard() == strings{"a=1 disk", "done"});
  w.watch_sync(r, "b");
  CHECK(r.heard() == strings{"b=1 cache", "done"});
}

TEST_CASE("watch sync: no_such_page leaves the watch in place") {
  world w;
  recorder r{w};
  w.watch_sync(r, "a");
  CHECK(r.heard() == strings{"no_such_page"});
  CHECK(w.stats().watchers == 1);
  w.given(version("a", "1"));
  CHECK(r.heard() == strings{"a=1 pager"});
}

TEST_CASE("watch sync: its load overtakes those that wait") {
  world w;
  recorder r{w};
  for (const auto* id : {"a", "b", "c", "d"}) {
    w.given_on_disk(version(id, "1"));
    w.watch(r, id);
  }
  w.given_on_disk(version("z", "1"));
  w.watch_sync(r, "z");
  const auto heard = r.heard();
  const auto at = [&](std::string_view what) {
    return std::find(heard.begin(), heard.end(), what) - heard.begin();
  };
  REQUIRE(heard.size() == 10);
  CHECK(at("z=1 disk") < at("d=1 disk"));
  CHECK(at("z=1 disk") < at("b=1 disk"));
}

TEST_CASE("watch twice: one watch, and no event again") {
  world w;
  w.given(version("a", "1"));
  recorder r{w};
  w.watch(r, "a");
  w.watch(r, "a");
  w.watch_sync(r, "a");
  CHECK(r.heard() == strings{"a=1 cache", "done", "done", "done"});
  CHECK(w.stats().watchers == 1);
  w.given(version("a", "2"));
  CHECK(r.heard() == strings{"a=2 pager"});
  w.unwatch(r, "a");
  w.given(version("a", "3"));
  CHECK(r.heard() == strings{"done"});
}

TEST_CASE("unwatch is idempotent, also for one who never watched") {
  world w;
  recorder r{w};
  recorder stranger{w};
  w.watch(r, "a");
  w.unwatch(r, "a");
  w.unwatch(r, "a");
  w.unwatch(r, "never");
  CHECK(r.heard() == strings{"done", "done", "done", "done"});
  w.unwatch(stranger, "a");
  CHECK(stranger.heard() == strings{"done"});
  CHECK(w.stats() == namespace_stats{});
}

TEST_CASE("the pager hears of the first watch and of the last unwatch only") {
  scripted_pager pager;
  world w{with(pager)};
  w.given(version("b", "1"));
  recorder r1{w}, r2{w};
  pager.heard();
  w.watch(r1, "a");
  w.watch(r2, "a");
  w.watch(r1, "b");
  w.run();
  CHECK(pager.heard() == strings{"watch a", "watch b=1"});
  w.unwatch(r1, "a");
  w.run();
  CHECK(pager.heard() == strings{});
  w.unwatch(r2, "a");
  w.unwatch(r1, "b");
  w.run();
  CHECK(pager.heard() == strings{"unwatch a", "unwatch b"});
}

TEST_CASE("a watcher that dies is forgotten wholly, in all namespaces") {
  scripted_pager pager;
  world w{with(pager)};
  recorder dies{w}, lives{w};
  w.watch(dies, "a");
  w.watch(dies, "b");
  w.watch(dies, "a", "other");
  w.watch(lives, "b");
  w.run();
  pager.heard();
  dies.die();
  CHECK(pager.heard() == strings{"unwatch a"});
  CHECK(w.stats() == namespace_stats{0, 0, 1, 1, 0});
  CHECK(w.stats("other") == namespace_stats{});
  w.given(version("b", "1"));
  CHECK(lives.heard() == strings{"done", "b=1 pager"});
}

TEST_CASE("a watcher that is dead when its watch arrives leaves nothing behind") {
  world w;
  recorder r{w};
  const auto dead = r.actor();
  r.die();
  w.problems.ask<done>(w.vm, watch_request{"user", "a", false, dead});
  CHECK(w.problems.heard() == strings{"done"});
  CHECK(w.stats() == namespace_stats{});
}

TEST_CASE("deaths among many watchers drop none of the others") {
  world w;
  std::vector<recorder> all;
  for (int i = 0; i < 60; ++i) {
    all.emplace_back(w);
    w.watch(all.back(), "a");
    if (i % 2 == 0)
      w.watch(all.back(), "b");
  }
  w.run();
  for (std::size_t i = 0; i < all.size(); i += 3)
    all[i].die();
  for (std::size_t i = 1; i < all.size(); i += 3)
    w.unwatch(all[i], "b");
  w.run();
  w.given(version("a", "1"));
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto heard = all[i].heard();
    CHECK(std::count(heard.begin(), heard.end(), "a=1 pager") == (i % 3 == 0 ? 0 : 1));
  }
  CHECK(w.stats() == namespace_stats{1, 1, 2, 40 + 10, 0});
}

TEST_CASE("disconnect: forget ends all watches, and may be followed by new ones") {
  world w;
  recorder r{w};
  w.watch(r, "a");
  w.watch(r, "b", "other");
  w.forget(r);
  w.forget(r);
  CHECK(r.heard() == strings{"done", "done", "done", "done"});
  CHECK(w.stats() == namespace_stats{});
  CHECK(w.stats("other") == namespace_stats{});
  w.watch(r, "a");
  w.given(version("a", "1"));
  CHECK(r.heard() == strings{"done", "a=1 pager"});
  r.die();
  CHECK(w.stats().watchers == 0);
}

TEST_CASE("requests for an unknown namespace are refused") {
  world w;
  recorder r{w};
  w.watch(r, "a", "nowhere");
  w.watch_sync(r, "a", "nowhere");
  w.unwatch(r, "a", "nowhere");
  w.read(r, "a", "nowhere");
  w.read_sync(r, "a", "nowhere");
  w.write(r, version("a", "1"), "nowhere");
  r.ask<written>(w.vm, edit_request{"nowhere", "a", {}, page_kind::array});
  r.ask<find_pager_reply>(w.vm, find_pager_request{"nowhere"});
  CHECK(r.heard() == strings(8, "unknown_namespace"));
  CHECK(r.errors().front().message.find("nowhere") != std::string::npos);
}

TEST_CASE("ids that no page can have are refused") {
  world w;
  recorder r{w};
  const std::string longest(limits::id_bytes, 'x');
  w.watch(r, longest + 'x');
  w.read(r, longest + 'x');
  w.edit(r, longest + 'x', "[]", page_kind::array);
  w.watch(r, "");
  w.watch(r, longest);
  CHECK(r.heard() ==
        strings{"id_too_long", "id_too_long", "id_too_long", "invalid_page", "done"});
  CHECK(w.stats().watchers == 1);
}

TEST_CASE("a watch without a watcher is refused, an unwatch without one does nothing") {
  world w;
  recorder r{w};
  r.ask<done>(w.vm, watch_request{"user", "a", false, {}});
  r.ask<done>(w.vm, unwatch_request{"user", "a", {}});
  r.ask<done>(w.vm, forget_request{});
  CHECK(r.heard() == strings{"bad_request", "done", "done"});
}

TEST_CASE("all watchers of a change share one message and one page object") {
  world w;
  recorder r1{w}, r2{w};
  w.watch(r1, "a");
  w.watch(r2, "a");
  const auto page = version("a", "1");
  w.given(page);
  REQUIRE(r1.updates().size() == 1);
  REQUIRE(r2.updates().size() == 1);
  CHECK(r1.updates()[0].pages[0] == page);
  CHECK(r2.updates()[0].pages[0] == page);
  CHECK(r1.places() == r2.places());
  recorder late{w};
  w.watch(late, "a");
  w.run();
  CHECK(late.updates()[0].pages[0] == page);
}

TEST_CASE("all watchers of a load get the same page object") {
  world w;
  w.given_on_disk(version("a", "1"));
  recorder r1{w}, r2{w};
  w.watch(r1, "a");
  w.watch(r2, "a");
  CHECK(r1.heard() == strings{"done", "a=1 disk"});
  CHECK(r2.heard() == strings{"done", "a=1 disk"});
  CHECK(r1.updates()[0].pages[0] == r2.updates()[0].pages[0]);
}

TEST_CASE("pages that a pager caches together reach a watcher as one message") {
  scripted_pager pager;
  world w{with(pager)};
  recorder both{w}, one{w}, none{w};
  w.watch(both, "a");
  w.watch(both, "b");
  w.watch(one, "b");
  w.watch(none, "c");
  w.run();
  both.heard(), one.heard(), none.heard();
  pager.cache({version("a", "1"), version("b", "1"), version("d", "1")}, true);
  CHECK(both.heard() == strings{"a=1 b=1 pager ?"});
  CHECK(one.heard() == strings{"b=1 pager ?"});
  CHECK(none.heard() == strings{});
  pager.cache({version("a", "1"), version("b", "2")}, true);
  CHECK(both.heard() == strings{"b=2 pager ?"});
  pager.cache({version("a", "1"), version("b", "2")}, false);
  CHECK(both.heard() == strings{"a=1 b=2 pager"});
}

TEST_CASE("an unmodified page tells nobody and is not dirty") {
  world w;
  w.given_on_disk(version("a", "1"));
  recorder r{w};
  w.watch(r, "a");
  CHECK(r.heard() == strings{"done", "a=1 disk"});
  w.given(version("a", "1"));
  CHECK(r.heard() == strings{});
  CHECK(w.stats() == namespace_stats{1, 0, 1, 1, 0});
}

TEST_CASE("only the pager of a namespace caches, and only there") {
  scripted_pager pager;
  world w{with(pager)};
  recorder r{w};
  w.watch(r, "a");
  r.heard();
  send_from_outside(w.vm, cache_write{{version("a", "1")}, false});
  scripted_pager stranger;
  const auto other = w.keep(stranger.factory()(w.actors()));
  send_from_outside(other, pager_init{"user", "{}", caf::actor_cast<cache_actor>(w.vm)});
  w.run();
  stranger.cache({version("a", "2")});
  CHECK(r.heard() == strings{});
  CHECK(w.stats().pages == 0);
  pager.cache({version("a", "3")});
  CHECK(r.heard() == strings{"a=3 pager"});
}

TEST_CASE("pages of the same id in two namespaces have nothing in common") {
  world w;
  recorder r{w};
  w.watch(r, "a", "other");
  w.given(version("a", "1"));
  CHECK(r.heard() == strings{"done"});
  w.given(version("a", "2"), "other");
  CHECK(r.heard() == strings{"other/a=2 pager"});
  w.read(r, "a");
  w.read(r, "a", "other");
  CHECK(r.heard() == strings{"page a=1", "page a=2"});
}

TEST_CASE("a page whose pager cached nothing but emptiness is a problem, not a crash") {
  scripted_pager pager;
  world w{with(pager)};
  pager.cache({version("a", "1"), nullptr});
  CHECK(w.problems.heard() == strings{"problem invalid_page"});
  CHECK(w.stats().pages == 0);
}

} // namespace flok::testing
