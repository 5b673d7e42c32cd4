// Pages that may be evicted, by when they were used last. Private to the core.
#pragma once

#include "frame.hpp"

namespace flok {

/// An intrusive list of frames: all operations are O(1) and allocate nothing.
class lru_list {
public:
  /// Makes `f` the one that was used last.
  void touch(frame& f) {
    remove(f);
    f.listed = true;
    f.older = newest_;
    (newest_ != nullptr ? newest_->newer : oldest_) = &f;
    newest_ = &f;
  }

  void remove(frame& f) {
    if (!f.listed)
      return;
    (f.older != nullptr ? f.older->newer : oldest_) = f.newer;
    (f.newer != nullptr ? f.newer->older : newest_) = f.older;
    f.older = f.newer = nullptr;
    f.listed = false;
  }

  /// The one that was not used for the longest time, or null.
  [[nodiscard]] frame* oldest() const { return oldest_; }

private:
  frame* oldest_ = nullptr;
  frame* newest_ = nullptr;
};

} // namespace flok
