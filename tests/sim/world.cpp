// A world's frame: its choices, steps, and what it does with effects.
#include "tests/sim/world.hpp"

#include <algorithm>
#include <utility>

namespace flok::sim {

namespace {

/// So much credit slow watchers keep back, the last of them for ever.
constexpr std::array<std::uint32_t, 4> slow{limits::credit_batch, limits::undelivered - 2,
                                            limits::undelivered - 1, UINT32_MAX};

/// Controllers ask for no more while so much is not answered: where pagers or disk are
/// slower for ever, or news waits for ever, what waits would grow for ever.
constexpr std::size_t most_asked = 1000;
constexpr unsigned most_drains = 4;

} // namespace

world::world(std::uint64_t seed, const page_stock& stock)
    : roll_{seed}, stock_{stock}, ids_{1 + roll_.below(ids)},
      watchers_{1 + roll_.below(watcher_slots)}, max_dirty_{roll_.chance(50)
                                                                ? 1 + roll_.below(8)
                                                                : 1000},
      batch_bytes_{roll_.chance(50) ? 100 + roll_.below(3000) : limits::batch_bytes},
      every_{roll_.chance(50) ? 0U : 30U}, interval_ms_{200 + roll_.below(20'000)} {
  truth_.storage = roll_.chance(88);
  truth_.max_bytes = roll_.chance(40) ? 1000 + roll_.below(12'000) : 0;
  for (auto& s : slow_)
    s = roll_.chance(50) ? 0 : slow[roll_.below(static_cast<std::uint32_t>(slow.size()))];
  for (auto& p : pagers_) {
    p.answers_watch = roll_.below(100);
    p.refuses = roll_.chance(50) ? 0 : roll_.below(60);
    p.pending = roll_.chance(50) ? 0 : roll_.below(50);
    p.brings_other = roll_.chance(60) ? 0 : roll_.below(50);
    p.silent = roll_.chance(70) ? 0 : roll_.below(50);
  }
  for (unsigned slot = 0; slot < watcher_slots; ++slot)
    last_watcher_ = std::max(last_watcher_, who_[slot] = watcher_slots + slot);
  choose_ops();
  start();
}

void world::start() {
  address_space_options options{{"user", "other"}, truth_.storage};
  options.max_dirty = max_dirty_;
  options.batch_bytes = batch_bytes_;
  options.max_bytes = truth_.max_bytes;
  space_ = std::make_unique<address_space>(std::move(options),
                                           [] { return std::string{"made"}; });
  pageout_at_ = now_ms_ + interval_ms_;
}

/// What this world does, and how often.
void world::choose_ops() {
  const bool faults = roll_.chance(60);
  std::array<std::uint32_t, ops> weights{};
  std::uint32_t sum = 0;
  for (unsigned o = 0; o < ops; ++o) {
    const bool fault = o >= op_lose_pager && o <= op_stray;
    const bool ends = o > op_stray;
    if (ends)
      weights[o] = 10 + roll_.below(40);
    else if (fault)
      weights[o] = faults && roll_.chance(50) ? 1 + roll_.below(4) : 0;
    else if (roll_.chance(70))
      weights[o] = 1 + roll_.below(40);
    if (o == op_crash)
      weights[o] = std::min(weights[o], 1U);
    sum += weights[o];
  }
  std::uint32_t before = 0;
  unsigned o = 0;
  for (unsigned i = 0; i < table_.size(); ++i) {
    while (o + 1 < ops && (before + weights[o]) * table_.size() <= std::uint64_t{i} * sum)
      before += weights[o++];
    table_[i] = static_cast<op>(o);
  }
}

// -- steps -------------------------------------------------------------------------------

void world::run(std::uint64_t steps) {
  for (std::uint64_t i = 0; i < steps; ++i)
    step();
}

/// One thing that can happen now, happens.
void world::step() {
  ++steps_;
  now_ms_ += roll_.below(20);
  timers();
  for (unsigned tries = 0; tries < 16; ++tries) {
    truth_.begin_event();
    const op what = roll_.pick(table_);
    if (may(what) && act(what))
      return perform();
  }
}

void world::timers() {
  truth_.begin_event();
  if (retry_at_ != 0 && now_ms_ >= retry_at_) {
    note("retry_pageout");
    retry_at_ = 0;
    space_->retry_pageout();
    perform();
  }
  if (now_ms_ >= pageout_at_) {
    note("pageout_due");
    pageout_at_ = now_ms_ + interval_ms_;
    space_->pageout_due();
    perform();
  }
}

/// Whether there is room for what controllers ask for.
bool world::may(op what) const {
  if (what == op_drain && answer_check_.drains() >= most_drains)
    return false;
  const bool asks = what <= op_list || what == op_page_out || what == op_drain;
  return !asks || answer_check_.unanswered() < most_asked;
}

/// False where there is nothing of the kind to be done.
bool world::act(op what) {
  switch (what) {
  case op_watch:
    return watch();
  case op_unwatch:
    return unwatch();
  case op_forget:
    return roll_.chance(20) && forget(some_slot());
  case op_read:
    return read();
  case op_write:
    return write();
  case op_edit:
    return roll_.chance(30) && edit();
  case op_erase:
    return remove(request::kind::erase);
  case op_invalidate:
    return remove(request::kind::invalidate);
  case op_list:
    return list();
  case op_cache_one:
    return caches_by_itself(1);
  case op_cache_some:
    return caches_by_itself(4);
  case op_page_out:
    return roll_.chance(50) && page_out();
  case op_pageout_due:
    note("pageout_due");
    space_->pageout_due();
    return true;
  case op_drain:
    return drain();
  case op_lose_pager:
    return lose_pager();
  case op_fail_load:
    return roll_.chance(80) ? tell_load(true) : tell_list(true);
  case op_fail_commit:
    return tell_commit(true);
  case op_crash:
    return crash();
  case op_stray:
    return stray();
  case op_credit:
    return credit(false);
  case op_start_pager:
    return start_pager();
  case op_look:
    return look();
  case op_load:
    return roll_.chance(70) ? tell_load(false) : tell_list(false);
  case op_apply:
    return apply();
  case op_commit:
    return tell_commit(false);
  case op_pager_acts:
    return pager_acts();
  default:
    return false;
  }
}

/// Takes the effects of one event, under the checkers' eyes.
void world::perform() {
  if (answer_check_.drains() != 0) {
    request_id oldest = ~request_id{0};
    for (const auto& l : loads_)
      oldest = std::min(oldest, l.tag);
    for (const auto& p : pagers_)
      if (!p.inbox.empty())
        oldest = std::min(oldest, p.inbox.front().tag);
    answer_check_.oldest_work(oldest);
  }
  for (const auto& e : space_->take_effects())
    std::visit([this](const auto& what) { on(what); }, e);
  watcher_check_.end_event();
  count_check_.end_event(*space_);
  pager_check_.end_event();
  answer_check_.end_event();
  check_idle();
}

/// Where disk and pagers have nothing to do and no news waits, no request does.
void world::check_idle() const {
  if (!loads_.empty() || !lists_.empty() || watcher_check_.news_waits())
    return;
  for (const auto& p : pagers_)
    if (!p.inbox.empty())
      return;
  for (const auto& p : truth_.pages)
    if (p.with_pager)
      return; // it has cached something, and will say what it decides
  answer_check_.check_idle();
}

void world::end() {
  for (unsigned rounds = 0;; ++rounds) {
    must(rounds < 10'000 + steps_, "answers", "the world does not come to rest");
    bool busy = !commits_.empty() || retry_at_ != 0;
    for (const op what : {op_start_pager, op_look, op_apply, op_commit, op_pager_acts}) {
      truth_.begin_event();
      busy = act(what) || busy;
      perform();
    }
    for (const auto tell : {&world::tell_load, &world::tell_list}) {
      truth_.begin_event();
      busy = (this->*tell)(false) || busy;
      perform();
    }
    truth_.begin_event();
    busy = credit(true) || busy;
    perform();
    now_ms_ += 1000;
    timers();
    if (!busy)
      break;
  }
  answer_check_.check_quiet();
  watcher_check_.check_quiet();
  truth_.begin_event();
  note("page_out");
  space_->page_out(answer_check_.ask({request::kind::page_out}));
  for (perform(); !commits_.empty(); perform()) {
    apply();
    truth_.begin_event();
    tell_commit(false);
  }
  answer_check_.check_quiet();
  if (truth_.storage)
    disk_check_.check_kept(disk_);
  for (unsigned slot = 0; slot < watchers_; ++slot) {
    truth_.begin_event();
    forget(slot);
    perform();
  }
  count_check_.check_left(*space_, last_watcher_);
}

// -- what is known of the past -----------------------------------------------------------

void world::note(const char* what, page_key key, std::uint64_t number) {
  events_[noted_++ % events_.size()] = {what, key, number};
}

std::string world::last_events() const {
  std::string text;
  const auto first = noted_ - std::min<std::uint64_t>(noted_, events_.size());
  for (auto i = first; i < noted_; ++i) {
    const auto& e = events_[i % events_.size()];
    text += std::string{"  "} + e.what;
    if (e.key < keys)
      text += (ns_of(e.key) == 0 ? " " : " other/") + id_of(e.key);
    text += e.number != 0 ? " " + std::to_string(e.number) + "\n" : "\n";
  }
  return text;
}

// -- effects -----------------------------------------------------------------------------

void world::on(const effects::notify& e) {
  note("-> notify", key_of(e.ns, e.pages.front()->id()), e.watchers.front());
  watcher_check_.on(e);
  for (const auto w : e.watchers)
    ++owed_[w % watcher_slots];
}

void world::on(const effects::notify_removed& e) {
  note("-> removed", key_of(e.ns, e.id), e.watchers.front());
  watcher_check_.on(e);
  for (const auto w : e.watchers)
    ++owed_[w % watcher_slots];
}

void world::on(const effects::answer& e) {
  const auto* why = std::get_if<error>(&e.result);
  note(why != nullptr ? to_string(why->code).data() : "-> done: request", keys, e.request);
  answer_check_.on(e);
}

void world::on(const effects::pager_watch& e) {
  const auto k = key_of(e.ns, e.id);
  note("-> pager_watch", k);
  pager_check_.on(e);
  pagers_[e.ns].inbox.push_back(
      {pager_message::kind::watch, k, 0, truth_.last_request, e.page});
}

void world::on(const effects::pager_unwatch& e) {
  const auto k = key_of(e.ns, e.id);
  note("-> pager_unwatch", k);
  pager_check_.on(e);
  pagers_[e.ns].inbox.push_back({pager_message::kind::unwatch, k, 0, truth_.last_request});
}

void world::on(const effects::pager_write& e) {
  const auto k = key_of(e.ns, e.page->id());
  note("-> pager_write", k, e.call);
  pager_check_.on(e);
  last_call_ = e.call;
  pagers_[e.ns].inbox.push_back(
      {pager_message::kind::write, k, e.call, truth_.last_request, e.page});
}

void world::on(const effects::pager_delete& e) {
  const auto k = key_of(e.ns, e.id);
  note("-> pager_delete", k, e.call);
  pager_check_.on(e);
  pagers_[e.ns].inbox.push_back(
      {pager_message::kind::remove, k, e.call, truth_.last_request});
}

void world::on(const effects::pager_invalidate& e) {
  const auto k = key_of(e.ns, e.id);
  note("-> pager_invalidate", k, e.call);
  pager_check_.on(e);
  pagers_[e.ns].inbox.push_back(
      {pager_message::kind::remove, k, e.call, truth_.last_request, nullptr, true});
}

void world::on(const effects::pager_read& e) {
  const auto k = key_of(e.ns, e.id);
  note("-> pager_read", k, e.call);
  pager_check_.on(e);
  pagers_[e.ns].inbox.push_back(
      {pager_message::kind::read, k, e.call, truth_.last_request});
}

void world::on(const effects::pager_barrier& e) {
  note("-> pager_barrier", keys, e.call);
  pager_check_.on(e);
  pagers_[e.ns].inbox.push_back(
      {pager_message::kind::barrier, 0, e.call, truth_.last_request});
}

void world::on(const effects::load& e) {
  const auto k = key_of(e.ns, e.id);
  note(e.urgent ? "-> load at once" : "-> load", k, e.call);
  auto& p = truth_.pages[k];
  must(truth_.storage && !p.resident, "loads", "a load of what is resident");
  ++p.loads;
  last_call_ = e.call;
  loads_.push_back({e.call, k, truth_.last_request, p.position, e.urgent});
}

void world::on(const effects::list& e) {
  note("-> list", keys, e.call);
  lists_.push_back({e.call, e.ns, e.range});
}

void world::on(const effects::commit& e) {
  note("-> commit, pages:", keys, e.pages.size());
  disk_check_.on(e);
  auto& call = commits_.emplace_back(commit_call{e.call, {}, false});
  for (const auto& p : e.pages) {
    const auto k = key_of(p.ns, p.id);
    call.pages.push_back({k, {p.page, p.pending, truth_.pages[k].position}});
  }
}

void world::on(const effects::arm_retry& e) {
  note("-> arm_retry", keys, e.delay_ms);
  must(retry_at_ == 0 && e.delay_ms >= 100, "commits",
       "a retry is armed twice, or at once");
  retry_at_ = now_ms_ + e.delay_ms;
}

void world::on(const effects::report& e) {
  must(e.what.code == errc::storage_failure, "answers", "a report for no reason");
}

} // namespace flok::sim
