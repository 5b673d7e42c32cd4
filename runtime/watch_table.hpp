// Who watches what: the notify map and its inverse, always true to each other.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "runtime/effects.hpp"
#include "runtime/frame.hpp"

namespace flok {

/// The notify map lies in the frames (`frame::watchers`, in no particular order), so that a
/// notification walks one flat array; this table is its inverse and the only one to change
/// either. It knows each watcher's place in each frame's array, and corrects the one that a
/// removal moves in the same step. All operations are O(1), but for `remove_all`.
class watch_table {
public:
  /// Whether this is a new pair.
  bool add(watcher_id watcher, frame& f);

  /// Whether the pair was there.
  bool remove(watcher_id watcher, frame& f);

  /// Removes all of a watcher's pairs; gives their frames in order of creation.
  std::vector<frame*> remove_all(watcher_id watcher);

  /// The number of watchers that watch anything.
  [[nodiscard]] std::size_t watchers() const { return places_.size(); }

private:
  using places = std::unordered_map<frame*, std::uint32_t>;

  void take_out(frame& f, std::uint32_t place);

  std::unordered_map<watcher_id, places> places_;
};

} // namespace flok
