// Times in buckets, and counters.
#include "runtime/histogram.hpp"

#include <algorithm>
#include <random>
#include <thread>
#include <vector>

#include "runtime/meters.hpp"
#include "tests/catch.hpp"

namespace flok::testing {

TEST_CASE("histogram: buckets follow each other, and each holds the times that it says") {
  for (std::size_t i = 0; i + 1 < time_buckets::count; ++i) {
    REQUIRE(time_buckets::begin(i) < time_buckets::begin(i + 1));
    REQUIRE(time_buckets::of(time_buckets::begin(i)) == i);
    REQUIRE(time_buckets::of(time_buckets::begin(i + 1) - 1) == i);
  }
}

TEST_CASE("histogram: a bucket is at most an eighth of its times wide") {
  for (std::size_t i = 8; i < time_buckets::count; ++i)
    REQUIRE((time_buckets::begin(i + 1) - time_buckets::begin(i)) * 8 <=
            time_buckets::begin(i));
}

TEST_CASE("histogram: quantiles are within an eighth of the exact ones") {
  const auto seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937_64 random{seed};
  histogram h;
  std::vector<std::uint64_t> times;
  for (int i = 0; i < 10'000; ++i) {
    times.push_back(random() >> (30 + random() % 34));
    h.record(times.back());
  }
  std::sort(times.begin(), times.end());
  const auto seen = h.read();
  CHECK(seen.count() == times.size());
  for (const double q : {0.01, 0.5, 0.9, 0.99, 0.999}) {
    const auto exact = static_cast<double>(
        times[static_cast<std::size_t>(q * static_cast<double>(times.size())) - 1]);
    CHECK(static_cast<double>(seen.quantile_ns(q)) >= exact * 7 / 8 - 1);
    CHECK(static_cast<double>(seen.quantile_ns(q)) <= exact * 9 / 8 + 1);
  }
}

TEST_CASE("histogram: nothing, the shortest and what is too long") {
  histogram h;
  CHECK(h.read().quantile_ns(0.5) == 0);
  CHECK(h.read().count() == 0);
  h.record(0);
  h.record(~std::uint64_t{0} >> 1U);
  const auto seen = h.read();
  CHECK(seen.buckets.front() == 1);
  CHECK(seen.buckets.back() == 1);
  CHECK(seen.quantile_ns(1) > std::uint64_t{60'000'000'000});
}

TEST_CASE("histogram: one time may stand for many, and histograms add up") {
  histogram h, other;
  h.record(1000, 16);
  other.record(5000);
  auto all = h.read();
  all += other.read();
  CHECK(all.count() == 17);
  CHECK(all.sum_ns == 21'000);
  CHECK(all.shorter_than(1024) == 16);
  CHECK(all.shorter_than(8192) == 17);
}

TEST_CASE("histogram: several threads record, and nothing is lost") {
  histogram h;
  std::vector<std::thread> threads;
  for (std::uint64_t t = 0; t < 4; ++t)
    threads.emplace_back([&h, t] {
      for (std::uint64_t i = 0; i < 10'000; ++i)
        h.record(1 << t);
    });
  for (auto& t : threads)
    t.join();
  CHECK(h.read().count() == 40'000);
  CHECK(h.read().sum_ns == 150'000);
}

TEST_CASE("meters: read as they stand, in the order in which namespaces were named") {
  meters m;
  const auto b = m.add("b");
  m.add("a");
  ++b->reads;
  b->bytes += 7;
  b->bytes -= 3;
  m.count(errc::pager_down);
  m.page_out.record(1);
  const auto now = m.read();
  REQUIRE(now.namespaces.size() == 2);
  CHECK(now.namespaces[0].ns == "b");
  CHECK(now.namespaces[0].totals.reads == 1);
  CHECK(now.namespaces[0].stats.bytes == 4);
  CHECK(now.namespaces[1].totals == namespace_totals{});
  CHECK(now.problems_of(errc::pager_down) == 1);
  CHECK(now.problems_of(errc::storage_failure) == 0);
  CHECK(now.page_out.count() == 1);
  CHECK(m.find("a") != nullptr);
  CHECK(m.find("c") == nullptr);
}

} // namespace flok::testing
