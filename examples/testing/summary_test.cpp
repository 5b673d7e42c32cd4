#include <flok/testing.hpp>

#include "examples/testing/catch.hpp"
#include "examples/testing/summary.hpp"

using namespace flok::testing;

TEST_CASE("summary: follows the page that it sums up") {
  virtual_system sys; // one namespace, "user", of a mem pager, over a disk in memory
  recording_controller seen{sys};
  seen.watch("user", "summary");
  sys.spawn(keep_summary);

  REQUIRE(sys.write("user", array_page("news", {{"a", {{"title", "hello"}}}, {"b"}})));
  CHECK(seen.next_words() == R"(user/summary {"news":{"entries":2}} pager)");

  REQUIRE(sys.erase("user", "news"));
  CHECK(seen.next_words() == R"(user/summary {"news":{"entries":0}} pager)");
}

TEST_CASE("summary: begins with what is on disk") {
  virtual_system sys;
  sys.put_on_disk("user", array_page("news", {{"a"}, {"b"}, {"c"}}));
  sys.spawn(keep_summary);
  CHECK(in_words(*sys.read("user", "summary").value()) ==
        R"(summary {"news":{"entries":3}})");
}

TEST_CASE("summary: a disk that fails loses nothing once it is well again") {
  virtual_system sys;
  sys.spawn(keep_summary);
  sys.disk->on_commit([] { return flok::failure(flok::errc::storage_failure, "full"); });
  REQUIRE(sys.write("user", array_page("news", {{"a"}})));
  CHECK_FALSE(sys.page_out());
  CHECK(sys.problems().size() == 1);

  sys.disk->on_commit({});
  sys.advance(std::chrono::minutes{1}); // no time passes but here
  CHECK(in_words(*sys.on_disk("user", "summary").page) ==
        R"(summary {"news":{"entries":1}})");
}
