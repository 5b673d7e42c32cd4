#include "runtime/notices.hpp"

#include <algorithm>
#include <bit>
#include <map>
#include <span>
#include <tuple>
#include <utility>

#include "runtime/hash_slots.hpp"
#include "runtime/limits.hpp"

namespace flok {

/// Whether the pair's watcher gets the news now; where not, it waits.
bool notices::take(watching& pair, frame& f, origin from) {
  if (!pair.every && pair.who->undelivered >= limits::undelivered) {
    pair.news = from;
    if (!table_.hold(pair, f))
      ++count_(f.ns).merged;
    return false;
  }
  table_.release(pair, f); // it has asked for every version since
  return true;
}

template <class Notice>
void notices::send(Notice n) {
  count_(n.ns).notifications += n.watchers.size();
  out_.emplace_back(std::move(n));
}

void notices::tell(watching& pair, frame& f, origin from) {
  if (!take(pair, f, from))
    return;
  ++pair.who->undelivered;
  send(effects::notify{{pair.who->id}, f.ns, f.page, from, f.pending});
}

void notices::tell_all(frame& f, origin from) {
  std::vector<watcher_id> to;
  to.reserve(f.watchers.size());
  for (auto& pair : f.watchers)
    if (take(pair, f, from)) {
      ++pair.who->undelivered;
      to.push_back(pair.who->id);
    }
  if (!to.empty())
    send(effects::notify{std::move(to), f.ns, f.page, from, f.pending});
}

void notices::tell_removed(frame& f, removal how) {
  f.gone = how;
  std::vector<watcher_id> to;
  for (auto& pair : f.watchers)
    if (take(pair, f, origin::pager)) {
      ++pair.who->undelivered;
      to.push_back(pair.who->id);
    }
  if (!to.empty())
    send(effects::notify_removed{std::move(to), f.ns, std::string{f.id()}, how});
}

namespace {

/// Some pages of a change. Few of many are a list of their own: one who is told of a page
/// and is slow to deal with it keeps no other pages of large changes alive.
page_list list_of(const std::shared_ptr<const listed_change>& change, std::size_t first,
                  std::uint32_t count) {
  if (std::size_t{4} * count >= change->pages.size())
    return {change, first, count};
  std::vector<page_ptr> pages;
  for (const auto place : std::span{change->places}.subspan(first, count))
    pages.push_back(change->pages[place].page);
  return page_list(pages);
}

} // namespace

void notices::tell_together(const std::vector<frame*>& changed) {
  if (changed.size() == 1)
    return tell_all(*changed.front(), origin::pager);
  const auto change = list_places(changed);
  for (auto& [to, first, count] : group(*change)) {
    const frame& f = *changed.front();
    send(effects::notify{std::move(to), f.ns, list_of(change, first, count), origin::pager,
                         f.pending});
  }
}

/// Which of the pages each of `told_` is told of. Once they are counted, each has its part
/// of one array.
std::shared_ptr<listed_change> notices::list_places(const std::vector<frame*>& changed) {
  auto change = std::make_shared<listed_change>();
  change->pages.reserve(changed.size());
  for (frame* f : changed) {
    const auto place = static_cast<std::uint32_t>(change->pages.size());
    change->pages.emplace_back(f->page);
    for (auto& pair : f->watchers)
      if (take(pair, *f, origin::pager))
        count_listed(*pair.who, place);
  }
  std::size_t total = 0;
  for (watcher* w : told_)
    w->next_listed = std::exchange(total, total + w->listed);
  change->places.resize(total);
  for (std::uint32_t place = 0; place < changed.size(); ++place)
    for (const auto& pair : changed[place]->watchers)
      if (!pair.waiting)
        change->places[pair.who->next_listed++] = place;
  return change;
}

void notices::count_listed(watcher& w, std::uint32_t place) {
  if (w.listed++ == 0) {
    told_.push_back(&w); // of first mention, so that runs are alike
    w.listed_hash = 0;
  }
  constexpr std::uint32_t odd = 0x9e3779b1; // 2^32 by the golden ratio
  w.listed_hash = (std::rotl(w.listed_hash, 5) ^ place) * odd;
}

/// Those who are told of the same pages, for each such list of pages. Leaves `told_` empty.
std::vector<notices::listed_group> notices::group(const listed_change& change) {
  std::vector<listed_group> groups;
  hash_slots<std::size_t> known_groups; // by number, from 1
  groups.reserve(told_.size());
  const auto places = [&](std::size_t first, std::uint32_t count) {
    return std::span{change.places}.subspan(first, count);
  };
  for (watcher* w : told_) {
    ++w->undelivered;
    const auto count = std::exchange(w->listed, 0);
    const auto first = w->next_listed - count;
    const auto known = known_groups.find(w->listed_hash, [&](std::size_t number) {
      const auto& g = groups[number - 1];
      return g.count == count &&
             std::ranges::equal(places(g.first, g.count), places(first, count));
    });
    if (known != 0) {
      groups[known - 1].to.push_back(w->id);
      continue;
    }
    groups.push_back({w->id, first, count});
    known_groups.add(w->listed_hash, groups.size());
  }
  told_.clear();
  return groups;
}

void notices::credit(watcher_id id, std::uint32_t delivered) {
  watcher* w = table_.find(id);
  if (w == nullptr)
    return; // it has left meanwhile
  w->undelivered -= std::min(w->undelivered, delivered);
  if (w->undelivered < limits::undelivered)
    send_waiting(*w);
}

/// All of it at once: what changed together, arrives together.
void notices::send_waiting(watcher& w) {
  using kind = std::tuple<ns_id, origin, bool>;
  std::map<kind, std::vector<page_ptr>> groups;
  for (frame* f : table_.take_waiting(w)) {
    if (f->page) {
      const origin from = watch_table::pair_of(w, *f).news;
      groups[{f->ns, from, f->pending}].push_back(f->page);
      continue;
    }
    ++w.undelivered;
    send(effects::notify_removed{{w.id}, f->ns, std::string{f->id()}, f->gone});
  }
  for (auto& [what, pages] : groups) {
    const auto [ns, from, pending] = what;
    ++w.undelivered;
    send(effects::notify{{w.id}, ns, page_list{pages}, from, pending});
  }
}

} // namespace flok
