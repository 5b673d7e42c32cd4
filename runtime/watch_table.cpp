#include "runtime/watch_table.hpp"

#include <algorithm>

namespace flok {

bool watch_table::add(watcher_id watcher, frame& f) {
  const auto place = static_cast<std::uint32_t>(f.watchers.size());
  if (!places_[watcher].try_emplace(&f, place).second)
    return false;
  f.watchers.push_back(watcher);
  return true;
}

/// Fills the gap with the last watcher of the frame, whose place is corrected.
void watch_table::take_out(frame& f, std::uint32_t place) {
  const watcher_id moved = f.watchers.back();
  f.watchers.pop_back();
  if (place == f.watchers.size())
    return;
  f.watchers[place] = moved;
  places_.at(moved).at(&f) = place;
}

bool watch_table::remove(watcher_id watcher, frame& f) {
  const auto entry = places_.find(watcher);
  if (entry == places_.end())
    return false;
  const auto at = entry->second.find(&f);
  if (at == entry->second.end())
    return false;
  const auto place = at->second;
  entry->second.erase(at);
  take_out(f, place);
  if (entry->second.empty())
    places_.erase(entry);
  return true;
}

std::vector<frame*> watch_table::remove_all(watcher_id watcher) {
  std::vector<frame*> frames;
  const auto entry = places_.find(watcher);
  if (entry == places_.end())
    return frames;
  frames.reserve(entry->second.size());
  for (const auto& [f, place] : entry->second) {
    take_out(*f, place);
    frames.push_back(f);
  }
  places_.erase(entry);
  std::sort(frames.begin(), frames.end(),
            [](const frame* a, const frame* b) { return a->serial < b->serial; });
  return frames;
}

} // namespace flok
