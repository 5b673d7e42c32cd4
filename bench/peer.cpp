#include "bench/peer.hpp"

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

// Where the library of a peer is not installed, the rows say so.

#ifndef FLOK_BENCH_REDIS
std::unique_ptr<peer> start_redis() {
  throw std::runtime_error{"built without libhiredis-dev"};
}
std::unique_ptr<peer> start_redis_with_client_cache() { return start_redis(); }
#endif

#ifndef FLOK_BENCH_NATS
std::unique_ptr<peer> start_nats() {
  throw std::runtime_error{"built without libnats-dev"};
}
#endif

#ifndef FLOK_BENCH_SQLITE
std::unique_ptr<peer> start_sqlite() {
  throw std::runtime_error{"built without libsqlite3-dev"};
}
#endif

} // namespace flok::bench
