#include "bench/peer.hpp"

#include <stdexcept>

namespace flok::bench {

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
