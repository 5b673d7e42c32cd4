// Taking times in an actor, at a cost that does not show.
#pragma once

#include <chrono>
#include <cstdint>
#include <utility>

#include "../runtime/histogram.hpp"

namespace flok {

using time_source = std::chrono::steady_clock;

[[nodiscard]] inline std::uint64_t nanoseconds_since(time_source::time_point then) {
  const auto took = time_source::now() - then;
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(took).count());
}

/// A time that is being taken; of none, where `into` is null.
struct timing {
  histogram* into = nullptr; ///< outlives it
  std::uint64_t times = 0;   ///< how many it stands for
  time_source::time_point began{};

  void end() const {
    if (into != nullptr)
      into->record(nanoseconds_since(began), times);
  }
};

/// When a message was sent that many share, and who of them tells how long that took. It is
/// not told to other machines, whose clocks are their own.
struct time_sent {
  time_source::time_point at{};
  std::uint64_t times = 0; ///< how many messages it stands for; 0: it is not timed
  std::uint64_t last = 0;  ///< the id of the actor that it was sent to last
};

/// Says which events of a kind are timed. Looking at the clock takes as long as sending a
/// message does: while others wait for the actor, one in sixteen is, and stands for those
/// before it as well. One histogram's, and one actor's.
class sampler {
public:
  /// How many events this one stands for; 0: it is not timed.
  [[nodiscard]] std::uint64_t times(bool others_wait) {
    if (++untimed_ < next_ && others_wait)
      return 0;
    next_ = every;
    return std::exchange(untimed_, 0);
  }

  [[nodiscard]] timing begin(histogram& into, bool others_wait) {
    const auto n = times(others_wait);
    return n == 0 ? timing{} : timing{&into, n, time_source::now()};
  }

private:
  static constexpr std::uint64_t every = 16;
  std::uint64_t next_ = 1; ///< the first one is
  std::uint64_t untimed_ = 0;
};

} // namespace flok
