// What must wait: a pager that is slow, or dies with an answer owed, and a restart.
#include <functional>
#include <memory>
#include <optional>

#include <flok/testing.hpp>

#include "examples/testing/catch.hpp"
#include "examples/testing/summary.hpp"

using namespace flok::testing;

namespace {

virtual_options paged_by(const scripted_pager& pager) {
  virtual_options options;
  options.namespaces = {{"user", pager.factory(), "{}"}};
  return options;
}

/// With real threads, over a real disk.
std::unique_ptr<flok::system> started(const temp_dir& home,
                                      std::function<void(const flok::error&)> on_problem) {
  flok::system_options options;
  options.config.pagers = {{"mem", "user", "{}"}};
  options.config.debug = true; // for `inject`
  options.data = home / "data";
  options.on_problem = std::move(on_problem);
  return flok::system::start(std::move(options), *flok::builtin_pagers()).value();
}

} // namespace

TEST_CASE("waiting: an answer that comes late") {
  scripted_pager pager;
  virtual_system sys{paged_by(pager)};
  pager.hold(); // `sys.write` would throw, since its answer has to wait: a controller can
  std::optional<flok::expected<flok::page_ptr>> answer;
  sys.spawn([&](flok::controller& self) {
    self.write("user", array_page("news", {{"a"}}),
               [&](const flok::expected<flok::page_ptr>& written) { answer = written; });
  });
  CHECK_FALSE(answer);

  pager.release();
  sys.run();
  REQUIRE(answer);
  CHECK(*answer);
}

TEST_CASE("waiting: an answer that never comes, since the pager dies first") {
  scripted_pager pager;
  virtual_system sys{paged_by(pager)};
  pager.hold();
  std::optional<flok::expected<flok::page_ptr>> answer;
  sys.spawn([&](flok::controller& self) {
    self.write("user", array_page("news", {{"a"}}),
               [&](const flok::expected<flok::page_ptr>& written) { answer = written; });
  });
  pager.die();
  sys.run();
  REQUIRE(answer);
  CHECK(answer->error().code == flok::errc::pager_down);
  sys.advance(std::chrono::milliseconds{10}); // when it is started again
  CHECK(pager.lives() == 2);
}

TEST_CASE("waiting: what a restart finds") {
  const virtual_options options; // and its disk, which both lives share
  {
    virtual_system yesterday{options};
    yesterday.spawn(keep_summary);
    REQUIRE(yesterday.write("user", array_page("news", {{"a"}, {"b"}})));
    REQUIRE(yesterday.page_out());
  }
  virtual_system today{options};
  recording_controller seen{today};
  seen.watch("user", "summary");
  CHECK(seen.next_words() == R"(user/summary {"news":{"entries":2}} disk)");
}

TEST_CASE("waiting: for other threads") {
  const temp_dir home;
  inbox<flok::error> problems;
  const auto sys = started(home, [&](const flok::error& e) { problems.put(e); });
  recording_controller seen{*sys};
  seen.watch("user", "news");
  auto written = sys->async_write("user", array_page("news", {{"a"}, {"b"}}));
  seen.until("user", "news",
             [](const sighting& s) { return s.page && s.page->size() == 2; });
  CHECK(soon(std::move(written)));
  REQUIRE(sys->inject(flok::store_fault::commit_fails));
  CHECK_FALSE(sys->page_out());
  CHECK(problems.next().code == flok::errc::storage_failure);
  const auto failures = [&] {
    return sys->metrics().problems_of(flok::errc::storage_failure);
  };
  CHECK(eventually([&] { return failures() != 0; }));
  REQUIRE(sys->inject(flok::store_fault::none));
}
