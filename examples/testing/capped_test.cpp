#include <flok/testing.hpp>

#include "examples/testing/capped.hpp"
#include "examples/testing/catch.hpp"

using namespace flok::testing;

namespace {

virtual_options capped_at_two() {
  virtual_options options;
  options.namespaces = {{"user", spawn_capped, R"({"most": 2})"}};
  return options;
}

} // namespace

TEST_CASE("capped: what is within the bound is cached, and told") {
  virtual_system sys{capped_at_two()};
  recording_controller seen{sys};
  seen.watch("user", "a");
  REQUIRE(sys.write("user", array_page("a", {{"x"}, {"y"}})));
  CHECK(seen.next_words() == R"(user/a [{"_id":"x"},{"_id":"y"}] pager)");
}

TEST_CASE("capped: what is beyond it is refused, and changes nothing") {
  virtual_system sys{capped_at_two()};
  recording_controller seen{sys};
  seen.watch("user", "a");
  const auto refused = sys.write("user", array_page("a", {{"x"}, {"y"}, {"z"}}));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == flok::errc::unsupported);
  CHECK(refused.error().message == "too many entries");
  CHECK(seen.seen().empty());
}

TEST_CASE("capped: bad options end it, again and again, and that is told") {
  virtual_options options;
  options.namespaces = {{"user", spawn_capped, R"({"most": "many"})"}};
  virtual_system sys{options};
  CHECK(sys.problems().back().code == flok::errc::pager_down);
  CHECK(sys.write("user", array_page("a")).error().code == flok::errc::pager_down);
}
