// A flok in virtual time, as programs test with it.

#include <chrono>

#include "pagers/registry.hpp"
#include "pagers/spec.hpp"
#include "testing/recording_controller.hpp"
#include "testing/spec_log.hpp"
#include "testing/virtual_system.hpp"
#include "tests/catch.hpp"

namespace flok::testing {

using namespace std::chrono_literals;

namespace {

virtual_options served_by(const std::string& pager, const std::string& options = "{}") {
  virtual_options v;
  v.namespaces = {{"user", pager_registry{}.factory(pager), options}};
  return v;
}

pager_actor::behavior_type silent_pager() {
  return {[](const pager_init&) {},
          [](const pager_watch&) {},
          [](const pager_unwatch&) {},
          [](const pager_read&) { return pager_read_reply{}; },
          [](const pager_write&) { return done{}; },
          [](const pager_delete&) { return done{}; },
          [](const pager_invalidate&) { return done{}; },
          [](const pager_barrier&) { return done{}; }};
}

} // namespace

TEST_CASE("virtual system: requests are those of a system") {
  virtual_system sys;
  const auto v1 = version("a", "1");
  CHECK(sys.read("user", "a").error().code == errc::no_such_page);
  CHECK(sys.write("user", v1).value()->unmodified(*v1));
  CHECK(sys.write("user", version("a", "2"), {.if_hash = ""}).error().code ==
        errc::conflict);
  CHECK(sys.read("user", "a").value()->unmodified(*v1));
  CHECK(sys.list("user").value() == strings{"a"});
  CHECK(sys.page_out() == 1U);
  CHECK(sys.on_disk("user", "a").page->unmodified(*v1));
  CHECK(sys.erase("user", "a"));
  CHECK(sys.page_out() == 1U);
  CHECK(sys.on_disk("user", "a").page == nullptr);
  CHECK(sys.read("nowhere", "a").error().code == errc::unknown_namespace);
  CHECK_THROWS_AS(sys.stats("nowhere"), failed);
}

TEST_CASE("virtual system: a recording controller sees what is told, in order") {
  virtual_system sys;
  sys.put_on_disk("user", version("a", "1"), true);
  recording_controller c{sys};
  c.watch("user", "a");
  c.watch("user", "b");
  REQUIRE(sys.write("user", version("b", "1")));
  REQUIRE(sys.write("user", version("a", "2")));
  REQUIRE(sys.erase("user", "a"));
  CHECK(c.next("user", "b").why == origin::pager);
  const auto first = c.next();
  CHECK((first.id == "a" && first.why == origin::disk && first.pending));
  CHECK(label(*c.next().page) == "a=2");
  CHECK(c.next_words() == "user/a deleted");
  CHECK_THROWS_AS(c.next(), failed);
  CHECK(c.seen().size() == 4);
  CHECK(c.seen("user", "b").size() == 1);
  c.unwatch("user", "b");
  CHECK(sys.stats().watchers == 1);
  CHECK_THROWS_AS(c.watch("nowhere", "a"), failed);
}

TEST_CASE("virtual system: what waits for time comes when time has passed") {
  virtual_system sys{served_by(
      "net_sim",
      R"({"delay_ms":50,"pages":[{"_id":"a","_type":"hash","entries":{"k":{"v":1}}}]})")};
  recording_controller c{sys};
  c.watch("user", "a");
  CHECK_THROWS_AS(sys.read("user", "a"), failed);
  sys.advance(49ms);
  CHECK(c.seen().empty());
  sys.advance(1ms);
  CHECK(c.next_words() == R"(user/a {"k":{"v":1}} pager)");
}

TEST_CASE("virtual system: the disk fails when told to, and problems are told") {
  virtual_system sys;
  sys.disk->on_commit([] { return failure(errc::storage_failure, "full"); });
  REQUIRE(sys.write("user", version("a", "1")));
  CHECK(sys.page_out().error().code == errc::storage_failure);
  CHECK(sys.problems().size() == 1);
  CHECK(sys.problems().empty());
  CHECK(sys.stats().dirty == 1);
  sys.disk->on_commit({});
  CHECK(sys.page_out() == 1U);
}

TEST_CASE("virtual system: a controller that throws is a problem, and has ended") {
  virtual_system sys;
  sys.spawn([](controller& c) {
    c.watch("user", "a", [](const update&) { throw std::runtime_error{"oh"}; });
  });
  REQUIRE(sys.write("user", version("a", "1")));
  const auto problems = sys.problems();
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].code == errc::controller_down);
  CHECK(sys.stats().watchers == 0);
}

TEST_CASE("virtual system: what a spec pager has heard") {
  virtual_system sys{served_by("spec", R"({"x":1})")};
  recording_controller c{sys};
  c.watch("user", "a");
  REQUIRE(sys.write("user", version("a", "1")));
  const auto log = spec_log(sys, "user");
  CHECK(log["init"]["options"] == nlohmann::json{{"x", 1}});
  CHECK(log["watch"].size() == 1);
  CHECK(log["write"][0]["_id"] == "a");
  CHECK_THROWS_AS(spec_log(sys, "nowhere"), failed);
}

TEST_CASE("virtual system: a restart finds what was paged out") {
  virtual_options options;
  {
    virtual_system before{options};
    REQUIRE(before.write("user", version("a", "1")));
    before.advance(60s);
  }
  virtual_system after{options};
  recording_controller c{after};
  c.watch("user", "a");
  CHECK(c.next().why == origin::disk);
}

TEST_CASE("virtual system: what it cannot play is refused, and says why") {
  virtual_options options;
  options.namespaces = {{"user", {}, {}}, {"user", {}, {}}};
  CHECK_THROWS_WITH(virtual_system{options}, "the namespace user is given twice");
  options.namespaces = {{"user",
                         [](caf::actor_system& actors) {
                           return spawn_function<caf::detached>(
                               actors, [] { return silent_pager(); });
                         },
                         {}}};
  CHECK_THROWS_WITH(virtual_system{options},
                    "a pager has a thread of its own, which knows no virtual time: spawn "
                    "it without caf::detached here");
}

TEST_CASE("virtual system: a timer that is set again and again runs each time") {
  virtual_system sys;
  int ticks = 0;
  const auto timer =
      sys.keep(spawn_function(sys.actors(), [&](caf::event_based_actor* self) {
        return caf::behavior{[&ticks, self](int every) {
          ++ticks;
          send_later(self, std::chrono::milliseconds{every}, self, every);
        }};
      }));
  send_from_outside(timer, 100);
  sys.advance(std::chrono::seconds{1});
  CHECK(ticks == 11);
  send_from_outside(timer, 0); // without a delay: time passes all the same
  sys.advance(std::chrono::milliseconds{50});
  CHECK(ticks >= 11 + 50);
}

} // namespace flok::testing
