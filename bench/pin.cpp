#include "bench/pin.hpp"

namespace flok::bench {

pin_to_core::pin_to_core(unsigned which) {
  sched_getaffinity(0, sizeof before_, &before_);
  which %= static_cast<unsigned>(CPU_COUNT(&before_));
  for (unsigned core = 0; core < CPU_SETSIZE; ++core) {
    if (!CPU_ISSET(core, &before_) || which-- != 0)
      continue;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(core, &one);
    sched_setaffinity(0, sizeof one, &one);
    return;
  }
}

pin_to_core::~pin_to_core() { sched_setaffinity(0, sizeof before_, &before_); }

} // namespace flok::bench
