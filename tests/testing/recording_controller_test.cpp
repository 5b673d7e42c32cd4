// A recording controller in a system with real threads.

#include "pagers/registry.hpp"
#include "testing/recording_controller.hpp"
#include "testing/spec_log.hpp"
#include "tests/actors/live.hpp"
#include "tests/actors/test_pagers.hpp"

namespace flok::testing {

TEST_CASE("recording controller: waits for what other threads cause") {
  const auto sys = started();
  recording_controller c{*sys};
  c.watch("user", "a", {.changes = true});
  std::thread writer{[&] {
    for (int i = 1; i <= 20; ++i)
      (void)sys->write("user", version("a", std::to_string(i)));
    (void)sys->write("user", version("b", "1"));
  }};
  const auto last =
      c.until("user", "a", [](const sighting& s) { return label(*s.page) == "a=20"; });
  CHECK(last.why == origin::pager);
  c.watch("user", "b");
  CHECK(c.next("user", "b").ns == "user");
  writer.join();
  const auto of_a = c.seen("user", "a");
  CHECK(of_a.size() + 1 == c.seen().size());
  CHECK(of_a.front().changes == nullptr);
  CHECK(of_a.back().changes != nullptr);
}

TEST_CASE("recording controller: pages that came together are known by their message") {
  auto options = options_for({"user"}, "twins");
  const auto pagers = test_pagers();
  const auto sys = system::start(std::move(options), *pagers).value();
  recording_controller c{*sys};
  c.watch("user", "a");
  c.watch("user", "twin-a");
  REQUIRE(sys->write("user", version("a", "1")));
  REQUIRE(sys->write("user", version("a", "2")));
  const auto one = c.next(), other = c.next(), third = c.next();
  CHECK(one.message == other.message);
  CHECK(one.id != other.id);
  CHECK(third.message != one.message);
}

TEST_CASE("recording controller: it is gone with its object, and its watches too") {
  const auto sys = started();
  {
    recording_controller c{*sys};
    c.watch("user", "a");
    CHECK(watchers(*sys) == 1);
    CHECK_THROWS_AS(c.watch("nowhere", "a"), failed);
  }
  CHECK(eventually([&] { return watchers(*sys) == 0; }));
}

TEST_CASE("spec log: of a system with real threads") {
  const auto sys = started(options_for({"user"}, "spec"));
  REQUIRE(sys->write("user", version("a", "1")));
  CHECK(spec_log(*sys, "user")["write"][0]["_id"] == "a");
  CHECK_THROWS_AS(spec_log(*sys, "nowhere"), failed);
}

} // namespace flok::testing
