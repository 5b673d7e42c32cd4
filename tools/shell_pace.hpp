// How fast the shell's operations may cause events.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <utility>

#include "runtime/limits.hpp"

namespace flok::tools {

/// Begins operations that cause events in waves, and lets the session's controllers deal
/// with what one wave has caused before the next: whoever writes to the shell as fast as it
/// reads must not outrun its watchers, which would get newest versions only.
///
/// Pure, and not for several threads at once.
class shell_pace {
public:
  /// `pass` calls what it is given once the controllers have dealt with all they were sent.
  explicit shell_pace(std::function<void(std::function<void()>)> pass)
      : pass_{std::move(pass)} {}

  /// Calls `start` now or in a later wave, in order; `ended` must follow for each.
  void begin(std::function<void()> start) {
    waiting_.push_back(std::move(start));
    advance();
  }

  void ended() {
    --under_way_;
    advance();
  }

private:
  /// A wave and what a watcher has not reported yet are fewer than would be too many.
  static constexpr std::size_t wave = limits::undelivered - limits::credit_batch;

  void advance() {
    if (std::exchange(advancing_, true))
      return; // by what was started just now
    while (!waiting_.empty() && begun_ < wave) {
      const auto start = std::move(waiting_.front());
      waiting_.pop_front();
      ++begun_;
      ++under_way_;
      start();
    }
    advancing_ = false;
    if (waiting_.empty() || under_way_ != 0 || std::exchange(passing_, true))
      return;
    pass_([this] {
      passing_ = false;
      begun_ = 0;
      advance();
    });
  }

  std::function<void(std::function<void()>)> pass_;
  std::deque<std::function<void()>> waiting_;
  std::size_t begun_ = 0;     ///< in this wave
  std::size_t under_way_ = 0; ///< of those, not ended
  bool passing_ = false;
  bool advancing_ = false;
};

} // namespace flok::tools
