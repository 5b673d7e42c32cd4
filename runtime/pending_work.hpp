// Which work is still under way, by when it was asked for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>

namespace flok {

/// Counts work in epochs, so that a drain waits for what came before it and not for what
/// came after, however much that is.
class pending_work {
public:
  using epoch = std::uint64_t;

  /// Work begins; its epoch is to be given back when it ends.
  [[nodiscard]] epoch begin() {
    ++counts_[now_];
    return now_;
  }

  void end(epoch of) {
    const auto entry = counts_.find(of);
    if (--entry->second == 0)
      counts_.erase(entry);
  }

  /// Closes the current epoch and gives it: all that has begun so far is in it or before
  /// it.
  [[nodiscard]] epoch close() { return now_++; }

  /// Whether all work of that epoch and of those before it has ended.
  [[nodiscard]] bool done(epoch of) const {
    return counts_.empty() || counts_.begin()->first > of;
  }

private:
  std::map<epoch, std::size_t> counts_;
  epoch now_ = 0;
};

} // namespace flok
