// What a system counts and times (docs/metrics.md).
#include <atomic>
#include <thread>

#include "actors/timing.hpp"
#include "testing/pages.hpp"
#include "testing/temp_dir.hpp"
#include "tests/actors/live.hpp"
#include "tests/actors/test_pagers.hpp"

namespace flok::testing {

namespace {

const namespace_metrics& user(const metrics& m) { return m.namespaces.at(0); }

} // namespace

TEST_CASE("metrics: reads and writes are counted and timed") {
  const auto sys = started();
  for (int i = 0; i < 10; ++i)
    REQUIRE(sys->write("user", version("a", std::to_string(i))));
  for (int i = 0; i < 5; ++i)
    REQUIRE(sys->read("user", "a"));
  const auto now = sys->metrics();
  REQUIRE(now.namespaces.size() == 1);
  CHECK(user(now).ns == "user");
  CHECK(user(now).totals.writes == 10);
  CHECK(user(now).totals.reads == 5);
  CHECK(user(now).totals.hits == 5);
  CHECK(user(now).stats.pages == 1);
  // Of those that find others waiting not all are timed; these come one by one, but the
  // pager's messages may be there already.
  CHECK(user(now).write.count() >= 1);
  CHECK(user(now).write.count() <= 10);
  CHECK(user(now).read.count() == 5);
  CHECK(user(now).read.quantile_ns(0.99) > 0);
  CHECK(user(now).read.sum_ns > 0);
}

TEST_CASE(
    "metrics: an event that is timed stands for those before it, not for later ones") {
  sampler s;
  CHECK(s.times(true) == 1);
  std::uint64_t counted = 1;
  for (std::uint64_t n = 2; n <= 1000; ++n) {
    const auto times = s.times(n % 100 != 0);
    CHECK((times != 0) == (n % 100 == 0 || n - counted == 16));
    counted += times;
    CHECK(counted <= n);
    CHECK(counted + 16 > n);
  }
}

TEST_CASE("metrics: how long a change takes to its last watcher is timed there") {
  const auto sys = started();
  std::atomic<int> told{0};
  for (int i = 0; i < 3; ++i)
    sys->spawn(
        [&](controller& self) { self.watch("user", "a", [&](const update&) { ++told; }); });
  sys->drain();
  REQUIRE(sys->write("user", version("a", "1")));
  sys->drain();
  CHECK(told == 3);
  const auto now = sys->metrics();
  CHECK(user(now).totals.notifications == 3);
  CHECK(user(now).totals.watches == 3);
  // One change is one time, and this one is timed unless a message came right behind it.
  CHECK(eventually([&, next = 2]() mutable {
    (void)sys->write("user", version("a", std::to_string(next++)));
    sys->drain();
    return user(sys->metrics()).notify.count() > 0;
  }));
}

TEST_CASE("metrics: loads and page-outs are counted and timed") {
  const temp_dir dir;
  {
    const auto sys = started(dir / "data");
    REQUIRE(sys->write("user", version("a", "1")));
    CHECK(sys->page_out() == 1);
    const auto now = sys->metrics();
    CHECK(user(now).totals.committed == 1);
    CHECK(user(now).totals.loaded == 1); // whether the write replaced anything
    CHECK(user(now).load.count() == 1);
    CHECK(now.page_out.count() == 1);
    CHECK(now.page_out.quantile_ns(0.5) > 1000);
  }
  const auto sys = started(dir / "data");
  REQUIRE(sys->read("user", "a"));
  CHECK(user(sys->metrics()).totals.loaded == 1);
  CHECK(user(sys->metrics()).totals.hits == 0);
}

TEST_CASE("metrics: failures count by kind: disk, pager, handler") {
  const temp_dir dir;
  auto options = options_for({"user"}, "mortal");
  options.data = dir / "data";
  options.on_problem = [](const error&) {};
  auto started = system::start(std::move(options), *test_pagers());
  REQUIRE(started);
  auto& sys = **started;
  REQUIRE(sys.write("user", version("a", "1")));
  REQUIRE(sys.inject(store_fault::commit_fails));
  CHECK_FALSE(sys.page_out());
  CHECK(user(sys.metrics()).totals.commit_failures >= 1);
  REQUIRE(sys.inject(store_fault::read_fails));
  CHECK_FALSE(sys.read("user", "b"));
  CHECK(user(sys.metrics()).totals.load_failures == 1);
  REQUIRE(sys.inject(store_fault::none));
  CHECK(eventually([&] { return sys.metrics().problems_of(errc::storage_failure) >= 2; }));
  (void)sys.write("user", version("death", "1"));
  CHECK(eventually([&] { return user(sys.metrics()).totals.pager_failures == 1; }));
  CHECK(eventually([&] { return sys.metrics().problems_of(errc::pager_down) == 1; }));
  sys.spawn([](controller&) { throw std::runtime_error{"a fault"}; });
  CHECK(eventually([&] { return sys.metrics().problems_of(errc::controller_down) == 1; }));
}

TEST_CASE("metrics: any thread reads them while others work, and they never go back") {
  const auto sys = started(options_for({"a", "b"}));
  std::atomic<bool> over{false};
  std::atomic<int> wrong{0};
  std::thread reader{[&] {
    metrics before = sys->metrics();
    while (!over) {
      const auto now = sys->metrics();
      for (std::size_t i = 0; i < now.namespaces.size(); ++i)
        wrong += now.namespaces[i].totals.writes < before.namespaces[i].totals.writes ||
                 now.namespaces[i].write.count() < before.namespaces[i].write.count();
      before = now;
    }
  }};
  for (int i = 0; i < 500; ++i)
    for (const char* ns : {"a", "b"})
      if (!sys->write(ns, version("p", std::to_string(i))))
        ++wrong;
  over = true;
  reader.join();
  CHECK(wrong == 0);
  const auto now = sys->metrics();
  CHECK(now.namespaces[0].totals.writes == 500);
  CHECK(now.namespaces[1].totals.writes == 500);
}

TEST_CASE("metrics: a handler may read them, and so may who has closed the system") {
  const auto sys = started();
  inbox<std::uint64_t> seen;
  sys->spawn([&](controller& self) {
    self.watch("user", "a", [&](const update&) {
      seen.put(sys->metrics().namespaces[0].totals.writes);
    });
  });
  sys->drain();
  REQUIRE(sys->write("user", version("a", "1")));
  CHECK(seen.next() == 1);
  REQUIRE(sys->close());
  CHECK(sys->metrics().namespaces.at(0).totals.writes == 1);
}

} // namespace flok::testing
