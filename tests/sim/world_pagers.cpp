// A world's pagers.
#include <utility>

#include "tests/sim/world.hpp"

namespace flok::sim {

namespace {

const error refusal{errc::unsupported, "the pager refuses"};

} // namespace

/// A pager tells what there is now; it may be what there was.
void world::cache(ns_id ns, const std::vector<page_ptr>& pages, bool pending) {
  key_mask changed = 0;
  for (const auto& page : pages) { // none of them twice
    const auto k = key_of(ns, page->id());
    note(pending ? "cache_write, pending" : "cache_write", k);
    auto& p = truth_.pages[k];
    p.refreshed = true;
    if (p.resident && p.pending == pending && p.page->unmodified(*page))
      continue;
    truth_.change(k, page, pending);
    changed |= bit(k);
  }
  truth_.nothing_changed = changed == 0;
  watcher_check_.changed(changed, origin::pager, pending);
  if (truth_.storage)
    disk_check_.changed_together(changed);
  space_->cache_write(ns, pages, pending);
}

bool world::caches_by_itself(unsigned most) {
  const ns_id ns = ns_of(some_key());
  if (!truth_.pager_up[ns])
    return false;
  std::vector<page_ptr> pages;
  const auto from = roll_.below(ids_);
  for (unsigned i = 0; i < ids_ && pages.size() < most; ++i)
    if (most == 1 || roll_.chance(60))
      pages.push_back(stock_.some(roll_, ns * ids + (from + i) % ids_));
  cache(ns, pages, roll_.chance(pagers_[ns].pending));
  return true;
}

bool world::lose_pager() {
  const auto ns = static_cast<ns_id>(roll_.below(spaces));
  if (!std::exchange(truth_.pager_up[ns], false))
    return false;
  note("pager lost", keys, ns);
  pagers_[ns].inbox.clear();
  truth_.pager_died = true;
  pager_check_.lost(ns);
  space_->pager_lost(ns);
  return true;
}

bool world::start_pager() {
  for (ns_id ns = 0; ns < spaces; ++ns)
    if (!std::exchange(truth_.pager_up[ns], true)) {
      note("pager started", keys, ns);
      space_->pager_started(ns);
      return true;
    }
  return false;
}

bool world::pager_acts() {
  const auto first = roll_.below(spaces);
  for (unsigned i = 0; i < spaces; ++i) {
    auto& p = pagers_[(first + i) % spaces];
    if (p.inbox.empty())
      continue;
    const auto m = std::move(p.inbox.front());
    p.inbox.pop_front();
    deal_with(p, m);
    return true;
  }
  return false;
}

void world::deal_with(pager& p, const pager_message& m) {
  switch (m.what) {
  case pager_message::kind::watch:
    note("pager deals with watch", m.key);
    if (roll_.chance(p.answers_watch))
      cache(ns_of(m.key), {stock_.some(roll_, m.key)}, roll_.chance(p.pending));
    break;
  case pager_message::kind::unwatch:
    note("pager deals with unwatch", m.key);
    break;
  case pager_message::kind::write:
    return deal_with_write(p, m);
  case pager_message::kind::remove:
    return deal_with_removal(p, m);
  case pager_message::kind::read:
    return deal_with_read(p, m);
  case pager_message::kind::barrier:
    note("pager passes", keys, m.call);
    space_->pager_passed(m.call);
  }
}

/// It caches what is written, or something else, or nothing; or it refuses.
void world::deal_with_write(pager& p, const pager_message& m) {
  if (!roll_.chance(p.silent)) {
    const bool other = roll_.chance(p.brings_other);
    cache(ns_of(m.key), {other ? stock_.some(roll_, m.key) : m.page},
          roll_.chance(p.pending));
    perform();
    truth_.begin_event();
  }
  const bool refuses = roll_.chance(p.refuses);
  note(refuses ? "pager refuses" : "pager agrees", m.key, m.call);
  truth_.refusal = refuses ? &refusal : nullptr;
  answer_check_.decided(m.key, !refuses);
  space_->pager_wrote(m.call,
                      refuses ? expected<void>{failure(refusal)} : expected<void>{});
}

/// The page is gone, by a pager's word.
void world::removed(page_key k, removal how) {
  truth_.remove(k);
  watcher_check_.removed(k, how);
}

void world::deal_with_removal(pager& p, const pager_message& m) {
  if (roll_.chance(p.brings_other)) {
    cache(ns_of(m.key), {stock_.some(roll_, m.key)}, false);
    perform();
    truth_.begin_event();
  }
  const bool refuses = roll_.chance(p.refuses);
  note(refuses ? "pager refuses" : "pager agrees", m.key, m.call);
  const auto how = m.invalidate ? removal::invalidated : removal::deleted;
  auto& page = truth_.pages[m.key];
  const bool stays = refuses || (m.invalidate && page.refreshed);
  const bool was = page.page != nullptr;
  if (!stays && was)
    removed(m.key, how);
  if (refuses) {
    truth_.refusal = &refusal;
    answer_check_.decided(m.key, false);
    return space_->pager_wrote(m.call, failure(refusal));
  }
  const ns_id ns = ns_of(m.key);
  const auto dirty = space_->stats(ns).dirty;
  const bool was_dirty = page.dirty();
  answer_check_.decided(m.key, true);
  space_->pager_wrote(m.call, {});
  // Where the page may or may not have been on disk, either is right.
  if (!stays && !was && !was_dirty && space_->stats(ns).dirty > dirty) {
    removed(m.key, how);
    answer_check_.decided_at(page.position);
  }
}

/// It has the page, or has not, or does not read.
void world::deal_with_read(pager& p, const pager_message& m) {
  note("pager reads", m.key, m.call);
  truth_.read_key = m.key;
  --truth_.pages[m.key].reads;
  if (roll_.chance(p.refuses)) {
    truth_.read_refusal = &refusal;
    space_->pager_read_done(m.call, failure(refusal));
    return;
  }
  if (roll_.chance(30)) {
    space_->pager_read_done(m.call, page_ptr{});
    return;
  }
  const auto page = stock_.some(roll_, m.key);
  auto& known = truth_.pages[m.key];
  if (!known.resident) {
    truth_.change(m.key, page, false);
    known.refreshed = true;
    watcher_check_.changed(bit(m.key), origin::pager, false);
  }
  space_->pager_read_done(m.call, page);
}

} // namespace flok::sim
