// The address space's writes, what pagers cache, and page-out.

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "runtime/address_space.hpp"
#include "runtime/codec_json.hpp"

namespace flok {

// -- writes, one at a time with the pager for each page -----------------------

void address_space::write(request_id request, ns_id ns, page_ptr page, write_rule rule) {
  const std::string id{page->id()};
  enqueue(ns, id,
          {write_op::kind::write, request, 0, std::move(page), {}, {}, std::move(rule)});
}

void address_space::edit(request_id request, ns_id ns, std::string_view id,
                         std::vector<flok::edit> edits, std::optional<page_kind> create,
                         write_rule rule) {
  enqueue(ns, id,
          {write_op::kind::edit, request, 0, nullptr, std::move(edits), create,
           std::move(rule)});
}

void address_space::erase(request_id request, ns_id ns, std::string_view id,
                          write_rule rule) {
  enqueue(ns, id, {write_op::kind::erase, request, 0, {}, {}, {}, std::move(rule)});
}

void address_space::invalidate(request_id request, ns_id ns, std::string_view id) {
  enqueue(ns, id, {write_op::kind::invalidate, request, 0, {}, {}, {}, {}});
}

void address_space::enqueue(ns_id ns, std::string_view id, write_op op) {
  if (auto ok = check_id(id); !ok)
    return answer(op.request, ok.error());
  if (op.rule.durable && !storage_)
    return answer(op.request, {errc::unsupported, "durable: nothing is kept here"});
  frame& f = at(ns, id);
  const bool removes =
      op.what == write_op::kind::erase || op.what == write_op::kind::invalidate;
  ++(removes ? spaces_[ns].meters->removals : spaces_[ns].meters->writes);
  op.since = work_.begin();
  f.active().writes.push_back(std::move(op));
  pump(f);
  settle(f);
}

/// Whether it is known what the first write replaces; where it is not, sees to it. What
/// removes a page replaces nothing.
bool address_space::ready_to_write(frame& f) {
  const auto& op = f.rest->writes.front();
  const bool removes =
      op.what == write_op::kind::erase || op.what == write_op::kind::invalidate;
  if (f.page || f.absent || !storage_ || (removes && !op.rule.if_hash))
    return true;
  start_load(f, false);
  return false;
}

/// Hands the first write over, where none is with the pager.
void address_space::pump(frame& f) {
  while (f.rest && !f.rest->writes.empty() && f.rest->handed_over == 0) {
    if (!spaces_[f.ns].pager_up)
      return refuse_writes(f, {errc::pager_down, "the pager is being restarted"});
    if (!ready_to_write(f) || stall(f))
      return;
    if (f.rest->writes.empty())
      return; // they were refused
    auto& op = f.rest->writes.front();
    if (auto ok = prepare(f, op); !ok)
      drop_first_write(f, ok.error());
    else
      hand_over(f, op);
  }
}

void address_space::drop_first_write(frame& f, const error& why) {
  auto& writes = f.rest->writes;
  work_.end(writes.front().since);
  answer(writes.front().request, why);
  writes.pop_front();
}

namespace {

/// Whether the page is what the writer has seen.
expected<void> check_hash(const frame& f, const write_rule& rule) {
  const std::string now = f.page ? f.page->hash_text() : std::string{};
  if (!rule.if_hash || *rule.if_hash == now)
    return {};
  const std::string state = now.empty() ? "there is no such page" : "its _hash is " + now;
  return failure(error{errc::conflict, std::string{f.id()} + ": " + state, now});
}

} // namespace

/// Checks a write, and makes the page that an edit means, now that it is known what it
/// replaces.
expected<void> address_space::prepare(const frame& f, write_op& op) const {
  if (auto ok = check_hash(f, op.rule); !ok)
    return ok;
  if (op.what != write_op::kind::edit)
    return {};
  if (!f.page && !op.create)
    return failure(errc::no_such_page,
                   "no page " + std::string{f.id()} + " to edit, and no \"create\"");
  auto page = apply_edits(f.page ? copy_page(f.page, ids_)
                                 : new_page(*op.create, ids_, std::string{f.id()}),
                          op.edits);
  if (!page)
    return failure(page.error());
  op.page = std::move(*page);
  op.edits.clear();
  return {};
}

void address_space::hand_over(frame& f, write_op& op) {
  auto& a = *f.rest;
  const ticket call = a.handed_over = ++next_ticket_;
  a.refreshed = false;
  pager_calls_.emplace(call, pager_call{&f, f.ns, 0, {}, op.since});
  switch (op.what) {
  case write_op::kind::write:
  case write_op::kind::edit:
    expect_dirty(f, op.page);
    out_.emplace_back(effects::pager_write{f.ns, call, op.page, f.page});
    return;
  case write_op::kind::erase:
    out_.emplace_back(effects::pager_delete{f.ns, call, std::string{f.id()}});
    return;
  case write_op::kind::invalidate:
    out_.emplace_back(effects::pager_invalidate{f.ns, call, std::string{f.id()}});
  }
}

void address_space::pager_wrote(ticket call, const expected<void>& result) {
  const auto entry = pager_calls_.find(call);
  if (entry == pager_calls_.end() || entry->second.f == nullptr)
    return; // of a pager's former life
  frame& f = *entry->second.f;
  pager_calls_.erase(entry);
  auto& a = f.active();
  write_op op = std::move(a.writes.front());
  work_.end(op.since);
  expected_came(f);
  finish_write(f, op, result); // before the next one begins
  a.writes.pop_front();
  a.handed_over = 0;
  pump(f);
  settle(f);
  advance_drains();
}

/// What the pager's word means for the page, and for who asked.
void address_space::finish_write(frame& f, write_op& op, const expected<void>& result) {
  if (!result)
    return answer(op.request, result.error());
  if (op.what == write_op::kind::erase)
    remove_page(f, removal::deleted);
  if (op.what == write_op::kind::invalidate && !f.rest->refreshed)
    remove_page(f, removal::invalidated);
  if (op.rule.durable)
    pageout_.durable(f, op.request, op.page);
  else if (op.page)
    answer(op.request, op.page);
  else
    answer(op.request);
}

void address_space::refuse_writes(frame& f, const error& why) {
  if (!f.rest)
    return;
  auto& a = *f.rest;
  if (a.handed_over != 0)
    pager_calls_.erase(std::exchange(a.handed_over, 0));
  expected_came(f);
  if (std::exchange(a.stalled, false))
    std::erase(spaces_[f.ns].stalled, &f);
  for (const auto& op : std::exchange(a.writes, {})) {
    work_.end(op.since);
    answer(op.request, why);
  }
}

// -- what pagers cache --------------------------------------------------------

void address_space::set_resident(frame& f, page_ptr page, bool pending) {
  uncount_resident(f);
  auto& count = *spaces_[f.ns].meters;
  const std::uint64_t size = page->memory_bytes();
  ++count.pages;
  count.bytes += size;
  bytes_ += size;
  dirty_bytes_ += f.version != 0 ? size : 0;
  f.page = std::move(page);
  f.pending = pending;
  f.absent = false;
  if (spaces_[f.ns].table)
    spaces_[f.ns].table->put(f.page);
}

void address_space::drop_resident(frame& f) {
  if (!f.page)
    return;
  uncount_resident(f);
  f.active().id = f.page->id();
  f.page = nullptr;
  f.pending = false;
  if (spaces_[f.ns].table)
    spaces_[f.ns].table->erase(f.id());
}

void address_space::uncount_resident(frame& f) {
  if (!f.page)
    return;
  auto& count = *spaces_[f.ns].meters;
  const std::uint64_t size = f.page->memory_bytes();
  --count.pages;
  count.bytes -= size;
  bytes_ -= size;
  dirty_bytes_ -= f.version != 0 ? size : 0;
}

/// These pages have changed together, and must reach the disk together.
void address_space::mark_dirty(const std::vector<frame*>& changed) {
  if (!storage_)
    return;
  for (const frame* f : changed)
    if (f->version == 0) {
      ++spaces_[f->ns].meters->dirty;
      dirty_bytes_ += f->page ? f->page->memory_bytes() : 0;
    }
  pageout_.changed(changed);
  page_out_if_due();
}

/// Out of the cache and off the disk. Where it is known that there is no such page, nothing
/// happens.
void address_space::remove_page(frame& f, removal how) {
  f.active().removed_by = f.active().handed_over;
  if (!f.page && (f.absent || !storage_))
    return;
  drop_resident(f);
  f.absent = true;
  notices_.tell_removed(f, how);
  mark_dirty({&f});
  if (f.rest && f.rest->awaited != 0)
    settle_load(f, nullptr); // what the disk has is to go
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
    frame& f = spaces_[ns].frames.at(ns, page->id()).f; // a new one gets its page below
    if (f.rest) {
      f.rest->refreshed = true;
      expected_came(f);
    }
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
  notices_.tell_together(changed);
  mark_dirty(changed);
  for (frame* f : changed) {
    if (f->rest && f->rest->awaited != 0)
      settle_load(*f, nullptr); // what the disk has is older now
    else
      settle(*f);
  }
  advance_drains();
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
  spaces_[ns].frames.each([](frame& f) { f.told = false; });
  for (const auto& [call, what] : calls) {
    pager_calls_.erase(call);
    if (what.f == nullptr) {
      work_.end(what.since);
      answer(what.request, why);
      frame& f = at(ns, what.id);
      --f.active().reads;
      settle(f);
    } else {
      refuse_writes(*what.f, why);
      settle(*what.f);
    }
  }
  for (frame* f : std::deque<frame*>{spaces_[ns].stalled}) { // they waited for it as well
    refuse_writes(*f, {errc::pager_down, "the pager is being restarted"});
    settle(*f);
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
  spaces_[ns].frames.each([&](frame& f) {
    if (!f.watchers.empty())
      watched.push_back(&f);
  });
  std::sort(watched.begin(), watched.end(),
            [](const frame* a, const frame* b) { return a->id() < b->id(); });
  for (frame* f : watched)
    if (!(f->rest && f->rest->urgent)) // a sync load tells it at its end
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
  std::vector<frame*> concerned = pageout_.committed(call, result);
  const namespace_meters* failed_in = nullptr; // they are sorted by namespace
  for (const frame* f : concerned) {
    auto& count = *spaces_[f->ns].meters;
    if (result)
      ++count.committed;
    else if (std::exchange(failed_in, &count) != &count)
      ++count.commit_failures;
  }
  for (frame* f : concerned)
    if (f->version == 0) {
      --spaces_[f->ns].meters->dirty;
      dirty_bytes_ -= f->page ? f->page->memory_bytes() : 0;
      settle(*f);
    }
  if (result)
    return page_out_if_due();
  for (auto& s : spaces_)
    if (crowded(s))
      for (frame* f : std::deque<frame*>{s.stalled}) {
        refuse_writes(*f, result.error());
        settle(*f);
      }
}

} // namespace flok
