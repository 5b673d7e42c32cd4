#include "runtime/watch_table.hpp"

#include <algorithm>
#include <utility>

namespace flok {

watch_table::added watch_table::add(watcher_id id, frame& f) {
  auto& w = watchers_.try_emplace(id, id).first->second;
  const auto place = static_cast<std::uint32_t>(f.watchers.size());
  const auto [entry, is_new] = w.places.try_emplace(&f, place);
  if (is_new)
    f.watchers.push_back({&w});
  return {f.watchers[entry->second], is_new};
}

watcher* watch_table::find(watcher_id id) {
  const auto entry = watchers_.find(id);
  return entry == watchers_.end() ? nullptr : &entry->second;
}

/// Fills the gap with the last watcher of the frame, whose place is corrected.
void watch_table::take_out(frame& f, std::uint32_t place) {
  const watching moved = f.watchers.back();
  f.watchers.pop_back();
  if (place == f.watchers.size())
    return;
  f.watchers[place] = moved;
  moved.who->places.at(&f) = place;
}

bool watch_table::remove(watcher_id id, frame& f) {
  watcher* w = find(id);
  if (w == nullptr)
    return false;
  const auto entry = w->places.find(&f);
  if (entry == w->places.end())
    return false;
  const auto place = entry->second;
  release(f.watchers[place], f);
  w->places.erase(entry);
  take_out(f, place);
  if (w->places.empty())
    forget(*w);
  return true;
}

std::vector<frame*> watch_table::remove_all(watcher_id id) {
  std::vector<frame*> frames;
  watcher* w = find(id);
  if (w == nullptr)
    return frames;
  frames.reserve(w->places.size());
  for (const auto& [f, place] : w->places) {
    take_out(*f, place);
    frames.push_back(f);
  }
  forget(*w);
  std::sort(frames.begin(), frames.end(),
            [](const frame* a, const frame* b) { return a->serial < b->serial; });
  return frames;
}

void watch_table::forget(watcher& w) {
  if (!w.waiting.empty())
    work_.end(w.since);
  watchers_.erase(w.id);
}

bool watch_table::hold(watching& pair, frame& f) {
  if (std::exchange(pair.waiting, true))
    return false;
  if (pair.who->waiting.empty())
    pair.who->since = work_.begin();
  pair.who->waiting.push_back(&f);
  return true;
}

void watch_table::release(watching& pair, frame& f) {
  if (!std::exchange(pair.waiting, false))
    return;
  std::erase(pair.who->waiting, &f);
  if (pair.who->waiting.empty())
    work_.end(pair.who->since);
}

std::vector<frame*> watch_table::take_waiting(watcher& w) {
  auto frames = std::exchange(w.waiting, {});
  if (!frames.empty())
    work_.end(w.since);
  for (frame* f : frames)
    f->watchers[w.places.at(f)].waiting = false;
  return frames;
}

} // namespace flok
