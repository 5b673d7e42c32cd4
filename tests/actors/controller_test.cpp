// Controllers, as a program that embeds flok writes them.

#include <array>
#include <atomic>
#include <thread>

#include "pagers/registry.hpp"
#include "testing/temp_dir.hpp"
#include "tests/actors/live.hpp"

namespace flok::testing {

TEST_CASE("controller: a handle of none does nothing") {
  const controller_ref none;
  none.post([](controller&) { FAIL("nobody is there"); });
  none.stop();
}

TEST_CASE("controller: a watch tells what is on disk, in memory, and every change") {
  const temp_dir dir;
  REQUIRE(started(dir / "data")->write("user", version("a", "1")).has_value());
  inbox<std::string> first, second;
  const auto sys = started(dir / "data");
  const auto c1 = sys->spawn(
      [&](controller& c) { c.watch("user", "a", telling(first), answering(first)); });
  CHECK(first.next() == "done");
  CHECK(first.next() == "a=1 disk");
  sys->spawn([&](controller& c) { c.watch("user", "a", telling(second)); });
  CHECK(second.next() == "a=1 cache");
  REQUIRE(sys->write("user", version("a", "2")).has_value());
  CHECK(first.next() == "a=2 pager");
  CHECK(second.next() == "a=2 pager");
  REQUIRE(sys->write("user", version("a", "2")).has_value()); // unmodified
  sys->drain();
  CHECK(first.take().empty());
  CHECK(settled(c1));
}

TEST_CASE("controller: watch_sync is answered after its page, or that there is none") {
  const temp_dir dir;
  REQUIRE(started(dir / "data")->write("user", version("a", "1")).has_value());
  inbox<std::string> heard;
  const auto sys = started(dir / "data");
  sys->spawn([&](controller& c) {
    c.watch_sync("user", "a", telling(heard), answering(heard));
    c.watch_sync("user", "b", telling(heard), answering(heard));
  });
  sys->drain();
  auto all = heard.take();
  REQUIRE(all.size() == 3);
  const auto at = [&](std::string_view what) {
    return std::find(all.begin(), all.end(), what) - all.begin();
  };
  CHECK(at("a=1 disk") < at("done"));
  CHECK(at("no_such_page") < 3);
  REQUIRE(sys->write("user", version("b", "1")).has_value());
  CHECK(heard.next() == "b=1 pager");
}

TEST_CASE("controller: events wait while it is not ready, and end at the newest") {
  constexpr int versions = 1000;
  inbox<std::string> heard;
  std::atomic<bool> ready = false;
  const auto sys = started();
  const auto c = sys->spawn([&](controller& c) {
    c.deliver_while([&] { return ready.load(); });
    c.watch("user", "a", telling(heard));
  });
  for (int i = 1; i <= versions; ++i)
    REQUIRE(sys->write("user", version("a", std::to_string(i))).has_value());
  CHECK(heard.take().empty());
  ready = true;
  c.post([](controller& self) { self.resume(); });
  int count = 1;
  while (heard.next() != "a=" + std::to_string(versions) + " pager")
    ++count;
  CHECK(count <= static_cast<int>(limits::undelivered) + 1);
  REQUIRE(sys->write("user", version("a", "last")).has_value());
  CHECK(heard.next() == "a=last pager");
}

TEST_CASE("controller: a handler that resumes is over before the next event is told") {
  inbox<std::string> heard;
  const auto sys = started();
  bool ready = false;
  const auto c = sys->spawn([&](controller& self) {
    self.deliver_while([&] { return ready; });
    self.watch("user", "a", [&, kept = std::make_shared<std::string>("a")](const update&) {
      self.unwatch("user", "a");
      self.deliver_while({});
      self.resume();
      heard.put(*kept + " is over");
    });
    self.watch("user", "b", [&](const update&) { heard.put("b"); });
  });
  REQUIRE(sys->write("user", version("a", "1")).has_value());
  REQUIRE(sys->write("user", version("b", "1")).has_value());
  c.post([&](controller& self) {
    ready = true;
    self.resume();
  });
  CHECK(heard.next() == "a is over");
  CHECK(heard.next() == "b");
}

TEST_CASE("controller: unwatch ends its handler, watching again replaces it") {
  inbox<std::string> heard;
  const auto sys = started();
  const auto c = sys->spawn([&](controller& c) {
    c.watch("user", "a", [&](const update&) { heard.put("old"); });
    c.watch("user", "a", telling(heard));
  });
  REQUIRE(settled(c));
  sys->drain();
  REQUIRE(sys->write("user", version("a", "1")).has_value());
  CHECK(heard.next() == "a=1 pager");
  c.post([&](controller& c) { c.unwatch("user", "a", answering(heard)); });
  CHECK(heard.next() == "done");
  CHECK(watchers(*sys) == 0);
  REQUIRE(sys->write("user", version("a", "2")).has_value());
  sys->drain();
  CHECK(heard.take().empty());
}

TEST_CASE("controller: a handler may end its own watch, and watch others") {
  inbox<std::string> heard;
  const auto sys = started();
  sys->spawn([&](controller& c) {
    c.watch("user", "a", [&c, &heard, kept = std::string(100, 'k')](const update& u) {
      c.unwatch("user", "a");
      c.watch("user", "b", telling(heard));
      heard.put(in_words(u) + ' ' + kept.substr(99)); // what it holds is still there
    });
  });
  sys->drain();
  REQUIRE(sys->write("user", version("a", "1")).has_value());
  CHECK(heard.next() == "a=1 pager k");
  sys->drain();
  REQUIRE(sys->write("user", version("a", "2")).has_value());
  REQUIRE(sys->write("user", version("b", "1")).has_value());
  CHECK(heard.next() == "b=1 pager");
}

TEST_CASE("controller: what a handler holds may end its watch when it goes") {
  struct on_end {
    std::function<void()> run;
    explicit on_end(std::function<void()> f) : run{std::move(f)} {}
    ~on_end() { run(); }
  };
  inbox<std::string> heard;
  const auto sys = started();
  sys->spawn([&](controller& c) {
    const auto guard = std::make_shared<on_end>([&] { c.unwatch("user", "a"); });
    c.watch("user", "a", [guard](const update&) {});
  });
  sys->spawn([&](controller& c) {
    auto guard = std::make_shared<on_end>([&] {
      heard.put("gone");
      c.unwatch("user", "a");
    });
    c.watch("user", "a", [guard](const update&) {});
    guard.reset();
    c.watch("user", "a", telling(heard)); // ends what it has just begun
    c.watch("user", "b", telling(heard));
  });
  CHECK(heard.next() == "gone");
  sys->drain();
  REQUIRE(sys->write("user", version("a", "1")).has_value());
  REQUIRE(sys->write("user", version("b", "1")).has_value());
  CHECK(heard.next() == "b=1 pager");
}

TEST_CASE("controller: handlers for all updates and for errors may replace themselves") {
  inbox<std::string> heard;
  const auto sys = started();
  sys->spawn([&](controller& c) {
    c.on_updates([&, kept = std::string(100, '1')](std::span<const update>) {
      c.on_updates([&](std::span<const update>) { heard.put("second"); });
      heard.put("first " + kept.substr(99));
    });
    c.on_error([&, kept = std::string(100, '1')](const error&) {
      c.on_error([&](const error&) { heard.put("second error"); });
      heard.put("first error " + kept.substr(99));
    });
    c.watch("nowhere", "a", {});
    c.watch("nowhere", "a", {});
    c.watch("user", "a", {});
  });
  CHECK(heard.next() == "first error 1");
  CHECK(heard.next() == "second error");
  sys->drain();
  REQUIRE(sys->write("user", version("a", "1")).has_value());
  CHECK(heard.next() == "first 1");
  REQUIRE(sys->write("user", version("a", "2")).has_value());
  CHECK(heard.next() == "second");
}

TEST_CASE("controller: drafts are made, written, copied and written again") {
  inbox<std::string> ids;
  inbox<page_ptr> pages;
  const auto sys = started();
  sys->spawn([&](controller& c) {
    auto d = c.new_page(page_kind::array);
    (void)d.insert_text(0, R"({"title":"hello"})");
    const auto first = *d.finish();
    ids.put(std::string{first->id()});
    c.watch("user", first->id(), [&](const update& u) {
      pages.put(u.page);
      if (u.page->size() != 1)
        return;
      auto copy = c.copy_page(u.page);
      (void)copy.insert_text(1, R"({"title":"world"})");
      c.write("user", *copy.finish(), [&](const expected<page_ptr>& p) { pages.put(*p); });
    });
    c.write("user", first);
  });
  CHECK(ids.next().size() == 36);
  CHECK(pages.next()->size() == 1);
  const auto changed = pages.next();
  REQUIRE(changed->size() == 2);
  CHECK(changed->member(1, "title") == R"("world")");
  CHECK(pages.next() == changed); // the answer is the page that was written
}

TEST_CASE("controller: edits happen where the page is") {
  inbox<std::string> heard;
  const auto sys = started();
  std::vector<controller_ref> all;
  for (int i = 0; i < 4; ++i)
    all.push_back(sys->spawn([&](controller& c) {
      for (int n = 0; n < 25; ++n)
        c.edit("user", "list", {insert_edit{0, "{}"}}, page_kind::array);
    }));
  sys->drain();
  for (const auto& c : all)
    REQUIRE(settled(c));
  sys->drain();
  CHECK((*sys->read("user", "list"))->size() == 100);
  sys->spawn([&](controller& c) {
    c.edit("user", "list", {erase_edit{100}}, {}, answering_page(heard));
    c.edit("user", "none", {erase_edit{0}}, {}, answering_page(heard));
  });
  CHECK(heard.next() == "bad_index");
  CHECK(heard.next() == "no_such_page");
}

TEST_CASE("controller: failures go to the answer, else to on_error, else to on_problem") {
  inbox<std::string> problems;
  auto options = options_for();
  options.on_problem = [&](const error& e) {
    problems.put(std::string{to_string(e.code)});
  };
  inbox<std::string> heard;
  const auto sys = started(std::move(options));
  sys->spawn([&](controller& c) {
    c.write("nowhere", version("a", "1"));
    c.edit("user", "none", {});
    c.on_error(
        [&](const error& e) { heard.put("error " + std::string{to_string(e.code)}); });
    c.watch("nowhere", "a", {}, answering(heard));
    c.read("nowhere", "a", answering_page(heard));
    c.watch("user", std::string(600, 'x'), {});
    c.write("user", nullptr);
  });
  CHECK(problems.next() == "unknown_namespace");
  CHECK(heard.next() == "unknown_namespace");
  CHECK(heard.next() == "unknown_namespace");
  // The first edit's failure comes back after `on_error` was set.
  CHECK(heard.next() == "error id_too_long"); // known before it is sent
  CHECK(heard.next() == "error no_such_page");
  CHECK(heard.next() == "error invalid_page");
  CHECK(problems.take().empty());
}

TEST_CASE("controller: reads find what is there, or say that nothing is") {
  inbox<std::string> heard;
  const auto sys = started();
  sys->spawn([&](controller& c) {
    c.read("user", "a", answering_page(heard));
    c.read_sync("user", "a", answering_page(heard));
    c.write("user", version("a", "1"), answering_page(heard));
    c.read("user", "b", answering_page(heard));
  });
  CHECK(heard.next() == "no_such_page");
  sys->drain();
  CHECK(heard.take().size() == 3);
  sys->spawn([&](controller& c) { c.read_sync("user", "a", answering_page(heard)); });
  CHECK(heard.next() == "a=1");
}

TEST_CASE("controller: what several threads post runs, each thread's in its order") {
  std::vector<std::pair<int, int>> ran; // touched in the controller only
  const auto sys = started();
  const auto c = sys->spawn({});
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&ran, c, t] {
      for (int n = 0; n < 250; ++n)
        c.post([&ran, t, n](controller&) { ran.emplace_back(t, n); });
    });
  for (auto& t : threads)
    t.join();
  REQUIRE(settled(c));
  REQUIRE(ran.size() == 1000);
  std::array<int, 4> next{};
  bool ordered = true;
  for (const auto& [t, n] : ran)
    ordered = ordered && next[static_cast<std::size_t>(t)]++ == n;
  CHECK(ordered);
}

} // namespace flok::testing
