#include "runtime/watch_table.hpp"

#include <limits>
#include <utility>

namespace flok {

namespace {

/// An array of more entries is not searched from front to back.
constexpr std::size_t long_array = 32;

constexpr auto nowhere = std::numeric_limits<std::uint32_t>::max();

/// The place of the frame in `w.pages`.
std::uint32_t find_place(const watcher& w, const frame& f) {
  if (!w.index.empty() && f.watchers.size() > long_array) {
    const auto entry = w.index.find(&f);
    return entry == w.index.end() ? nowhere : entry->second;
  }
  if (f.watchers.size() <= w.pages.size()) {
    for (const auto& pair : f.watchers)
      if (pair.who == &w)
        return pair.place;
    return nowhere;
  }
  for (std::uint32_t i = 0; i < w.pages.size(); ++i)
    if (w.pages[i].page == &f)
      return i;
  return nowhere;
}

} // namespace

watch_table::added watch_table::add(watcher_id id, frame& f) {
  auto& w = watchers_.try_emplace(id, id).first->second;
  const auto known = find_place(w, f);
  if (known != nowhere)
    return {f.watchers[w.pages[known].place], false};
  add_page(w, f);
  return {f.watchers.back(), true};
}

void watch_table::add_page(watcher& w, frame& f) {
  const auto place = static_cast<std::uint32_t>(w.pages.size());
  w.pages.push_back({&f, static_cast<std::uint32_t>(f.watchers.size())});
  f.watchers.push_back({.who = &w, .place = place});
  if (!w.index.empty())
    w.index.emplace(&f, place);
  else if (w.pages.size() > long_array)
    for (std::uint32_t i = 0; i < w.pages.size(); ++i)
      w.index.emplace(w.pages[i].page, i);
}

watching& watch_table::pair_of(const watcher& w, frame& f) {
  return f.watchers[w.pages[find_place(w, f)].place];
}

watcher* watch_table::find(watcher_id id) {
  const auto entry = watchers_.find(id);
  return entry == watchers_.end() ? nullptr : &entry->second;
}

/// Fills the gap with the last watcher of the frame.
void watch_table::take_out(frame& f, std::uint32_t place) {
  const watching moved = f.watchers.back();
  f.watchers.pop_back();
  if (place == f.watchers.size())
    return;
  f.watchers[place] = moved;
  moved.who->pages[moved.place].place = place;
}

/// Fills the gap with the last page of the watcher.
void watch_table::take_out(watcher& w, std::uint32_t place) {
  if (!w.index.empty())
    w.index.erase(w.pages[place].page);
  const watched moved = w.pages.back();
  w.pages.pop_back();
  if (place == w.pages.size())
    return;
  w.pages[place] = moved;
  moved.page->watchers[moved.place].place = place;
  if (!w.index.empty())
    w.index.at(moved.page) = place;
}

bool watch_table::remove(watcher_id id, frame& f) {
  watcher* w = find(id);
  if (w == nullptr)
    return false;
  const auto at = find_place(*w, f);
  if (at == nowhere)
    return false;
  const auto place = w->pages[at].place;
  release(f.watchers[place], f);
  take_out(f, place);
  take_out(*w, at);
  if (w->pages.empty())
    forget(*w);
  return true;
}

std::vector<watched> watch_table::remove_all(watcher_id id) {
  watcher* w = find(id);
  if (w == nullptr)
    return {};
  auto pages = std::move(w->pages);
  for (const auto& [f, place] : pages)
    take_out(*f, place);
  forget(*w);
  return pages;
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
    pair_of(w, *f).waiting = false;
  return frames;
}

} // namespace flok
