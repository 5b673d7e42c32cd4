// What is counted.
#pragma once

#include <cstdint>

namespace flok {

/// Counts of one namespace, as in the shell's `stats`.
struct namespace_stats {
  std::uint64_t pages = 0;    ///< resident
  std::uint64_t dirty = 0;    ///< changed, and not known to be on disk
  std::uint64_t watched = 0;  ///< pages with a watcher
  std::uint64_t watchers = 0; ///< pairs of page and watcher
  std::uint64_t loads = 0;    ///< under way
  std::uint64_t bytes = 0;    ///< of resident pages, as `page::memory_bytes` tells
  std::uint64_t evicted = 0;  ///< pages given up for want of room, so far
  std::uint64_t merged = 0;   ///< notifications that a newer one made needless, so far

  friend bool operator==(const namespace_stats&, const namespace_stats&) = default;
};

} // namespace flok
