// A world's disk, and its crashes.
#include <algorithm>
#include <utility>

#include "tests/sim/world.hpp"

namespace flok::sim {

namespace {

const error disk_error{errc::storage_failure, "the disk is full"};

/// One of those that have come as far as `state` says, or of those that have not; none
/// where there is none.
template <class Calls, class Call>
auto some_call(dice& roll, Calls& calls, bool Call::*state, bool reached) {
  if (calls.empty())
    return calls.end();
  const auto from = roll.below(static_cast<std::uint32_t>(calls.size()));
  for (std::size_t i = 0; i < calls.size(); ++i) {
    const auto at = calls.begin() + static_cast<std::ptrdiff_t>((from + i) % calls.size());
    if (*at.*state == reached)
      return at;
  }
  return calls.end();
}

} // namespace

/// A read transaction begins: what is on disk now is what it will find.
bool world::look() {
  if (const auto l = some_call(roll_, loads_, &load_call::looked, false);
      l != loads_.end()) {
    note("disk looks", l->key, l->call);
    l->looked = true;
    l->found = disk_[l->key];
    return true;
  }
  const auto l = some_call(roll_, lists_, &list_call::looked, false);
  if (l == lists_.end())
    return false;
  note("disk lists", keys, l->call);
  l->looked = true;
  for_each_key(keys_of(l->ns), [&](page_key k) {
    if (disk_[k].page && l->range.contains(id_of(k)) && l->found.size() < l->range.limit)
      l->found.push_back(id_of(k));
  });
  return true;
}

bool world::tell_load(bool fails) {
  const auto at = some_call(roll_, loads_, &load_call::looked, true);
  if (at == loads_.end())
    return false;
  const load_call l = *at;
  note(fails ? "load fails" : l.found.page ? "loaded" : "loaded nothing", l.key, l.call);
  loads_.erase(at);
  auto& p = truth_.pages[l.key];
  --p.loads;
  if (fails) {
    truth_.load_failed = true;
    space_->loaded(l.call, failure(disk_error));
    return true;
  }
  if (l.found.page && !p.resident && p.position == l.position) {
    truth_.show(l.key, l.found.page, l.found.pending);
    watcher_check_.changed(bit(l.key), origin::disk, l.found.pending);
  }
  space_->loaded(l.call, stored_page{l.found.page, l.found.pending});
  return true;
}

bool world::tell_list(bool fails) {
  const auto at = some_call(roll_, lists_, &list_call::looked, true);
  if (at == lists_.end())
    return false;
  const list_call l = std::move(*at);
  lists_.erase(at);
  truth_.load_failed = fails;
  note(fails ? "list fails" : "listed", keys, l.call);
  if (fails)
    space_->listed(l.call, failure(disk_error));
  else
    space_->listed(l.call, l.found);
  return true;
}

/// A commit is written: all of it at once. One behind another that was not written goes its
/// own way.
bool world::apply() {
  const auto at = some_call(roll_, commits_, &commit_call::applied, false);
  if (at == commits_.end())
    return false;
  at->applied = true;
  note("disk writes", keys, at->call);
  for (const auto& [k, kept] : at->pages)
    disk_[k] = kept;
  disk_check_.applied(disk_);
  return true;
}

/// Also one that was written may be told of as failed.
bool world::tell_commit(bool fails) {
  const bool applied = !fails || roll_.chance(50);
  const auto at = some_call(roll_, commits_, &commit_call::applied, applied);
  if (at == commits_.end())
    return false;
  note(fails ? "commit fails" : "committed", keys, at->call);
  const auto done = std::move(*at);
  commits_.erase(at);
  disk_check_.answered(done.call);
  truth_.commit_failed = fails;
  if (fails) {
    space_->committed(done.call, failure(disk_error));
    return true;
  }
  for (const auto& [k, kept] : done.pages)
    truth_.pages[k].confirmed = kept.position;
  answer_check_.committed(done.pages.size());
  space_->committed(done.call, {});
  return true;
}

/// The process dies where it stands, and another one starts on the same disk. What was
/// being committed may be there or not.
bool world::crash() {
  if (!truth_.storage)
    return false;
  note("crash and restart");
  if (roll_.chance(50))
    apply();
  space_.reset();
  commits_.clear();
  loads_.clear();
  lists_.clear();
  retry_at_ = 0;
  disk_check_.crashed(disk_);
  answer_check_.crashed();
  count_check_.restarted();
  watcher_check_.restarted();
  for (unsigned slot = 0; slot < watcher_slots; ++slot)
    last_watcher_ = std::max(last_watcher_, who_[slot] += watcher_slots);
  owed_ = {};
  for (auto& p : pagers_)
    p.inbox.clear();
  truth_.pager_up = {true, true};
  start();
  return true;
}

/// Results of calls that nobody made, or whose caller has gone.
bool world::stray() {
  note("stray results");
  const ticket call = roll_.chance(50) ? last_call_ + (ticket{1} << 40U) : 0;
  space_->loaded(call, stored_page{stock_.some(roll_, 0), false});
  space_->listed(call, {});
  space_->committed(call + (ticket{1} << 40U), {});
  space_->pager_wrote(call, {});
  space_->pager_read_done(call, stock_.some(roll_, 0));
  space_->pager_passed(call);
  space_->credit(who_[0] + watcher_slots, 1);
  return true;
}

} // namespace flok::sim
