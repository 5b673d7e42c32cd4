#include "bench/told_count.hpp"

#include <chrono>
#include <stdexcept>

namespace flok::bench {

namespace {

constexpr std::chrono::seconds longest{20};

} // namespace

void told_count::add(std::size_t n) {
  const std::lock_guard lock{mutex_};
  count_ += n;
  if (until_ != 0 && count_ >= until_)
    enough_.notify_one();
}

void told_count::wait(std::size_t until) {
  std::unique_lock lock{mutex_};
  until_ = until;
  if (!enough_.wait_for(lock, longest, [&] { return count_ >= until_; }))
    throw std::runtime_error{"watchers were not told of all versions"};
  until_ = 0;
}

} // namespace flok::bench
