// Threads on one core, where a measurement is of one thread's work.
#pragma once

#include <sched.h>

namespace flok::bench {

/// As long as it lives, the calling thread stays on one core, and so do threads it starts.
class pin_to_core {
public:
  /// The number of a core among those that this thread may use, counted from 0.
  explicit pin_to_core(unsigned which = 0);
  ~pin_to_core();
  pin_to_core(const pin_to_core&) = delete;
  pin_to_core& operator=(const pin_to_core&) = delete;

private:
  cpu_set_t before_{};
};

} // namespace flok::bench
