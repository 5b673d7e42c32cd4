// The vm's pagers: their lives, deaths and returns.

#include <algorithm>
#include <chrono>

#include "actors/vm_state.hpp"

namespace flok {

using std::chrono::milliseconds;

namespace {

/// A pager that keeps dying is restarted ever more slowly.
constexpr std::uint64_t first_restart_ms = 10;
constexpr std::uint64_t longest_restart_ms = 10'000;

} // namespace

/// Spawns the pager; the factory is the program's, and what it throws is its own failure.
pager_actor vm_state::spawn_pager(const pager_slot& slot) {
  std::string why = "its factory returned none";
  try {
    if (auto made = slot.ns.pager(self_->system()))
      return made;
  } catch (const std::exception& e) {
    why = e.what();
  } catch (...) {
    why = "it threw no std::exception";
  }
  tell({errc::pager_down, "the pager of " + slot.ns.name + " cannot be made: " + why});
  return {};
}

/// False where the pager could not be made; it is tried again later, like one that died.
bool vm_state::start_pager(ns_id ns) {
  auto& slot = pagers_[ns];
  slot.started = self_->clock().now();
  slot.actor = spawn_pager(slot);
  if (!slot.actor) {
    restart_later(ns);
    return false;
  }
  monitor(self_, slot.actor);
  send(self_, slot.actor,
       pager_init{slot.ns.name, slot.ns.options,
                  caf::actor_cast<cache_actor>(vm_actor{self_})});
  return true;
}

void vm_state::restart_pager(ns_id ns) {
  if (ending_ || ns >= pagers_.size() || pagers_[ns].actor)
    return;
  if (!start_pager(ns))
    return;
  log_.write(log_level::info, "pager_restarted", {{"namespace", pagers_[ns].ns.name}});
  space_->pager_started(ns);
  perform();
}

void vm_state::from_pager(const cache_write& w) {
  for (ns_id ns = 0; ns < pagers_.size(); ++ns)
    if (pagers_[ns].actor && self_->current_sender() == pagers_[ns].actor) {
      if (std::find(w.pages.begin(), w.pages.end(), nullptr) != w.pages.end())
        return tell({errc::invalid_page,
                     "the pager of " + pagers_[ns].ns.name + " cached a missing page"});
      space_->cache_write(ns, w.pages, w.pending);
      return perform();
    }
}

caf::delegated<done> vm_state::cache_as_pager(const cache_request& m) {
  const auto ns = space_->find(m.ns);
  if (!debug_)
    return refuse<done>({errc::unsupported, "only where debug is on"});
  if (!ns)
    return refuse<done>({errc::unknown_namespace, "no namespace is called " + m.ns});
  space_->cache_write(*ns, m.pages, m.pending);
  perform();
  self_->make_response_promise().deliver(done{});
  return {};
}

/// Longer after each death, but for a pager that had lived well.
void vm_state::restart_later(ns_id ns) {
  auto& slot = pagers_[ns];
  ++slot.ns.meters->pager_failures;
  if (self_->clock().now() - slot.started >= milliseconds{longest_restart_ms})
    slot.restart_ms = 0;
  slot.restart_ms = std::clamp(slot.restart_ms * 2, first_restart_ms, longest_restart_ms);
  send_later(self_, milliseconds{slot.restart_ms}, self_, restart_tick{ns});
  log_.write(log_level::warning, "pager_restart",
             {{"namespace", slot.ns.name}, {"after_ms", slot.restart_ms}});
}

void vm_state::pager_died(ns_id ns, const caf::error& reason) {
  const auto why = what_was_thrown(reason);
  tell({errc::pager_down,
        "the pager of " + pagers_[ns].ns.name + " died" + (why.empty() ? "" : ": " + why)});
  restart_later(ns);
}

void vm_state::down(const caf::down_msg& m) {
  for (ns_id ns = 0; ns < pagers_.size(); ++ns) {
    auto& slot = pagers_[ns];
    if (!slot.actor || slot.actor.address() != m.source)
      continue;
    slot.actor = pager_actor{};
    if (!ending_)
      pager_died(ns, m.reason);
    space_->pager_lost(ns);
    perform();
    return end_when_alone();
  }
  forget(0, m.source);
  perform();
}

void vm_state::end(const caf::error& reason) {
  ending_ = reason;
  for (auto& slot : pagers_)
    if (slot.actor)
      self_->send_exit(slot.actor, reason);
  end_when_alone();
}

/// Pagers end first: who has waited for the vm's end may take away what they use.
void vm_state::end_when_alone() {
  const auto alive = [](const pager_slot& slot) { return static_cast<bool>(slot.actor); };
  if (!ending_ || std::any_of(pagers_.begin(), pagers_.end(), alive))
    return;
  answer_all({errc::shutting_down, "the vm has ended"});
  self_->quit(*ending_);
}

void vm_state::answer_all(const error& why) {
  promises_.for_each([&](awaited& a) { a.promise.deliver(to_caf(why)); });
  promises_ = {};
}

/// It threw, as where there is no memory left: nobody else could tell of it, answer those
/// who wait, or end its pagers.
void vm_state::died(const std::string& why) {
  for (const auto& slot : pagers_)
    if (slot.actor)
      self_->send_exit(slot.actor, caf::exit_reason::user_shutdown);
  std::string names;
  for (const auto& slot : pagers_)
    names += (names.empty() ? "" : ", ") + slot.ns.name;
  const error told{errc::shutting_down, "the vm of " + names + " died: " + why +
                                            "; what it had not paged out is lost"};
  answer_all(told);
  tell(told);
}

/// What may happen at any rate is told once an interval: whom the cache is too small for,
/// and who does not keep up.
void vm_state::log_growth() {
  if (!log_.wants(log_level::warning))
    return;
  for (auto& slot : pagers_) {
    const auto now = slot.ns.meters->stats();
    const auto before = std::exchange(slot.logged, now);
    if (now.evicted != before.evicted)
      log_.write(log_level::warning, "evicted",
                 {{"namespace", slot.ns.name},
                  {"pages", now.evicted - before.evicted},
                  {"cached_bytes", now.bytes}});
    if (now.merged != before.merged)
      log_.write(log_level::warning, "watchers_behind",
                 {{"namespace", slot.ns.name}, {"merged", now.merged - before.merged}});
  }
}

void vm_state::tell(const error& what) {
  for (const auto& listener : listeners_)
    send(self_, listener, problem{what});
}

} // namespace flok
