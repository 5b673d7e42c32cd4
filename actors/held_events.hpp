// Events that a controller was sent and that wait. Private to the controller.
#pragma once

#include <chrono>
#include <deque>
#include <functional>

namespace flok {

/// Of a controller that takes its time over each event, or still has some of that time, or
/// is not always ready for one.
struct held_events {
  struct event {
    std::function<void()> run;
    bool takes_time = false;
  };

  std::chrono::milliseconds each{}; ///< what each takes
  std::function<bool()> ready;      ///< null: always
  std::deque<event> queue;

  /// Whether an event may be told at once.
  [[nodiscard]] bool at_rest() const {
    return queue.empty() && each.count() == 0 && (!ready || ready());
  }
};

} // namespace flok
