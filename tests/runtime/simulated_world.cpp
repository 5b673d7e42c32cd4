#include "tests/runtime/simulated_world.hpp"

#include <algorithm>

#include "tests/catch.hpp"

namespace flok::testing {

namespace {

constexpr std::size_t namespaces = 2;
const error storage_error{errc::storage_failure, "the disk is full"};

} // namespace

simulated_world::simulated_world(std::uint64_t seed)
    : roll_{seed}, storage_{roll_.chance(85)}, faults_{roll_.chance(50)},
      ids_{1 + roll_.below(6)}, watchers_{1 + roll_.below(5)},
      max_dirty_{roll_.chance(50) ? 1 + roll_.below(8) : 1000},
      batch_bytes_{roll_.chance(50) ? 100 + roll_.below(900) : limits::batch_bytes},
      model_{namespaces, storage_}, pagers_(namespaces) {
  choose_actions();
  start();
}

simulated_world::~simulated_world() = default;

void simulated_world::start() {
  space_ = std::make_unique<address_space>(
      address_space_options{{"user", "other"}, storage_, max_dirty_, batch_bytes_},
      counted_ids());
}

/// What this world does, and how often. Requests and faults may be left out, what ends
/// things may not.
void simulated_world::choose_actions() {
  const auto now_and_then = [this](std::function<void()> act) {
    if (roll_.chance(75))
      actions_.push_back({1 + roll_.below(20), std::move(act)});
  };
  const auto always = [this](std::function<void()> act) {
    actions_.push_back({5 + roll_.below(20), std::move(act)});
  };
  for (const bool sync : {false, true}) {
    now_and_then([this, sync] {
      const auto w = some_watcher();
      const auto key = some_key();
      model_.watch(++last_request_, w, key, sync);
      space_->watch(last_request_, w, key.first, key.second, sync);
    });
    now_and_then([this, sync] {
      const auto key = some_key();
      model_.read(++last_request_, key, sync);
      space_->read(last_request_, key.first, key.second, sync);
    });
  }
  now_and_then([this] {
    const auto w = some_watcher();
    const auto key = some_key();
    model_.unwatch(++last_request_, w, key);
    space_->unwatch(last_request_, w, key.first, key.second);
  });
  now_and_then([this] {
    const auto key = some_key();
    const auto page = some_version(key);
    model_.write(++last_request_, key.first, page);
    space_->write(last_request_, key.first, page);
  });
  now_and_then([this] { request_edit(); });
  now_and_then([this] { request_forget(); });
  now_and_then([this] { pager_caches(1); });
  now_and_then([this] { pager_caches(4); });
  now_and_then([this] {
    model_.page_out(++last_request_);
    space_->page_out(last_request_);
  });
  now_and_then([this] { space_->pageout_due(); });
  now_and_then([this] { request_drain(); });
  if (faults_) {
    now_and_then([this] { lose_pager(); });
    now_and_then([this] { disk_fails_load(); });
    now_and_then([this] { commit_ends(true); });
  }
  always([this] { start_pagers(); });
  always([this] { disk_looks(); });
  always([this] { disk_tells(); });
  always([this] { commit_writes(); });
  always([this] { commit_ends(false); });
  always([this] { pager_acts(); });
  for (const auto& a : actions_)
    weights_ += a.weight;
}

// -- one thing after another -------------------------------------------------------------

void simulated_world::run(std::size_t steps) {
  for (std::size_t i = 0; i < steps; ++i)
    act();
}

void simulated_world::act() {
  std::size_t at = roll_.below(weights_);
  for (const auto& a : actions_) {
    if (at < a.weight) {
      a.act();
      break;
    }
    at -= a.weight;
  }
  if (retry_armed_ && roll_.chance(10)) {
    retry_armed_ = false;
    space_->retry_pageout();
  }
  perform();
}

/// Takes the effects of one event, under the model's eyes.
void simulated_world::perform() {
  for (const auto& e : space_->take_effects()) {
    model_.effect(e);
    take(e);
  }
  model_.settled(*space_);
}

void simulated_world::take(const effect& e) {
  if (const auto* load = std::get_if<effects::load>(&e)) {
    const load_call call{load->call, {load->ns, load->id}, false, {}};
    load->urgent ? loads_.push_front(call) : loads_.push_back(call);
  } else if (const auto* commit = std::get_if<effects::commit>(&e)) {
    auto& call = commits_.emplace_back(commit_call{commit->call, {}, false});
    for (const auto& p : commit->pages) {
      const page_key key{p.ns, p.id};
      call.pages.push_back({key, {p.page, p.pending, model_.position(key)}});
    }
  } else if (const auto* news = std::get_if<effects::notify>(&e)) {
    for (const auto w : news->watchers)
      space_->credit(w, 1); // these watchers keep up
  } else if (const auto* answer = std::get_if<effects::answer>(&e)) {
    check_drained(answer->request);
  } else if (std::holds_alternative<effects::arm_retry>(e)) {
    CHECK_FALSE(retry_armed_);
    retry_armed_ = true;
  } else {
    const auto post = [this](const auto& m) {
      if constexpr (std::is_constructible_v<pager_message, decltype(m)>)
        pagers_[m.ns].inbox.push_back({m, last_request_});
    };
    std::visit(post, e);
  }
}

void simulated_world::quiesce() {
  const auto busy = [this] {
    return !loads_.empty() || !commits_.empty() || retry_armed_ ||
           std::any_of(pagers_.begin(), pagers_.end(),
                       [](const pager& p) { return !p.up || !p.inbox.empty(); });
  };
  while (busy()) {
    start_pagers();
    perform();
    for (const auto& act :
         {&simulated_world::disk_looks, &simulated_world::disk_tells,
          &simulated_world::commit_writes, &simulated_world::pager_acts}) {
      (this->*act)();
      perform();
    }
    commit_ends(false);
    perform();
    if (std::exchange(retry_armed_, false))
      space_->retry_pageout();
    perform();
  }
  model_.check_quiet();
}

// -- random choices ----------------------------------------------------------------------

page_key simulated_world::some_key() {
  return {static_cast<ns_id>(roll_.chance(80) ? 0 : 1),
          std::string(1, static_cast<char>('a' + roll_.below(ids_)))};
}

watcher_id simulated_world::some_watcher() { return 1 + roll_.below(watchers_); }

/// A new version of the page, or now and then the one that is resident.
page_ptr simulated_world::some_version(const page_key& key) {
  const auto resident = model_.resident(key);
  if (resident && roll_.chance(20))
    return page_of(resident->json());
  return version(key.second, "v" + std::to_string(++versions_));
}

std::vector<flok::edit> simulated_world::some_edits() {
  std::vector<flok::edit> edits;
  for (std::size_t n = 1 + roll_.below(3); n != 0; --n) {
    const auto value = std::to_string(++versions_);
    switch (roll_.below(4)) {
    case 0:
      edits.push_back(insert_edit{roll_.below(3), R"({"_id":"n)" + value + "\"}"});
      break;
    case 1:
      edits.push_back(erase_edit{roll_.below(3)});
      break;
    case 2:
      edits.push_back(set_edit{roll_.below(2), R"({"t":)" + value + "}"});
      break;
    default:
      edits.push_back(pointer_edit{page_pointer::next, value});
    }
  }
  return edits;
}

// -- requests ----------------------------------------------------------------------------

void simulated_world::request_edit() {
  const auto key = some_key();
  const auto edits = some_edits();
  const auto create =
      roll_.chance(50) ? std::optional{page_kind::array} : std::optional<page_kind>{};
  model_.edit(++last_request_, key, edits, create);
  space_->edit(last_request_, key.first, key.second, edits, create);
}

void simulated_world::request_forget() {
  const auto w = some_watcher();
  model_.forget(++last_request_, w);
  space_->forget(last_request_, w);
}

void simulated_world::request_drain() {
  drains_.insert(++last_request_);
  model_.drain(last_request_);
  space_->drain(last_request_);
}

/// Where that request is a drain: its pagers have dealt with all that came before it.
void simulated_world::check_drained(request_id r) {
  if (drains_.erase(r) == 0)
    return;
  for (const auto& p : pagers_)
    for (const auto& waiting : p.inbox)
      CHECK(waiting.behind >= r);
}

// -- the disk ----------------------------------------------------------------------------

/// A read transaction begins: what is on disk now is what it will find.
void simulated_world::disk_looks() {
  for (auto& l : loads_)
    if (!l.looked) {
      l.looked = true;
      const auto entry = disk_.find(l.key);
      if (entry == disk_.end())
        return;
      const auto stored = decode_record(entry->second.bytes, l.key.second).value();
      l.found = {stored.page, stored.pending, entry->second.position};
      return;
    }
}

void simulated_world::disk_tells() {
  std::vector<std::size_t> ready;
  for (std::size_t i = 0; i < loads_.size(); ++i)
    if (loads_[i].looked)
      ready.push_back(i);
  if (ready.empty())
    return;
  const auto at = loads_.begin() + static_cast<std::ptrdiff_t>(roll_.pick(ready));
  const auto l = *at;
  loads_.erase(at);
  model_.loaded(l.key, l.found);
  space_->loaded(l.call,
                 l.found ? stored_page{l.found->page, l.found->pending} : stored_page{});
}

void simulated_world::disk_fails_load() {
  if (loads_.empty())
    return;
  const auto l = loads_.front();
  loads_.pop_front();
  model_.load_failed(l.key.first);
  space_->loaded(l.call, failure(storage_error));
}

void simulated_world::commit_writes() {
  const auto call = std::find_if(commits_.begin(), commits_.end(),
                                 [](const commit_call& c) { return !c.applied; });
  if (call == commits_.end())
    return;
  call->applied = true;
  for (const auto& [key, kept] : call->pages) {
    disk_[key] = {{}, kept.position};
    append_record(disk_[key].bytes, *kept.page, kept.pending);
  }
  model_.check_disk(disk_);
}

void simulated_world::commit_ends(bool fails) {
  const auto call = std::find_if(commits_.begin(), commits_.end(),
                                 [&](const commit_call& c) { return c.applied != fails; });
  if (call == commits_.end())
    return; // a commit that has been written does not fail any more
  const auto done = std::move(*call);
  commits_.erase(call);
  if (fails)
    model_.commit_failed();
  else
    model_.committed(done.pages);
  space_->committed(done.call,
                    fails ? expected<void>{failure(storage_error)} : expected<void>{});
}

// -- pagers ------------------------------------------------------------------------------

void simulated_world::lose_pager() {
  const auto ns = static_cast<ns_id>(roll_.below(namespaces));
  if (!std::exchange(pagers_[ns].up, false))
    return;
  pagers_[ns].inbox.clear();
  model_.pager_lost(ns);
  space_->pager_lost(ns);
}

void simulated_world::start_pagers() {
  for (ns_id ns = 0; ns < namespaces; ++ns)
    if (!std::exchange(pagers_[ns].up, true)) {
      model_.pager_started(ns);
      space_->pager_started(ns);
      return;
    }
}

void simulated_world::cache(ns_id ns, const std::vector<page_ptr>& pages, bool pending) {
  model_.cache_write(ns, pages, pending);
  space_->cache_write(ns, pages, pending);
}

/// A pager has news by itself.
void simulated_world::pager_caches(std::size_t most) {
  const ns_id ns = some_key().first;
  std::vector<page_ptr> pages;
  for (std::size_t i = 0; i < ids_ && pages.size() < most; ++i)
    if (roll_.chance(60))
      pages.push_back(some_version({ns, std::string(1, static_cast<char>('a' + i))}));
  if (pagers_[ns].up)
    cache(ns, pages, roll_.chance(20));
}

void simulated_world::pager_acts() {
  const auto ns = static_cast<ns_id>(roll_.below(namespaces));
  auto& inbox = pagers_[ns].inbox;
  if (inbox.empty())
    return;
  const auto message = std::move(inbox.front().message);
  inbox.pop_front();
  std::visit([&](const auto& m) { deal_with(ns, m); }, message);
}

void simulated_world::deal_with(ns_id ns, const effects::pager_watch& m) {
  if (roll_.chance(30))
    cache(ns, {some_version({ns, m.id})}, roll_.chance(20));
}

void simulated_world::deal_with(ns_id, const effects::pager_unwatch&) {}

void simulated_world::deal_with(ns_id ns, const effects::pager_write& m) {
  if (roll_.chance(20)) {
    space_->pager_wrote(m.call, failure(errc::unsupported, "not now"));
    return;
  }
  if (roll_.chance(80)) {
    std::vector<page_ptr> pages{m.page};
    const page_key other{ns, m.page->id() == "a" ? "b" : "a"};
    if (roll_.chance(20))
      pages.push_back(some_version(other));
    cache(ns, pages, roll_.chance(20));
    perform();
  }
  space_->pager_wrote(m.call, {});
}

void simulated_world::deal_with(ns_id ns, const effects::pager_read& m) {
  const auto resident = model_.resident({ns, m.id});
  if (roll_.chance(20)) {
    space_->pager_read_done(m.call, failure(errc::unsupported, "no reads"));
  } else if (resident || roll_.chance(50)) {
    const auto page = some_version({ns, m.id});
    if (!resident) // else what was cached meanwhile stands
      model_.cache_write(ns, {page}, false);
    space_->pager_read_done(m.call, page);
  } else {
    space_->pager_read_done(m.call, page_ptr{});
  }
}

void simulated_world::deal_with(ns_id, const effects::pager_barrier& m) {
  space_->pager_passed(m.call);
}

// -- ends --------------------------------------------------------------------------------

void simulated_world::check_kept() {
  quiesce();
  model_.page_out(++last_request_);
  space_->page_out(last_request_);
  perform();
  quiesce();
  if (!storage_) {
    CHECK(disk_.empty());
    return;
  }
  for (ns_id ns = 0; ns < namespaces; ++ns) {
    CHECK(space_->stats(ns).dirty == 0);
    for (std::size_t i = 0; i < ids_; ++i) {
      const page_key key{ns, std::string(1, static_cast<char>('a' + i))};
      const auto resident = space_->resident(ns, key.second);
      CHECK(resident == model_.resident(key));
      if (resident)
        CHECK(decode_record(disk_.at(key).bytes, key.second)->page->json() ==
              resident->json());
    }
  }
}

void simulated_world::check_left() {
  for (watcher_id w = 1; w <= watchers_; ++w) {
    model_.forget(++last_request_, w);
    space_->forget(last_request_, w);
    perform();
  }
  quiesce();
  for (ns_id ns = 0; ns < namespaces; ++ns) {
    CHECK(space_->stats(ns).watched == 0);
    CHECK(space_->stats(ns).watchers == 0);
    CHECK(space_->stats(ns).loads == 0);
  }
}

void simulated_world::crash() {
  if (roll_.chance(50))
    commit_writes();
  commits_.clear();
  loads_.clear();
  retry_armed_ = false;
  drains_.clear();
  for (auto& p : pagers_)
    p = pager{};
  model_.crashed(disk_);
  start();
}

} // namespace flok::testing
