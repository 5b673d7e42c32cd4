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

/// What happened in one namespace since the system was started, as in the shell's `stats`.
/// What is asked of a vm counts when it begins with it; `peek` asks nobody.
struct namespace_totals {
  std::uint64_t reads = 0;           ///< `read` and `read_sync` requests
  std::uint64_t writes = 0;          ///< `write` and `edit` requests
  std::uint64_t removals = 0;        ///< `erase` and `invalidate` requests
  std::uint64_t watches = 0;         ///< `watch` requests
  std::uint64_t hits = 0;            ///< reads and watches that found the page in memory
  std::uint64_t notifications = 0;   ///< messages to watchers; one of several pages is one
  std::uint64_t loaded = 0;          ///< pages that were looked for on disk, found or not
  std::uint64_t committed = 0;       ///< pages, and deletions, that a commit put on disk
  std::uint64_t load_failures = 0;   ///< pages that could not be looked for
  std::uint64_t commit_failures = 0; ///< commits that failed with pages of it
  std::uint64_t damaged = 0;         ///< records that were there and could not be used
  std::uint64_t pager_failures = 0;  ///< times its pager died, or could not be made

  friend bool operator==(const namespace_totals&, const namespace_totals&) = default;
};

} // namespace flok
