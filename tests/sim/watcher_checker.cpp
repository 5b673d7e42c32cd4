#include "tests/sim/watcher_checker.hpp"

#include <algorithm>

#include "runtime/limits.hpp"
#include "tests/sim/rules.hpp"

namespace flok::sim {

// -- events ------------------------------------------------------------------------------

/// Whether the pair gets its news now; where not, it waits.
bool watcher_checker::take(unsigned slot, page_key k, origin why) {
  auto& w = watchers_[slot];
  if ((w.every & bit(k)) != 0 || w.undelivered < limits::undelivered) {
    w.waiting &= ~bit(k);
    return true;
  }
  if ((w.waiting & bit(k)) != 0)
    ++merged_[ns_of(k)];
  if (w.waiting == 0)
    w.since = truth_.last_request;
  w.waiting |= bit(k);
  w.why[k] = why;
  return false;
}

void watcher_checker::expect(const message& m) {
  ++watchers_[m.slot].undelivered;
  expected_.push_back(m);
}

void watcher_checker::watch(unsigned slot, watcher_id who, page_key k, bool every) {
  auto& w = watchers_[slot];
  w.id = who;
  w.every = every ? w.every | bit(k) : w.every & ~bit(k);
  if (watches(slot, k))
    return;
  w.watched |= bit(k);
  w.seen[k] = 0;
  const auto& p = truth_.pages[k];
  if (p.resident && take(slot, k, origin::cache))
    expect({slot, ns_of(k), bit(k), false, p.pending, origin::cache, {}});
}

void watcher_checker::unwatch(unsigned slot, page_key k) {
  auto& w = watchers_[slot];
  w.watched &= ~bit(k);
  w.waiting &= ~bit(k);
  w.every &= ~bit(k);
  if (w.watched == 0)
    w.undelivered = 0; // the table has forgotten it
}

void watcher_checker::forget(unsigned slot) { watchers_[slot] = {}; }

void watcher_checker::credit(unsigned slot, std::uint32_t delivered) {
  auto& w = watchers_[slot];
  if (w.watched == 0)
    return;
  w.undelivered -= std::min(w.undelivered, delivered);
  if (w.undelivered < limits::undelivered)
    send_waiting(slot);
}

/// All of it at once, in one message for each cause.
void watcher_checker::send_waiting(unsigned slot) {
  auto& w = watchers_[slot];
  const auto first = static_cast<std::ptrdiff_t>(expected_.size());
  for_each_key(w.waiting, [&](page_key k) {
    const auto& p = truth_.pages[k];
    if (!p.page)
      return expect({slot, ns_of(k), bit(k), true, false, {}, gone_[k]});
    const auto same =
        std::find_if(expected_.begin() + first, expected_.end(), [&](const message& m) {
          return !m.gone && m.ns == ns_of(k) && m.why == w.why[k] && m.pending == p.pending;
        });
    if (same != expected_.end())
      same->pages |= bit(k);
    else
      expect({slot, ns_of(k), bit(k), false, p.pending, w.why[k], {}});
  });
  w.waiting = 0;
}

void watcher_checker::changed(key_mask together, origin why, bool pending) {
  for (unsigned slot = 0; slot < watcher_slots; ++slot) {
    key_mask now = 0;
    for_each_key(together & watchers_[slot].watched, [&](page_key k) {
      if (take(slot, k, why))
        now |= bit(k);
    });
    if (now != 0)
      expect({slot,
              ns_of(static_cast<page_key>(std::countr_zero(now))),
              now,
              false,
              pending,
              why,
              {}});
  }
}

void watcher_checker::removed(page_key k, removal how) {
  gone_[k] = how;
  for (unsigned slot = 0; slot < watcher_slots; ++slot)
    if (watches(slot, k) && take(slot, k, {}))
      expect({slot, ns_of(k), bit(k), true, false, {}, how});
}

// -- effects -----------------------------------------------------------------------------

unsigned watcher_checker::slot_of(watcher_id id) const {
  const auto slot = static_cast<unsigned>(id % watcher_slots);
  must(watchers_[slot].id == id, "empty", "one who has left is told of a page");
  return slot;
}

void watcher_checker::see(unsigned slot, page_key k) {
  auto& seen = watchers_[slot].seen[k];
  const auto now = truth_.pages[k].position;
  must(watches(slot, k), "delivery", "one who does not watch is told");
  must(seen <= now, "newest", "an older version comes behind a newer one");
  seen = now;
}

/// Takes the expected message that was sent; where none was, says why it is wrong.
void watcher_checker::settle(const message& m) {
  for (auto& e : expected_) {
    if (e.slot != m.slot || e.ns != m.ns || e.gone != m.gone)
      continue;
    if (e.pages == m.pages && e.why == m.why && e.pending == m.pending && e.how == m.how) {
      e = expected_.back();
      expected_.pop_back();
      return;
    }
  }
  must(!truth_.nothing_changed, "unmodified", "an unmodified page is told of");
  for (const auto& e : expected_)
    if (e.slot == m.slot && e.gone == m.gone && (e.pages & m.pages) != 0) {
      must(e.pages == m.pages, "together", "what changed together comes apart");
      must(e.why == m.why, "delivery", "a message names the wrong cause");
      must(e.pending == m.pending, "delivery", "a message is wrong about `pending`");
    }
  broken(m.gone ? "removed" : "delivery", "a message that there is no cause for");
}

void watcher_checker::on(const effects::notify& n) {
  must(!n.pages.empty() && !n.watchers.empty(), "delivery", "an empty message");
  key_mask pages = 0;
  for (const auto& page : n.pages) {
    const auto k = key_of(n.ns, page->id());
    must(page == truth_.pages[k].page, "newest", "what is sent is not the newest version");
    must((pages & bit(k)) == 0, "delivery", "a page stands twice in a message");
    pages |= bit(k);
  }
  for (const auto id : n.watchers) {
    const auto slot = slot_of(id);
    settle({slot, n.ns, pages, false, n.pending, n.why, {}});
    for_each_key(pages, [&](page_key k) { see(slot, k); });
  }
}

void watcher_checker::on(const effects::notify_removed& n) {
  const auto k = key_of(n.ns, n.id);
  must(!truth_.pages[k].page, "removed", "a page that is there is told of as gone");
  for (const auto id : n.watchers) {
    const auto slot = slot_of(id);
    settle({slot, n.ns, bit(k), true, false, {}, n.how});
    see(slot, k);
  }
}

void watcher_checker::end_event() const {
  if (expected_.empty())
    return;
  const auto& e = expected_.front();
  broken(e.gone ? "removed" : "delivery",
         "watcher " + std::to_string(e.slot) + " is not told of " +
             id_of(static_cast<page_key>(std::countr_zero(e.pages))));
}

bool watcher_checker::news_waits(request_id before) const {
  return std::any_of(watchers_.begin(), watchers_.end(), [&](const watcher& w) {
    return w.waiting != 0 && (before == 0 || w.since < before);
  });
}

void watcher_checker::check_quiet() const {
  for (unsigned slot = 0; slot < watcher_slots; ++slot)
    for_each_key(watchers_[slot].watched, [&](page_key k) {
      must(!truth_.pages[k].resident || knows_newest(slot, k), "newest",
           "a watcher does not end at the newest version");
    });
}

} // namespace flok::sim
