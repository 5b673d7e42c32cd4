// A pager that dies, and the vm's own end.

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>

#include "flok/testing.hpp"
#include "tests/actors/fixture.hpp"
#include "tests/catch.hpp"

namespace flok::testing {

using namespace std::chrono_literals;

namespace {

world_options with(const scripted_pager& pager) {
  world_options options;
  options.pager = pager.factory();
  return options;
}

void send_as(const pager_actor& sender, const vm_actor& to, cache_write what) {
  caf::actor_cast<caf::abstract_actor*>(to)->enqueue(
      envelope(caf::actor_cast<caf::strong_actor_ptr>(sender),
               caf::make_message(std::move(what))),
      nullptr);
}

} // namespace

TEST_CASE("a pager's death: what it had and what waits is answered pager_down") {
  scripted_pager pager;
  world w{with(pager)};
  recorder r{w};
  pager.hold();
  w.write(r, version("a", "1"));
  w.write(r, version("a", "2"));
  w.read(r, "b");
  w.run();
  pager.die();
  CHECK(r.heard() == strings{"pager_down", "pager_down", "pager_down"});
  CHECK(w.problems.heard() == strings{"problem pager_down"});
  w.write(r, version("a", "3"));
  w.read(r, "c");
  r.ask<find_pager_reply>(w.vm, find_pager_request{"user"});
  CHECK(r.heard() == strings{"pager_down", "pager_down", "pager_down"});
  CHECK(w.stats().pages == 0);
}

TEST_CASE("a pager's death: what it threw is told") {
  scripted_pager pager;
  virtual_options options;
  options.namespaces = {{"user", pager.factory(), {}}};
  virtual_system sys{options};
  const auto problem = [&] {
    const auto all = sys.problems();
    return all.empty() ? std::string{} : all.back().message;
  };
  pager.on_write(
      [](const page_ptr&) -> expected<void> { throw std::runtime_error{"dry"}; });
  CHECK(sys.write("user", version("a", "1")).error().code == errc::pager_down);
  CHECK(problem() == "the pager of user died: dry");

  sys.advance(10ms);
  pager.on_write([](const page_ptr&) -> expected<void> { throw 1; });
  CHECK(sys.write("user", version("a", "1")).error().code == errc::pager_down);
  CHECK(problem() == "the pager of user died: it threw no std::exception");

  sys.advance(20ms);
  pager.die();
  sys.run();
  CHECK(problem() == "the pager of user died");
}

TEST_CASE("a pager's answer: an error that is none of flok's is told in its own words") {
  virtual_options options;
  const pager_factory passes_on = [](caf::actor_system& actors) -> pager_actor {
    return spawn_function(actors, []() -> pager_actor::behavior_type {
      return {[](const pager_init&) {},
              [](const pager_watch&) {},
              [](const pager_unwatch&) {},
              [](const pager_read&) -> caf::result<pager_read_reply> {
                return make_error(caf::sec::bad_function_call, std::string{"mine"});
              },
              [](const pager_write&) -> caf::result<done> {
                return caf::make_error(caf::sec::unexpected_message);
              },
              [](const pager_delete&) { return done{}; },
              [](const pager_invalidate&) { return done{}; },
              [](const pager_barrier&) { return done{}; }};
    });
  };
  options.namespaces = {{"user", passes_on, {}}};
  virtual_system sys{options};
  const auto read = sys.read("user", "a").error();
  CHECK(read.code == errc::pager_down);
  CHECK(read.message.find("mine") != std::string::npos);
  const auto write = sys.write("user", version("a", "1")).error();
  CHECK(write.code == errc::pager_down);
  CHECK(write.message.find("unexpected_message") != std::string::npos);
  CHECK(sys.problems().empty());
}

TEST_CASE("a pager that cannot be made is tried again, and its fault told") {
  scripted_pager pager;
  int attempts = 0;
  virtual_options options;
  const pager_factory factory = [&](caf::actor_system& actors) -> pager_actor {
    if (++attempts == 1)
      throw std::runtime_error{"no licence"};
    if (attempts == 2)
      throw 2;
    return attempts == 3 ? pager_actor{} : pager.factory()(actors);
  };
  options.namespaces = {{"user", factory, {}}};
  virtual_system sys{options};
  sys.advance(1s);
  strings told;
  for (const auto& why : sys.problems())
    told.push_back(why.message);
  CHECK(told == strings{"the pager of user cannot be made: no licence",
                        "the pager of user cannot be made: it threw no std::exception",
                        "the pager of user cannot be made: its factory returned none"});
  CHECK(attempts == 4);
  CHECK(sys.write("user", version("a", "1")));
}

TEST_CASE("a pager's death: it is started again, told init, and every watch anew") {
  scripted_pager pager;
  world w{with(pager)};
  recorder r{w};
  w.watch(r, "b");
  w.watch(r, "a");
  w.watch(r, "gone");
  w.unwatch(r, "gone");
  w.run();
  w.given(version("a", "1"));
  pager.heard();
  pager.die();
  w.run();
  w.watch(r, "meanwhile");
  w.advance(9ms);
  CHECK(pager.lives() == 1);
  w.advance(1ms);
  CHECK(pager.lives() == 2);
  CHECK(pager.heard() ==
        strings{"init user {}", "watch a=1", "watch b", "watch meanwhile"});
  r.heard();
  w.write(r, version("a", "2"));
  r.ask<find_pager_reply>(w.vm, find_pager_request{"user"});
  CHECK(r.heard() == strings{"a pager", "a=2 pager", "written a=2"});
}

TEST_CASE("a pager's death: watchers keep what they have, disk and memory still serve") {
  scripted_pager pager;
  world w{with(pager)};
  w.given(version("a", "1"));
  w.given_on_disk(version("b", "1"));
  pager.die();
  recorder r{w};
  w.watch(r, "a");
  w.watch_sync(r, "b");
  CHECK(r.heard() == strings{"a=1 cache", "done", "b=1 disk", "done"});
  w.read_sync(r, "b");
  CHECK(r.heard() == strings{"page b=1"});
  w.drain(r);
  w.unwatch(r, "a");
  CHECK(r.heard() == strings{"done", "done"});
}

TEST_CASE("a pager's death concerns its own namespace only") {
  scripted_pager pager;
  world w{with(pager)};
  pager.die();
  recorder r{w};
  w.watch(r, "a", "other");
  w.write(r, version("a", "1"), "other");
  CHECK(r.heard() == strings{"done", "other/a=1 pager", "written a=1"});
}

TEST_CASE("a pager's death: what its former life says is discarded") {
  scripted_pager pager;
  world w{with(pager)};
  const auto former = pager.actor();
  pager.die();
  w.run();
  send_as(former, w.vm, cache_write{{version("a", "late")}, false});
  w.advance(10ms);
  send_as(former, w.vm, cache_write{{version("a", "later")}, false});
  recorder r{w};
  w.read_sync(r, "a");
  CHECK(r.heard() == strings{"no_such_page"});
  send_as(pager.actor(), w.vm, cache_write{{version("a", "1")}, false});
  w.run();
  w.read_sync(r, "a");
  CHECK(r.heard() == strings{"page a=1"});
}

TEST_CASE("a pager that keeps dying is restarted ever more slowly") {
  scripted_pager pager;
  world w{with(pager)};
  for (const auto wait : {10ms, 20ms, 40ms, 80ms}) {
    const auto lives = pager.lives();
    pager.die();
    w.advance(0ms);
    w.advance(wait - 1ms);
    CHECK(pager.lives() == lives);
    w.advance(1ms);
    CHECK(pager.lives() == lives + 1);
  }
  for (int deaths = 0; deaths < 12; ++deaths) {
    pager.die();
    w.advance(0ms);
    w.advance(10s);
  }
  CHECK(pager.lives() == 17);
}

TEST_CASE("a pager that had lived well is restarted at once again") {
  scripted_pager pager;
  world w{with(pager)};
  for (int deaths = 0; deaths < 8; ++deaths) {
    pager.die();
    w.advance(0ms);
    w.advance(10s);
  }
  w.advance(10s);
  const auto lives = pager.lives();
  pager.die();
  w.advance(0ms);
  w.advance(10ms);
  CHECK(pager.lives() == lives + 1);
}

TEST_CASE("drain is answered where a pager dies meanwhile") {
  scripted_pager pager;
  world w{with(pager)};
  recorder r{w};
  pager.hold();
  w.write(r, version("a", "1"));
  w.drain(r);
  w.run();
  pager.die();
  CHECK(r.heard() == strings{"pager_down", "done"});
}

TEST_CASE("a restart that nobody asked for does nothing") {
  scripted_pager pager;
  world w{with(pager)};
  send_from_outside(w.vm, restart_tick{0});
  send_from_outside(w.vm, restart_tick{77});
  recorder r{w};
  w.write(r, version("a", "1"));
  CHECK(r.heard() == strings{"written a=1"});
  CHECK(pager.lives() == 1);
}

TEST_CASE("the vm's end: pagers end first, what waits is answered") {
  scripted_pager pager;
  world w{with(pager)};
  recorder r{w};
  pager.hold();
  w.write(r, version("a", "1"));
  w.run();
  const auto last = pager.actor();
  caf::anon_send_exit(w.vm, caf::exit_reason::user_shutdown);
  CHECK(r.heard() == strings{"pager_down"});
  w.read(r, "a");
  CHECK(r.heard() == strings{"shutting_down"});
  r.ask<done>(last, pager_barrier{});
  CHECK(r.heard() == strings{"shutting_down"});
  w.advance(20s);
  CHECK(pager.lives() == 1);
}

TEST_CASE("the vm's end: what it threw is told, and its pagers end") {
  scripted_pager pager;
  virtual_options options;
  options.namespaces = {{"user", pager.factory(), {}}, {"other", {}, {}}};
  options.ids = []() -> std::string { throw std::runtime_error{"no more ids"}; };
  virtual_system sys{options};
  const auto edits = parse_edits(R"([{"insert":{"at":0,"entry":{}}}])");
  REQUIRE(edits.has_value());
  const auto answer = sys.ask<written>(edit_request{"user", "a", *edits, page_kind::array});
  REQUIRE_FALSE(answer.has_value());
  const auto told = sys.problems();
  CHECK(told == std::vector{answer.error()});
  REQUIRE(told.size() == 1);
  CHECK(told.front() == error{errc::shutting_down,
                              "the vm of user, other died: no more ids; what it had "
                              "not paged out is lost"});
  CHECK(sys.ask<done>(drain_request{}).error().code == errc::shutting_down);
  recorder r{sys};
  r.ask<done>(pager.actor(), pager_barrier{});
  CHECK(r.heard() == strings{"shutting_down"});
}

TEST_CASE("the vm's end: a page-out that is not confirmed is answered shutting_down") {
  world_options options;
  auto hangs = std::make_unique<stage>();
  options.writer = hangs->keep(spawn_function(
      hangs->actors(),
      []() -> storage_writer::behavior_type { // it never runs: its stage is not run
        return {[](const commit_request&) { return done{}; }};
      }));
  world w{options};
  recorder r{w};
  w.given(version("a", "1"));
  w.page_out(r);
  CHECK(r.heard() == strings{});
  caf::anon_send_exit(w.vm, caf::exit_reason::user_shutdown);
  CHECK(r.heard() == strings{"shutting_down"});
  hangs.reset(); // it answers at its end, while the other system is still there
}

} // namespace flok::testing
