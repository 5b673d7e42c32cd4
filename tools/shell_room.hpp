// How much memory the shell's answers may take before they are printed.
#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <functional>
#include <optional>
#include <unordered_map>
#include <utility>

#include "runtime/limits.hpp"

namespace flok::tools {

/// Begins operations whose answers may be large only while there is room for them: where
/// what is printed and not read yet is at most the limit, and the answers of those under
/// way are expected to be (`limits::unread_output_bytes`, each), or nothing is under way.
///
/// How large an answer will be is asked for when its turn comes. Where that is not known,
/// the answers before tell: one that was larger than expected counts at once, smaller ones
/// by and by, so that large ones are met one by one, and small ones soon many at a time.
///
/// Pure, and not for several threads at once.
class shell_room {
public:
  using expected_bytes = std::function<std::optional<std::size_t>()>;

  /// `ready`: whether there is room for what is printed. After false, `advance` is to be
  /// called once there is.
  explicit shell_room(std::function<bool()> ready) : ready_{std::move(ready)} {}

  /// Calls `start` now or later, in order; `ended` must follow with the same `op`, which
  /// names the operation, perhaps before `start` returns.
  void begin(const void* op, expected_bytes bytes, std::function<void()> start) {
    waiting_.push_back({op, std::move(bytes), std::move(start)});
    advance();
  }

  /// It is answered, with so many bytes.
  void ended(const void* op, std::size_t bytes) {
    const auto entry = under_way_.find(op);
    const auto [charged, known] = entry->second;
    under_way_.erase(entry);
    charged_ -= charged;
    if (!known)
      guess_ = bytes > guess_ ? std::min(bytes, limit)
                              : std::max(guess_ - (guess_ - bytes) / 8, least_guess);
    advance();
  }

  /// Begins what there is room for.
  void advance() {
    if (std::exchange(advancing_, true))
      return; // by what was started just now
    while (!waiting_.empty() && ready_()) {
      const auto known = waiting_.front().bytes();
      const auto bytes = known.value_or(guess_);
      if (!under_way_.empty() && charged_ + bytes > limit)
        break;
      const auto next = std::move(waiting_.front());
      waiting_.pop_front();
      charged_ += bytes;
      under_way_.emplace(next.op, charge{bytes, known.has_value()});
      next.start();
    }
    advancing_ = false;
  }

private:
  static constexpr std::size_t limit = limits::unread_output_bytes;

  /// So that at most 64 of unknown size are under way: as many as storage loads at once.
  static constexpr std::size_t least_guess = limit / limits::loads_at_once;

  struct waiting {
    const void* op;
    expected_bytes bytes;
    std::function<void()> start;
  };

  struct charge {
    std::size_t bytes;
    bool known;
  };

  std::function<bool()> ready_;
  std::deque<waiting> waiting_;
  std::unordered_map<const void*, charge> under_way_;
  std::size_t charged_ = 0;   ///< of those
  std::size_t guess_ = limit; ///< how large an answer will be
  bool advancing_ = false;
};

} // namespace flok::tools
