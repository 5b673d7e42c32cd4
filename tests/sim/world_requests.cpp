// What a world's controllers ask for.
#include <algorithm>
#include <utility>

#include "tests/sim/world.hpp"

namespace flok::sim {

page_key world::some_key() { return (roll_.chance(70) ? 0 : ids) + roll_.below(ids_); }

bool world::watch() {
  const auto slot = some_slot();
  const auto k = some_key();
  const bool sync = roll_.chance(30);
  const bool every = roll_.chance(every_);
  note(sync ? "watch sync" : every ? "watch every" : "watch", k, who_[slot]);
  const auto kind = sync ? request::kind::sync_watch : request::kind::plain;
  const auto r = answer_check_.ask({kind, k, slot});
  watcher_check_.watch(slot, who_[slot], k, every);
  truth_.pages[k].watchers |= 1U << slot;
  space_->watch(r, who_[slot], ns_of(k), id_of(k), sync, every);
  return true;
}

bool world::unwatch() {
  const auto slot = some_slot();
  const auto k = some_key();
  note("unwatch", k, who_[slot]);
  const auto r = answer_check_.ask({request::kind::plain, k, slot});
  watcher_check_.unwatch(slot, k);
  truth_.pages[k].watchers &= ~(1U << slot);
  space_->unwatch(r, who_[slot], ns_of(k), id_of(k));
  return true;
}

/// The watcher dies; another one comes in its place.
bool world::forget(unsigned slot) {
  note("forget", keys, who_[slot]);
  const auto r = answer_check_.ask({request::kind::plain, 0, slot});
  watcher_check_.forget(slot);
  for (auto& p : truth_.pages)
    p.watchers &= ~(1U << slot);
  space_->forget(r, who_[slot]);
  last_watcher_ = std::max(last_watcher_, who_[slot] += watcher_slots);
  owed_[slot] = 0;
  return true;
}

bool world::read() {
  const auto k = some_key();
  const bool sync = roll_.chance(40);
  note(sync ? "read_sync" : "read", k);
  const auto r =
      answer_check_.ask({sync ? request::kind::read_sync : request::kind::read, k});
  space_->read(r, ns_of(k), id_of(k), sync);
  return true;
}

/// Some requests have a rule: a hash that is right now, or that is wrong.
request world::rule_for(request r) {
  if (roll_.chance(20))
    r.if_hash = roll_.chance(60) ? truth_.pages[r.key].hash() : std::string{"1"};
  r.durable = roll_.chance(15);
  return r;
}

bool world::write() {
  const auto k = some_key();
  auto r = rule_for({request::kind::write, k});
  r.page = stock_.some(roll_, k);
  const write_rule rule{r.if_hash, r.durable};
  const auto page = r.page;
  note(r.durable ? "write durable" : r.if_hash ? "write if_hash" : "write", k);
  space_->write(answer_check_.ask(std::move(r)), ns_of(k), page, rule);
  return true;
}

bool world::edit() {
  const auto k = some_key();
  auto r = rule_for({request::kind::edit, k});
  r.edits = stock_.some_edits(roll_);
  const write_rule rule{r.if_hash, r.durable};
  const auto edits = r.edits;
  const auto create =
      roll_.chance(70) ? std::optional{page_kind::array} : std::optional<page_kind>{};
  note("edit", k);
  space_->edit(answer_check_.ask(std::move(r)), ns_of(k), id_of(k), edits, create, rule);
  return true;
}

bool world::remove(request::kind what) {
  const auto k = some_key();
  if (what == request::kind::invalidate) {
    note("invalidate", k);
    space_->invalidate(answer_check_.ask({what, k}), ns_of(k), id_of(k));
    return true;
  }
  auto r = rule_for({what, k});
  const write_rule rule{r.if_hash, r.durable};
  note(r.durable ? "erase durable" : r.if_hash ? "erase if_hash" : "erase", k);
  space_->erase(answer_check_.ask(std::move(r)), ns_of(k), id_of(k), rule);
  return true;
}

bool world::list() {
  request r{request::kind::list, some_key()};
  if (roll_.chance(30))
    r.range.prefix = id_of(some_key());
  if (roll_.chance(30))
    r.range.after = id_of(some_key());
  if (roll_.chance(50))
    r.range.limit = roll_.below(4);
  for (page_key k = 0; k < keys; ++k)
    r.ever |= truth_.pages[k].page ? bit(k) : 0;
  note("list", r.key);
  const auto range = r.range;
  const auto ns = ns_of(r.key);
  space_->list(answer_check_.ask(std::move(r)), ns, range);
  return true;
}

bool world::page_out() {
  note("page_out");
  space_->page_out(answer_check_.ask({request::kind::page_out}));
  return true;
}

bool world::drain() {
  note("drain", keys, truth_.last_request + 1);
  space_->drain(answer_check_.ask({request::kind::drain}));
  return true;
}

// -- watchers deal with what they were told ----------------------------------------------

bool world::credit(bool all) {
  const auto from = some_slot();
  for (unsigned i = 0; i < watchers_; ++i) {
    const auto slot = (from + i) % watchers_;
    const auto kept = all ? 0 : slow_[slot];
    if (owed_[slot] > kept)
      return credit(slot, kept >= limits::credit_batch
                              ? 1 + roll_.below(limits::credit_batch)
                              : owed_[slot]);
  }
  return false;
}

bool world::credit(unsigned slot, std::uint32_t delivered) {
  note("credit", keys, who_[slot]);
  owed_[slot] -= delivered;
  watcher_check_.credit(slot, delivered);
  space_->credit(who_[slot], delivered);
  return true;
}

} // namespace flok::sim
