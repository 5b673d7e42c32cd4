// How long something took, in buckets that grow with the time.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace flok {

/// Times in nanoseconds, counted in buckets: eight of the same width between two powers of
/// two, so that a time is known to an eighth of it. Times over 68 seconds count as that.
namespace time_buckets {

inline constexpr unsigned precision = 3; ///< bits of a time that tell its bucket
inline constexpr unsigned longest = 36;  ///< bits of the longest time
inline constexpr std::size_t count = std::size_t{longest - precision + 1} << precision;

constexpr std::size_t of(std::uint64_t ns) noexcept {
  ns = std::min(ns, (std::uint64_t{1} << longest) - 1);
  if (ns < (1U << precision))
    return static_cast<std::size_t>(ns);
  const auto shift = static_cast<unsigned>(std::bit_width(ns)) - 1 - precision;
  return static_cast<std::size_t>((std::uint64_t{shift} << precision) + (ns >> shift));
}

/// The shortest time of a bucket; of the one behind the last, where that ends.
constexpr std::uint64_t begin(std::size_t bucket) noexcept {
  const std::size_t octave = bucket >> precision;
  const std::uint64_t within = bucket & ((1U << precision) - 1);
  return octave == 0 ? within : (within + (1U << precision)) << (octave - 1);
}

static_assert(of(begin(count - 1)) == count - 1 && begin(count) == std::uint64_t{1}
                                                                       << longest);
static_assert(of(7) == 7 && of(8) == 8 && of(16) == 16 && of(17) == 16 && begin(16) == 16);

} // namespace time_buckets

/// What a histogram held when it was looked at.
struct latencies {
  std::array<std::uint64_t, time_buckets::count> buckets{};
  std::uint64_t sum_ns = 0; ///< of all times

  [[nodiscard]] std::uint64_t count() const noexcept {
    std::uint64_t all = 0;
    for (const auto n : buckets)
      all += n;
    return all;
  }

  /// How many were shorter than `ns`, a power of two.
  [[nodiscard]] std::uint64_t shorter_than(std::uint64_t ns) const noexcept {
    std::uint64_t all = 0;
    for (std::size_t i = 0; i < buckets.size() && time_buckets::begin(i) < ns; ++i)
      all += buckets[i];
    return all;
  }

  /// The time that a part `q` of all, from 0 to 1, did not exceed: the middle of its
  /// bucket. 0 where there are none.
  [[nodiscard]] std::uint64_t quantile_ns(double q) const noexcept {
    const auto all = static_cast<double>(count());
    std::uint64_t passed = 0;
    for (std::size_t i = 0; i < buckets.size(); ++i) {
      passed += buckets[i];
      if (buckets[i] != 0 && static_cast<double>(passed) >= q * all)
        return (time_buckets::begin(i) + time_buckets::begin(i + 1)) / 2;
    }
    return 0;
  }

  latencies& operator+=(const latencies& other) noexcept {
    for (std::size_t i = 0; i < buckets.size(); ++i)
      buckets[i] += other.buckets[i];
    sum_ns += other.sum_ns;
    return *this;
  }

  friend bool operator==(const latencies&, const latencies&) = default;
};

/// A histogram that any thread may record in and read, without a lock.
class histogram {
public:
  /// Counts one time as `times` of them: one that stands for others that were not taken.
  void record(std::uint64_t ns, std::uint64_t times = 1) noexcept {
    buckets_[time_buckets::of(ns)].fetch_add(times, std::memory_order_relaxed);
    sum_ns_.fetch_add(ns * times, std::memory_order_relaxed);
  }

  [[nodiscard]] latencies read() const noexcept {
    latencies now;
    for (std::size_t i = 0; i < buckets_.size(); ++i)
      now.buckets[i] = buckets_[i].load(std::memory_order_relaxed);
    now.sum_ns = sum_ns_.load(std::memory_order_relaxed);
    return now;
  }

private:
  std::array<std::atomic<std::uint64_t>, time_buckets::count> buckets_{};
  std::atomic<std::uint64_t> sum_ns_{0};
};

} // namespace flok
