// Who watches what, both ways. Private to the core.
#pragma once

#include <cstddef>
#include <unordered_map>
#include <vector>

#include "frame.hpp"
#include "pending_work.hpp"

namespace flok {

/// The notify map and its inverse. A frame's watchers are kept in the frame
/// (`frame::watchers`, in no particular order), so that a notification walks one flat
/// array; a watcher's pages likewise. Each of a pair's two entries knows the place of the
/// other, so that either array fills a gap with its last entry and corrects one number,
/// without a search. This table is the only one to change either. Whether a pair is there
/// is seen in the shorter array, or, where both are long, in the watcher's index. All
/// operations are O(1), but for `remove_all` and what waits for a slow watcher.
class watch_table {
public:
  /// News that waits counts as work under way in `work`, which must outlive the table.
  explicit watch_table(pending_work& work) : work_{work} {}

  struct added {
    watching& pair;
    bool is_new;
  };
  added add(watcher_id id, frame& f);

  /// Whether the pair was there.
  bool remove(watcher_id id, frame& f);

  /// Removes all of a watcher's pairs; gives what it watched, in the order in which it
  /// began to as long as none was removed: one that runs share.
  std::vector<watched> remove_all(watcher_id id);

  /// Someone who watches anything, or null.
  [[nodiscard]] watcher* find(watcher_id id);

  /// A pair that is there.
  [[nodiscard]] static watching& pair_of(const watcher& w, frame& f);

  /// The number of watchers that watch anything.
  [[nodiscard]] std::size_t watchers() const { return watchers_.size(); }

  // -- news that waits --------------------------------------------------------

  /// The pair's news is to be sent later. False where that was so already.
  bool hold(watching& pair, frame& f);

  /// It is not to be sent later any more.
  void release(watching& pair, frame& f);

  /// All that waits for a watcher, which waits no longer.
  [[nodiscard]] std::vector<frame*> take_waiting(watcher& w);

private:
  static void add_page(watcher& w, frame& f);
  static void take_out(frame& f, std::uint32_t place);
  static void take_out(watcher& w, std::uint32_t place);
  void forget(watcher& w);

  pending_work& work_;
  std::unordered_map<watcher_id, watcher> watchers_;
};

} // namespace flok
