// What the log says, and that it says nothing unasked.
#include <algorithm>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include <spdlog/sinks/ringbuffer_sink.h>
#include <spdlog/spdlog.h>

#include "testing/pages.hpp"
#include "testing/temp_dir.hpp"
#include "tests/actors/live.hpp"
#include "tests/actors/test_pagers.hpp"

namespace flok::testing {

namespace {

/// A logger whose lines a test reads, as "level: line".
class captured {
public:
  captured() { logger->set_pattern("%l: %v"), logger->set_level(spdlog::level::info); }

  [[nodiscard]] bool has(const std::string& beginning) const {
    const auto lines = sink_->last_formatted();
    return std::any_of(lines.begin(), lines.end(),
                       [&](const auto& l) { return l.starts_with(beginning); });
  }
  [[nodiscard]] bool empty() const { return sink_->last_formatted().empty(); }

private:
  std::shared_ptr<spdlog::sinks::ringbuffer_sink_mt> sink_ =
      std::make_shared<spdlog::sinks::ringbuffer_sink_mt>(1000);

public:
  std::shared_ptr<spdlog::logger> logger =
      std::make_shared<spdlog::logger>("captured", sink_);
};

system_options logging_to(const captured& log, std::optional<std::string> data = {},
                          const std::string& pager = "mem") {
  auto options = options_for({"user"}, pager);
  options.data = std::move(data);
  options.logger = log.logger;
  return options;
}

/// Changes a byte of what is on disk of a text.
void damage(const std::string& file, const std::string& text) {
  std::ifstream in{file, std::ios::binary};
  std::string all{std::istreambuf_iterator<char>{in}, {}};
  bool found = false;
  for (auto at = all.find(text); at != std::string::npos; at = all.find(text, at + 1)) {
    all[at] = static_cast<char>(all[at] ^ 1);
    found = true;
  }
  REQUIRE(found);
  std::ofstream{file, std::ios::binary} << all;
}

} // namespace

TEST_CASE("log: a start, a store that is opened, and an end") {
  const temp_dir dir;
  const captured log;
  const auto sys = started(logging_to(log, dir / "data"));
  CHECK(log.has("info: store_opened path=\"" + std::string{dir / "data"} + "\" bytes="));
  CHECK(log.has("info: started namespaces=\"user\" data=\""));
  REQUIRE(sys->write("user", version("a", "1")));
  REQUIRE(sys->close());
  CHECK(log.has("info: closed pages_committed=1"));
}

TEST_CASE("log: a pager that died, and its restart") {
  const captured log;
  const auto sys = system::start(logging_to(log, {}, "mortal"), *test_pagers());
  REQUIRE(sys);
  (void)(*sys)->write("user", version("death", "1"));
  CHECK(eventually([&] { return log.has("info: pager_restarted namespace=\"user\""); }));
  CHECK(log.has("warning: pager_restart namespace=\"user\" after_ms=10"));
  CHECK(eventually([&] {
    return log.has("error: problem code=\"pager_down\" "
                   "message=\"the pager of user died\"");
  }));
}

TEST_CASE("log: a page-out that failed, and when it is tried again") {
  const temp_dir dir;
  const captured log;
  const auto sys = started(logging_to(log, dir / "data"));
  REQUIRE(sys->write("user", version("a", "1")));
  REQUIRE(sys->inject(store_fault::commit_fails));
  CHECK_FALSE(sys->page_out());
  CHECK(eventually([&] { return log.has("error: problem code=\"storage_failure\""); }));
  CHECK(eventually([&] { return log.has("warning: page_out_retry after_ms=100"); }));
  REQUIRE(sys->inject(store_fault::none));
}

TEST_CASE("log: a damaged record") {
  const temp_dir dir;
  REQUIRE(started(dir / "data")->write("user", version("a", "to-be-damaged")));
  damage(dir / "data/data.mdb", "to-be-damaged");
  const captured log;
  const auto sys = started(logging_to(log, dir / "data"));
  CHECK_FALSE(sys->read("user", "a"));
  CHECK(eventually([&] {
    return log.has("error: problem code=\"storage_failure\" message=\"" +
                   std::string{dir / "data"} + ": user/a: ");
  }));
  CHECK(sys->metrics().namespaces.at(0).totals.damaged == 1);
}

TEST_CASE("log: watchers that fall behind, once an interval") {
  const captured log;
  auto options = logging_to(log);
  options.config.pageout.interval_ms = 1;
  const auto sys = started(std::move(options));
  std::promise<void> go_on;
  sys->spawn([&](controller& self) {
    self.watch("user", "a", [wait = go_on.get_future().share()](const update&) {
      wait.wait(); // holds up this controller alone: there are two threads at least
    });
  });
  for (int i = 0; i < 600; ++i)
    REQUIRE(sys->write("user", version("a", std::to_string(i))));
  CHECK(eventually(
      [&] { return log.has("warning: watchers_behind namespace=\"user\" merged="); }));
  go_on.set_value();
}

TEST_CASE("log: a level that is off is silent, and on_problem hears all the same") {
  const captured log;
  log.logger->set_level(spdlog::level::off);
  inbox<errc> problems;
  auto options = logging_to(log);
  options.on_problem = [&](const error& e) { problems.put(e.code); };
  const auto sys = started(std::move(options));
  sys->spawn([](controller&) { throw std::runtime_error{"a test throws"}; });
  CHECK(problems.next() == errc::controller_down);
  CHECK(log.empty());
}

TEST_CASE("log: without a logger nothing is logged, whatever spdlog's default is") {
  const captured log;
  const auto before = spdlog::default_logger();
  spdlog::set_default_logger(log.logger);
  {
    const temp_dir dir;
    auto options = options_for();
    options.data = dir / "data";
    options.on_problem = [](const error&) {};
    const auto sys = started(std::move(options));
    sys->spawn([](controller&) { throw std::runtime_error{"a test throws"}; });
    sys->drain();
  }
  spdlog::set_default_logger(before);
  CHECK(log.empty());
}

} // namespace flok::testing
