#include "runtime/address_space.hpp"

#include <algorithm>
#include <utility>

namespace flok {

std::string_view to_string(origin o) noexcept {
  switch (o) {
  case origin::cache:
    return "cache";
  case origin::disk:
    return "disk";
  case origin::pager:
    return "pager";
  }
  return "";
}

std::string_view to_string(removal r) noexcept {
  return r == removal::deleted ? "deleted" : "invalidated";
}

address_space::address_space(address_space_options options, id_source ids)
    : ids_{std::move(ids)}, storage_{options.storage}, debug_{options.debug},
      notices_{watches_, out_,
               [this](ns_id ns) -> namespace_meters& { return *spaces_[ns].meters; }},
      pageout_{options.max_dirty, options.batch_bytes, out_}, max_bytes_{
                                                                  options.max_bytes} {
  spaces_ = std::vector<space>(options.namespaces.size()); // `vector` would copy them
  for (std::size_t ns = 0; ns < spaces_.size(); ++ns)
    spaces_[ns].name = std::move(options.namespaces[ns]);
  for (std::size_t ns = 0; ns < options.tables.size(); ++ns)
    spaces_[ns].table = std::move(options.tables[ns]);
  options.meters.resize(spaces_.size());
  for (std::size_t ns = 0; ns < spaces_.size(); ++ns)
    spaces_[ns].meters = options.meters[ns] ? std::move(options.meters[ns])
                                            : std::make_shared<namespace_meters>();
}

address_space::~address_space() = default;

std::optional<ns_id> address_space::find(std::string_view name) const {
  for (ns_id i = 0; i < spaces_.size(); ++i)
    if (spaces_[i].name == name)
      return i;
  return std::nullopt;
}

std::vector<effect> address_space::take_effects(std::vector<effect> spent) {
  make_room();
  advance_drains(); // writes that waited for room may have been refused
  spent.clear();
  spent.swap(out_);
  return spent;
}

namespace_stats address_space::stats(ns_id ns) const { return spaces_[ns].meters->stats(); }

namespace_totals address_space::totals(ns_id ns) const {
  return spaces_[ns].meters->totals();
}

page_ptr address_space::resident(ns_id ns, std::string_view id) const {
  const frame* known = spaces_[ns].frames.find(id);
  return known != nullptr ? known->page : nullptr;
}

// -- frames -------------------------------------------------------------------

frame* address_space::find_frame(ns_id ns, std::string_view id) {
  return spaces_[ns].frames.find(id);
}

frame& address_space::at(ns_id ns, std::string_view id) {
  const auto [f, is_new] = spaces_[ns].frames.at(ns, id);
  if (is_new)
    f.active().id = id;
  return f;
}

/// At the end of what happened to a frame: forgets it where nothing needs it any more, and
/// keeps it among those that may be evicted where only its page is left.
void address_space::settle(frame& f) {
  if (f.rest) {
    if (f.rest->busy())
      return evictable_.remove(f);
    if (f.page && !f.rest->group)
      f.rest.reset();
  }
  if (!f.watchers.empty() || f.version != 0 || f.in_flight)
    return evictable_.remove(f);
  if (f.page)
    return evictable_.touch(f);
  evictable_.remove(f);
  spaces_[f.ns].frames.erase(f);
}

// -- answers and notices ------------------------------------------------------

void address_space::answer(request_id request) {
  if (request != 0)
    out_.emplace_back(effects::answer{request, std::monostate{}});
}

void address_space::answer(request_id request, page_ptr page, bool pending) {
  if (request != 0)
    out_.emplace_back(effects::answer{request, std::move(page), pending});
}

void address_space::answer(request_id request, std::vector<std::string> ids) {
  if (request == 0)
    return;
  effects::answer a;
  a.request = request;
  a.result.emplace<std::vector<std::string>>().swap(ids);
  out_.emplace_back(std::move(a));
}

void address_space::answer(request_id request, error why) {
  if (request != 0)
    out_.emplace_back(effects::answer{request, std::move(why)});
}

void address_space::tell_watch(frame& f) {
  if (f.told || !spaces_[f.ns].pager_up)
    return;
  f.told = true;
  out_.emplace_back(effects::pager_watch{f.ns, std::string{f.id()}, f.page});
}

void address_space::tell_unwatch(frame& f) {
  if (!f.told)
    return; // it never heard of the watch: a sync load came first
  f.told = false;
  out_.emplace_back(effects::pager_unwatch{f.ns, std::string{f.id()}});
}

// -- watch, unwatch -----------------------------------------------------------

void address_space::watch(request_id request, watcher_id who, ns_id ns, std::string_view id,
                          bool sync, bool every) {
  if (auto ok = check_id(id); !ok)
    return answer(request, ok.error());
  frame& f = at(ns, id);
  const auto [pair, added] = watches_.add(who, f);
  pair.every = every;
  const bool first = added && f.watchers.size() == 1;
  auto& count = *spaces_[ns].meters;
  ++count.watches;
  count.watchers += added ? 1 : 0;
  count.watched += first ? 1 : 0;
  if (f.page) {
    ++count.hits;
    if (added)
      notices_.tell(pair, f, origin::cache);
    if (first)
      tell_watch(f);
    settle(f);
    return answer(request);
  }
  if (sync) { // the load comes before the pager is told; its end tells it
    f.active().waiters.push_back({request, work_.begin(), load_waiter::kind::watch_sync});
    return start_load(f, true);
  }
  if (first)
    tell_watch(f);
  start_load(f, false); // also for a later watcher: an earlier load may have failed
  answer(request);
}

void address_space::unwatch(request_id request, watcher_id who, ns_id ns,
                            std::string_view id) {
  frame* f = find_frame(ns, id);
  if (f != nullptr && watches_.remove(who, *f)) {
    --spaces_[ns].meters->watchers;
    if (f->watchers.empty()) {
      --spaces_[ns].meters->watched;
      tell_unwatch(*f);
      settle(*f);
    }
  }
  answer(request);
  advance_drains();
}

void address_space::forget(request_id request, watcher_id who) {
  for (const auto& [f, place] : watches_.remove_all(who)) {
    --spaces_[f->ns].meters->watchers;
    if (!f->watchers.empty())
      continue;
    --spaces_[f->ns].meters->watched;
    tell_unwatch(*f);
    settle(*f);
  }
  answer(request);
  advance_drains();
}

void address_space::credit(watcher_id who, std::uint32_t delivered) {
  notices_.credit(who, delivered);
  advance_drains();
}

// -- reads and loads ----------------------------------------------------------

void address_space::read(request_id request, ns_id ns, std::string_view id, bool sync,
                         bool keep) {
  if (auto ok = check_id(id); !ok)
    return answer(request, ok.error());
  frame& f = at(ns, id);
  ++spaces_[ns].meters->reads;
  if (f.page) {
    ++spaces_[ns].meters->hits;
    answer(request, f.page, f.pending);
    return keep ? settle(f) : void(); // it was used
  }
  f.active().waiters.push_back(
      {request, work_.begin(),
       sync ? load_waiter::kind::read_sync : load_waiter::kind::read, keep});
  start_load(f, sync);
}

/// Asks storage for the page, unless that has been done; a call that overtakes is made even
/// where another is under way, and the first result counts.
void address_space::start_load(frame& f, bool urgent) {
  auto& a = f.active();
  if (!storage_ || f.absent) {
    if (a.awaited == 0)
      settle_load(f, nullptr);
    return;
  }
  if (a.awaited != 0 && (!urgent || a.urgent))
    return;
  ++a.awaited;
  a.urgent = a.urgent || urgent;
  ++a.loads;
  ++spaces_[f.ns].meters->loads;
  const ticket call = ++next_ticket_;
  loads_.emplace(call, load_call{&f, a.generation, work_.begin()});
  out_.emplace_back(effects::load{f.ns, call, std::string{f.id()}, urgent});
}

void address_space::loaded(ticket call, const expected<stored_page>& result) {
  const auto entry = loads_.find(call);
  if (entry == loads_.end())
    return;
  frame& f = *entry->second.f;
  auto& a = f.active();
  const bool counts = entry->second.generation == a.generation;
  work_.end(entry->second.since);
  loads_.erase(entry);
  --a.loads;
  auto& count = *spaces_[f.ns].meters;
  --count.loads;
  ++(result ? count.loaded : count.load_failures);
  if (!counts) { // settled by an earlier result, or by something newer than the disk
    settle(f);
  } else if (!result) {
    out_.emplace_back(effects::report{result.error()});
    if (--a.awaited == 0) // else the other call may bring it yet
      settle_load(f, &result.error());
  } else {
    f.absent = result->page == nullptr;
    if (result->page) {
      set_resident(f, result->page, result->pending);
      notices_.tell_all(f, origin::disk);
    }
    const bool keep = std::any_of(a.waiters.begin(), a.waiters.end(),
                                  [](const load_waiter& w) { return w.keep; });
    const bool passing = !keep && !a.waiters.empty() && result->page;
    settle_load(f, nullptr);
    if (passing && f.listed) // nothing else needs it
      give_up(f);
  }
  advance_drains();
}

/// Whoever waited for the load learns its outcome, which is in the frame, or `failed`.
void address_space::settle_load(frame& f, const error* failed) {
  auto& a = f.active();
  a.awaited = 0;
  a.urgent = false;
  ++a.generation;
  const auto waiters = std::exchange(a.waiters, {});
  if (!f.watchers.empty())
    tell_watch(f);
  for (const auto& w : waiters)
    settle_waiter(f, w, failed);
  if (failed == nullptr)
    pump(f);
  else if (a.handed_over == 0) // else they wait for the pager, not for the load
    refuse_writes(f, *failed);
  settle(f);
}

void address_space::settle_waiter(frame& f, const load_waiter& w, const error* failed) {
  using kind = load_waiter::kind;
  if (f.page) {
    w.what == kind::watch_sync ? answer(w.request) : answer(w.request, f.page, f.pending);
  } else if (failed != nullptr) {
    answer(w.request, *failed);
  } else if (w.what != kind::read) {
    answer(w.request, {errc::no_such_page, "no page " + std::string{f.id()}});
  } else if (!spaces_[f.ns].pager_up) {
    answer(w.request, {errc::pager_down, "the pager is being restarted"});
  } else { // the work goes on with the pager
    return ask_pager(f, w.request, w.since);
  }
  work_.end(w.since);
}

void address_space::ask_pager(frame& f, request_id request, pending_work::epoch since) {
  const ticket call = ++next_ticket_;
  ++f.active().reads; // what the pager caches meanwhile must not be given up
  pager_calls_.emplace(call,
                       pager_call{nullptr, f.ns, request, std::string{f.id()}, since});
  out_.emplace_back(effects::pager_read{f.ns, call, std::string{f.id()}});
}

void address_space::pager_read_done(ticket call, const expected<page_ptr>& result) {
  const auto entry = pager_calls_.find(call);
  if (entry == pager_calls_.end() || entry->second.f != nullptr)
    return; // of a pager's former life
  const auto asked = std::move(entry->second);
  pager_calls_.erase(entry);
  frame& f = at(asked.ns, asked.id);
  --f.active().reads;
  if (!f.page && result && *result && f.active().removed_by > call)
    return ask_pager(f, asked.request, asked.since); // it had looked before the removal
  work_.end(asked.since);
  const auto newer = f.page;
  if (newer) { // cached after the pager had looked
    answer(asked.request, newer);
  } else if (!result) {
    answer(asked.request, result.error());
  } else if (!*result) {
    answer(asked.request,
           {errc::no_such_page, "neither in memory, on disk, nor with the pager"});
  } else if ((*result)->id() != asked.id) {
    const error why{errc::invalid_page, "the pager was asked for " + asked.id +
                                            " and gave " + std::string{(*result)->id()}};
    out_.emplace_back(effects::report{why});
    answer(asked.request, why);
  } else {
    cache_write(asked.ns, {*result}, false);
    answer(asked.request, *result);
  }
  if (frame* left = find_frame(asked.ns, asked.id))
    settle(*left);
  advance_drains();
}

// -- draining -----------------------------------------------------------------

void address_space::drain(request_id request) {
  drains_.push_back({request, work_.close()});
  advance_drains();
}

void address_space::pager_passed(ticket call) {
  if (barriers_.erase(call) != 0 && !drains_.empty())
    --drains_.front().barriers;
  advance_drains();
}

/// First the work asked for before must be done; then each pager must have dealt with what
/// it was told without an answer. What it caches for that comes before its passing.
void address_space::advance_drains() {
  while (!drains_.empty()) {
    auto& d = drains_.front();
    if (!work_.done(d.until) || d.barriers != 0)
      return;
    if (d.sent) {
      answer(d.request);
      drains_.pop_front();
      continue;
    }
    d.sent = true;
    for (ns_id ns = 0; ns < spaces_.size(); ++ns) {
      if (!spaces_[ns].pager_up)
        continue;
      const ticket call = ++next_ticket_;
      barriers_.emplace(call, d.request);
      ++d.barriers;
      out_.emplace_back(effects::pager_barrier{ns, call});
    }
  }
}

} // namespace flok
