#include "runtime/notices.hpp"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "runtime/limits.hpp"

namespace flok {

/// Whether the pair's watcher gets the news now; where not, it waits.
bool notices::take(watching& pair, frame& f, origin from) {
  if (!pair.every && pair.who->undelivered >= limits::undelivered) {
    pair.news = from;
    if (!table_.hold(pair, f))
      merged_(f.ns);
    return false;
  }
  table_.release(pair, f); // it has asked for every version since
  return true;
}

void notices::tell(watching& pair, frame& f, origin from) {
  if (!take(pair, f, from))
    return;
  ++pair.who->undelivered;
  out_.emplace_back(effects::notify{{pair.who->id}, f.ns, {f.page}, from, f.pending});
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
    out_.emplace_back(effects::notify{std::move(to), f.ns, {f.page}, from, f.pending});
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
    out_.emplace_back(
        effects::notify_removed{std::move(to), f.ns, std::string{f.id()}, how});
}

void notices::tell_together(const std::vector<frame*>& changed) {
  if (changed.size() == 1)
    return tell_all(*changed.front(), origin::pager);
  std::vector<watcher*> order; // of first mention, so that runs are alike
  for (std::uint32_t i = 0; i < changed.size(); ++i) {
    for (auto& pair : changed[i]->watchers) {
      if (!take(pair, *changed[i], origin::pager))
        continue;
      if (pair.who->together.empty())
        order.push_back(pair.who);
      pair.who->together.push_back(i);
    }
  }
  std::map<std::vector<std::uint32_t>, std::vector<watcher_id>> groups;
  for (watcher* w : order) {
    ++w->undelivered;
    groups[std::exchange(w->together, {})].push_back(w->id);
  }
  const frame& first = *changed.front();
  for (auto& [indices, to] : groups) {
    effects::notify n{std::move(to), first.ns, {}, origin::pager, first.pending};
    for (const auto i : indices)
      n.pages.push_back(changed[i]->page);
    out_.emplace_back(std::move(n));
  }
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
    out_.emplace_back(
        effects::notify_removed{{w.id}, f->ns, std::string{f->id()}, f->gone});
  }
  for (auto& [what, pages] : groups) {
    const auto [ns, from, pending] = what;
    ++w.undelivered;
    out_.emplace_back(effects::notify{{w.id}, ns, std::move(pages), from, pending});
  }
}

} // namespace flok
