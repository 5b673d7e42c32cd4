// A number that is counted in one place and read in any.
#pragma once

#include <atomic>
#include <cstdint>

namespace flok {

/// Changed by one thread at a time, read by any. A change costs what one of a plain integer
/// does; a reader sees it some time later, and two counters not as of one moment.
class counter {
public:
  counter& operator+=(std::uint64_t n) noexcept {
    value_.store(get() + n, std::memory_order_relaxed);
    return *this;
  }
  counter& operator-=(std::uint64_t n) noexcept {
    value_.store(get() - n, std::memory_order_relaxed);
    return *this;
  }
  counter& operator++() noexcept { return *this += 1; }
  counter& operator--() noexcept { return *this -= 1; }

  /// Counts one where several threads may do so at a time; never mixed with the others.
  void add_shared() noexcept { value_.fetch_add(1, std::memory_order_relaxed); }

  [[nodiscard]] std::uint64_t get() const noexcept {
    return value_.load(std::memory_order_relaxed);
  }

private:
  std::atomic<std::uint64_t> value_{0};
};

} // namespace flok
