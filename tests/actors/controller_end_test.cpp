// How controllers end, and what happens to those that are in the middle of something.

#include <atomic>
#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <thread>

#include <unistd.h>

#include "pagers/registry.hpp"
#include "tests/actors/live.hpp"
#include "tests/actors/test_pagers.hpp"

namespace flok::testing {

TEST_CASE("controller: stop ends it, its watches, and all that is posted later") {
  inbox<std::string> heard;
  const auto sys = started();
  const auto c = sys->spawn([&](controller& c) { c.watch("user", "a", telling(heard)); });
  sys->drain();
  REQUIRE(settled(c));
  CHECK(watchers(*sys) == 1);
  c.stop();
  c.stop();
  CHECK(eventually([&] { return watchers(*sys) == 0; }));
  CHECK_FALSE(settled(c));
  REQUIRE(sys->write("user", version("a", "1")).has_value());
  sys->drain();
  CHECK(heard.take().empty());
}

TEST_CASE("controller: quit ends it after the current handler") {
  inbox<std::string> heard;
  const auto sys = started();
  const auto c = sys->spawn([&](controller& c) { c.watch("user", "a", {}); });
  std::promise<void> go;
  c.post([&](controller&) { go.get_future().wait(); });
  c.post([&](controller& c) {
    c.quit();
    heard.put("quits");
  });
  c.post([&](controller&) { heard.put("never"); });
  go.set_value();
  CHECK(heard.next() == "quits");
  CHECK_FALSE(settled(c));
  CHECK(eventually([&] { return watchers(*sys) == 0; }));
  sys->drain();
  CHECK(heard.take().empty());
}

TEST_CASE("controller: quit in its first words") {
  const auto sys = started();
  const auto c = sys->spawn([](controller& c) {
    c.watch("user", "a", {});
    c.quit();
  });
  CHECK_FALSE(settled(c));
  CHECK(eventually([&] { return watchers(*sys) == 0; }));
  sys->drain();
}

TEST_CASE("controller: after quit in a batch no page's handler runs") {
  inbox<std::string> heard;
  const auto sys = started();
  const auto c = sys->spawn([&](controller& c) {
    c.on_updates([&](std::span<const update>) {
      c.quit();
      heard.put("batch");
    });
    c.watch("user", "a", telling(heard));
  });
  sys->drain();
  REQUIRE(sys->write("user", version("a", "1")).has_value());
  CHECK(heard.next() == "batch");
  CHECK_FALSE(settled(c));
  CHECK(heard.take().empty());
}

TEST_CASE("controller: one that throws ends alone") {
  inbox<std::string> heard;
  const auto sys = started();
  const auto bad = sys->spawn([](controller& c) {
    c.watch("user", "a", [](const update&) { throw std::runtime_error{"a test throws"}; });
  });
  const auto worse = sys->spawn([](controller& c) {
    c.watch("user", "a", {});
    throw std::runtime_error{"a test throws at once"};
  });
  const auto good =
      sys->spawn([&](controller& c) { c.watch("user", "a", telling(heard)); });
  sys->drain();
  REQUIRE(sys->write("user", version("a", "1")).has_value());
  CHECK(heard.next() == "a=1 pager");
  CHECK_FALSE(settled(bad));
  CHECK_FALSE(settled(worse));
  CHECK(eventually([&] { return watchers(*sys) == 1; }));
  REQUIRE(sys->write("user", version("a", "2")).has_value());
  CHECK(heard.next() == "a=2 pager");
  CHECK(settled(good));
}

TEST_CASE("controller: on_problem hears which handler threw, and what") {
  inbox<std::string> problems;
  auto options = options_for();
  options.on_problem = [&](const error& e) {
    problems.put(std::string{to_string(e.code)} + ": " + e.message);
  };
  const auto sys = started(std::move(options));
  sys->spawn([](controller&) { throw std::runtime_error{"one"}; });
  CHECK(problems.next() ==
        "controller_down: a controller ended: its handler of its start threw: one");
  sys->spawn([](controller& c) {
    c.read("user", "none", [](const expected<page_ptr>&) { throw 2; });
  });
  CHECK(problems.next() == "controller_down: a controller ended: its handler of an answer "
                           "threw: no std::exception");
  sys->spawn({}).post([](controller&) { throw std::runtime_error{"three"}; });
  CHECK(problems.next() ==
        "controller_down: a controller ended: its handler of posted work threw: three");
  sys->spawn([](controller& c) {
    c.watch("user", "a", [](const update&) { throw std::runtime_error{"four"}; });
  });
  sys->drain();
  REQUIRE(sys->write("user", version("a", "1")).has_value());
  CHECK(problems.next() == "controller_down: a controller ended: its handler of an update, "
                           "namespace user, page a threw: four");
  REQUIRE(sys->close().has_value());
  CHECK(problems.take().empty());
}

TEST_CASE("close: neither who sets events aside nor a pager that is silent holds it up") {
  inbox<std::string> problems;
  auto options = options_for({"user"}, "twins");
  options.patience = std::chrono::milliseconds{20};
  options.on_problem = [&](const error& e) {
    problems.put(std::string{to_string(e.code)});
  };
  auto sys = system::start(std::move(options), *test_pagers());
  REQUIRE(sys.has_value());
  SECTION("a controller that is never ready") {
    (*sys)->spawn([](controller& c) {
      c.deliver_while([] { return false; });
      c.watch("user", "a", {});
    });
    REQUIRE((*sys)->write("user", version("a", "1")).has_value());
    CHECK((*sys)->close().has_value());
    CHECK(problems.take() == strings{"controller_down"});
  }
  SECTION("a pager that is silent") {
    auto never = (*sys)->async_write("user", version("silence", "1"));
    CHECK((*sys)->close().has_value());
    CHECK(problems.take() == strings{"pager_down"});
    CHECK(soon(std::move(never)).error().code == errc::pager_down);
  }
}

TEST_CASE("controller: a watch that is refused leaves what was there, and keeps nothing") {
  inbox<std::string> heard;
  const auto sys = started();
  std::weak_ptr<int> seen;
  const auto c = sys->spawn([&](controller& c) {
    const auto kept = std::make_shared<int>();
    seen = kept;
    const auto never = [kept](const update&) {};
    c.watch("nowhere", "a", never, answering(heard));
    c.watch_sync("nowhere", "a", never, answering(heard));
    c.watch("user", std::string(600, 'x'), never, answering(heard));
    c.watch_sync("user", std::string(600, 'x'), never, answering(heard));
    c.unwatch("nowhere", "a", answering(heard));
  });
  sys->drain();
  CHECK(heard.take() == strings{"unknown_namespace", "unknown_namespace", "id_too_long",
                                "id_too_long", "unknown_namespace"});
  REQUIRE(settled(c));
  CHECK(seen.expired());
}

TEST_CASE("controller: without on_problem failures go to standard error, with namespace "
          "and id") {
  std::FILE* const file = std::tmpfile();
  REQUIRE(file != nullptr);
  const int before = ::dup(STDERR_FILENO);
  REQUIRE(::dup2(::fileno(file), STDERR_FILENO) >= 0);
  {
    const auto sys = started();
    sys->spawn([](controller& c) { c.edit("user", "none", {}); });
    sys->drain();
  }
  (void)::dup2(before, STDERR_FILENO);
  (void)::close(before);
  std::rewind(file);
  std::string said(200, '\0');
  said.resize(std::fread(said.data(), 1, said.size(), file));
  (void)std::fclose(file);
  CHECK(said.starts_with("flok: no_such_page: namespace user: no page none"));
}

TEST_CASE("controller: a handle may outlive its controller and its system") {
  controller_ref c;
  {
    const auto sys = started();
    c = sys->spawn([](controller& c) { c.watch("user", "a", {}); });
    sys->drain();
  }
  CHECK_FALSE(settled(c));
  c.stop();
  const auto copy = c;
  c = {};
  CHECK_FALSE(settled(copy));
}

TEST_CASE("controller: what is posted may hold the handle that it is posted to") {
  const auto sys = started();
  const auto held = std::make_shared<int>(0);
  {
    const auto c = sys->spawn({});
    c.post([c, held](controller& self) { self.quit(); });
    for (int i = 0; i < 10; ++i)
      c.post([c, held](controller&) {});
    CHECK_FALSE(settled(c));
    c.post([c, held](controller&) {});
  }
  CHECK(eventually([&] { return held.use_count() == 1; }));
}

TEST_CASE("controller: handlers are gone once the system is closed") {
  const auto sys = started();
  const auto held = std::make_shared<int>(0);
  for (int i = 0; i < 20; ++i)
    sys->spawn([held](controller& c) {
      c.watch("user", "a", [held](const update&) {});
      c.on_updates([held](std::span<const update>) {});
      c.on_error([held](const error&) {});
    });
  REQUIRE(sys->close().has_value());
  CHECK(held.use_count() == 1);
}

TEST_CASE("controller: many come and go while pages change") {
  std::atomic<bool> stop{false};
  std::atomic<int> updates{0};
  inbox<std::string> heard;
  const auto sys = started();
  std::thread writer{[&] {
    for (int n = 0; !stop; ++n)
      (void)sys->write("user", version("a", std::to_string(n)));
  }};
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t)
    threads.emplace_back([&] {
      for (int n = 0; n < 40; ++n) {
        const auto c = sys->spawn([&](controller& c) {
          c.watch("user", "a", [&](const update&) { ++updates; });
        });
        if (n % 2 == 0)
          c.stop();
        else
          c.post([](controller& c) { c.quit(); });
      }
    });
  for (auto& t : threads)
    t.join();
  const auto last =
      sys->spawn([&](controller& c) { c.watch("user", "a", telling(heard)); });
  heard.next();
  heard.next();
  stop = true;
  writer.join();
  CHECK(eventually([&] { return watchers(*sys) == 1; }));
}

TEST_CASE("controller: hundreds of one page each get every version once, in order") {
  std::vector<inbox<std::string>> heard(200);
  const auto sys = started();
  constexpr int versions = 20;
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (std::size_t i = t; i < heard.size(); i += 4)
        sys->spawn([&, i](controller& c) { c.watch("user", "a", telling(heard[i])); });
    });
  for (auto& t : threads)
    t.join();
  sys->drain();
  for (int n = 0; n < versions; ++n)
    REQUIRE(sys->write("user", version("a", std::to_string(n))).has_value());
  sys->drain();
  strings all;
  for (int n = 0; n < versions; ++n)
    all.push_back("a=" + std::to_string(n) + " pager");
  int right = 0;
  for (auto& h : heard)
    right += h.take() == all ? 1 : 0;
  CHECK(right == 200);
}

} // namespace flok::testing
