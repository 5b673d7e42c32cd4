// The address space's writes, what pagers cache, and page-out.

#include <algorithm>
#include <map>
#include <unordered_set>
#include <utility>

#include "runtime/address_space.hpp"
#include "runtime/codec_json.hpp"

namespace flok {

// -- writes, one at a time with the pager for each page -----------------------

void address_space::write(request_id request, ns_id ns, page_ptr page) {
  frame& f = at(ns, page->id());
  enqueue(f, {request, work_.begin(), std::move(page), {}, std::nullopt});
}

void address_space::edit(request_id request, ns_id ns, std::string_view id,
                         std::vector<flok::edit> edits, std::optional<page_kind> create) {
  if (auto ok = check_id(id); !ok)
    return answer(request, ok.error());
  enqueue(at(ns, id), {request, work_.begin(), nullptr, std::move(edits), create});
}

void address_space::enqueue(frame& f, write_op op) {
  f.active().writes.push_back(std::move(op));
  pump(f);
  release(f);
}

/// Whether it is known what a write replaces; where it is not, sees to it.
bool address_space::ready_to_write(frame& f) {
  if (f.page || f.absent || !storage_)
    return true;
  start_load(f, false);
  return false;
}

/// Hands the first write over, where none is with the pager.
void address_space::pump(frame& f) {
  while (f.activity && !f.activity->writes.empty() && f.activity->handed_over == 0) {
    if (!spaces_[f.ns].pager_up)
      return refuse_writes(f, {errc::pager_down, "the pager is being restarted"});
    if (!ready_to_write(f))
      return;
    auto& a = *f.activity;
    auto& op = a.writes.front();
    auto page = prepare(f, op);
    if (!page) {
      work_.end(op.since);
      answer(op.request, page.error());
      a.writes.pop_front();
      continue;
    }
    op.page = *page;
    op.edits.clear();
    a.handed_over = ++next_ticket_;
    pager_calls_.emplace(a.handed_over, pager_call{&f, f.ns, 0, {}, op.since});
    out_.emplace_back(effects::pager_write{f.ns, a.handed_over, op.page, f.page});
  }
}

/// The page that a write means, now that it is known what it replaces.
expected<page_ptr> address_space::prepare(const frame& f, write_op& op) const {
  if (op.page)
    return op.page;
  if (f.page)
    return apply_edits(copy_page(f.page, ids_), op.edits);
  if (!op.create)
    return failure(errc::no_such_page, "no page " + *f.id + " to edit, and no \"create\"");
  return apply_edits(new_page(*op.create, ids_, *f.id), op.edits);
}

void address_space::pager_wrote(ticket call, const expected<void>& result) {
  const auto entry = pager_calls_.find(call);
  if (entry == pager_calls_.end() || entry->second.f == nullptr)
    return; // of a pager's former life
  frame& f = *entry->second.f;
  pager_calls_.erase(entry);
  auto& a = f.active();
  const write_op op = std::move(a.writes.front());
  a.writes.pop_front();
  a.handed_over = 0;
  work_.end(op.since);
  if (result)
    answer(op.request, op.page);
  else
    answer(op.request, result.error());
  pump(f);
  release(f);
  advance_drains();
}

void address_space::refuse_writes(frame& f, const error& why) {
  if (!f.activity)
    return;
  auto& a = *f.activity;
  if (a.handed_over != 0)
    pager_calls_.erase(std::exchange(a.handed_over, 0));
  for (const auto& op : std::exchange(a.writes, {})) {
    work_.end(op.since);
    answer(op.request, why);
  }
}

// -- what pagers cache --------------------------------------------------------

void address_space::set_resident(frame& f, page_ptr page, bool pending) {
  spaces_[f.ns].stats.pages += f.page ? 0 : 1;
  f.page = std::move(page);
  f.pending = pending;
  f.absent = false;
}

/// A signature that looks made says that it follows from its entry.
void address_space::check_promises(const page& p) {
  for (std::size_t i = 0; i < p.size(); ++i) {
    const auto e = p.entry(i);
    const bool looks_made =
        e.signature.size() == 16 &&
        e.signature.find_first_not_of("0123456789abcdef") == std::string_view::npos;
    if (!looks_made)
      continue;
    const auto made = json::signature(e.text);
    if (made && *made != e.signature)
      out_.emplace_back(effects::report{
          {errc::invalid_page, std::string{p.id()} + ": entry " + std::string{e.name} +
                                   ": its _sig does not follow from it; it should be " +
                                   *made}});
  }
}

void address_space::cache_write(ns_id ns, const std::vector<page_ptr>& pages,
                                bool pending) {
  std::vector<frame*> changed;
  std::unordered_set<frame*> known; // where there are several, one may be there twice
  for (const auto& page : pages) {
    frame& f = at(ns, page->id());
    if (f.page && f.pending == pending && f.page->unmodified(*page))
      continue;
    if (debug_)
      check_promises(*page);
    set_resident(f, page, pending);
    if (pages.size() == 1 || known.insert(&f).second)
      changed.push_back(&f);
  }
  if (changed.empty())
    return;
  if (changed.size() == 1)
    notify_all(*changed.front(), origin::pager);
  else
    notify_groups(changed, pending);
  if (storage_) {
    for (const frame* f : changed)
      spaces_[ns].stats.dirty += f->version == 0 ? 1 : 0;
    pageout_.changed(changed);
  }
  for (frame* f : changed)
    if (f->activity && f->activity->awaited != 0)
      settle_load(*f, nullptr); // what the disk has is older now
  advance_drains();
}

/// One message for each watcher, with the pages that it watches; shared by all who watch
/// the same ones.
void address_space::notify_groups(const std::vector<frame*>& changed, bool pending) {
  std::unordered_map<watcher_id, std::vector<std::uint32_t>> seen;
  std::vector<watcher_id> order; // of first mention, so that runs are alike
  for (std::uint32_t i = 0; i < changed.size(); ++i)
    for (const watcher_id w : changed[i]->watchers) {
      auto& pages = seen[w];
      if (pages.empty())
        order.push_back(w);
      pages.push_back(i);
    }
  std::map<std::vector<std::uint32_t>, std::vector<watcher_id>> groups;
  for (const watcher_id w : order)
    groups[std::move(seen[w])].push_back(w);
  for (auto& [indices, watchers] : groups) {
    effects::notify n{std::move(watchers), changed.front()->ns, {}, origin::pager, pending};
    for (const auto i : indices)
      n.pages.push_back(changed[i]->page);
    out_.emplace_back(std::move(n));
  }
}

// -- a pager's death and return -----------------------------------------------

void address_space::pager_lost(ns_id ns) {
  const error why{errc::pager_down, "the pager died; whether it was done is unknown"};
  spaces_[ns].pager_up = false;
  std::vector<std::pair<ticket, pager_call>> calls;
  for (const auto& entry : pager_calls_)
    if (entry.second.ns == ns)
      calls.push_back(entry);
  std::sort(calls.begin(), calls.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  for (auto& entry : spaces_[ns].frames)
    entry.second.told = false;
  for (const auto& [call, what] : calls) {
    pager_calls_.erase(call);
    if (what.f == nullptr) {
      work_.end(what.since);
      answer(what.request, why);
    } else {
      refuse_writes(*what.f, why);
      release(*what.f);
    }
  }
  // Its barriers will not come back; with one drain at a time they can be asked for anew.
  barriers_.clear();
  if (!drains_.empty()) {
    drains_.front().barriers = 0;
    drains_.front().sent = false;
  }
  advance_drains();
}

void address_space::pager_started(ns_id ns) {
  spaces_[ns].pager_up = true;
  std::vector<frame*> watched;
  for (auto& entry : spaces_[ns].frames)
    if (!entry.second.watchers.empty())
      watched.push_back(&entry.second);
  std::sort(watched.begin(), watched.end(),
            [](const frame* a, const frame* b) { return a->serial < b->serial; });
  for (frame* f : watched)
    if (!(f->activity && f->activity->urgent)) // a sync load tells it at its end
      tell_watch(*f);
}

// -- page-out -----------------------------------------------------------------

void address_space::page_out(request_id request) {
  if (storage_)
    return pageout_.request(request);
  if (request != 0)
    out_.emplace_back(effects::answer{request, std::uint64_t{0}});
}

void address_space::pageout_due() { pageout_.begin(); }

void address_space::retry_pageout() { pageout_.retry(); }

void address_space::committed(ticket call, const expected<void>& result) {
  for (frame* f : pageout_.committed(call, result))
    if (f->version == 0) {
      --spaces_[f->ns].stats.dirty;
      release(*f);
    }
}

} // namespace flok
