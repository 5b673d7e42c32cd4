// Who watches what, both ways. Private to the core.
#pragma once

#include <cstddef>
#include <unordered_map>
#include <vector>

#include "runtime/frame.hpp"
#include "runtime/pending_work.hpp"

namespace flok {

/// The notify map and its inverse. A frame's watchers are kept in the frame
/// (`frame::watchers`, in no particular order), so that a notification walks one flat
/// array; this table is its inverse and the only one to change either. It knows each
/// watcher's place in each frame's array, and corrects the one that a removal moves in the
/// same step. All operations are O(1), but for `remove_all` and what waits for a slow
/// watcher.
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

  /// Removes all of a watcher's pairs; gives their frames in order of creation.
  std::vector<frame*> remove_all(watcher_id id);

  /// Someone who watches anything, or null.
  [[nodiscard]] watcher* find(watcher_id id);

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
  static void take_out(frame& f, std::uint32_t place);
  void forget(watcher& w);

  pending_work& work_;
  std::unordered_map<watcher_id, watcher> watchers_;
};

} // namespace flok
