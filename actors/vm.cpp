#include "actors/vm.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <unordered_map>
#include <utility>

#include <caf/actor_clock.hpp>
#include <caf/response_promise.hpp>

#include "runtime/address_space.hpp"

namespace flok {

namespace {

using std::chrono::milliseconds;

/// A pager that keeps dying is restarted ever more slowly.
constexpr std::uint64_t first_restart_ms = 10;
constexpr std::uint64_t longest_restart_ms = 10'000;

class vm_state {
public:
  static inline const char* name = "flok.vm"; // CAF's name for the actor
  using pointer = vm_actor::stateful_pointer<vm_state>;

  explicit vm_state(pointer self) : self_{self} {}

  void start(vm_options options) {
    address_space_options space;
    for (auto& ns : options.namespaces) {
      space.namespaces.push_back(ns.name);
      pagers_.push_back({std::move(ns), {}, 0, {}});
    }
    storage_ = options.storage;
    space.storage = static_cast<bool>(storage_.reader);
    space.max_dirty = options.pageout.max_dirty;
    space.debug = options.debug;
    space_ = std::make_unique<address_space>(std::move(space), std::move(options.ids));
    interval_ = milliseconds{options.pageout.interval_ms};
    self_->set_down_handler([this](caf::down_msg& m) { down(m); });
    self_->set_exit_handler([this](caf::exit_msg& m) { end(m.reason); });
    for (ns_id ns = 0; ns < pagers_.size(); ++ns)
      if (!start_pager(ns))
        space_->pager_lost(ns);
    if (storage_.writer)
      self_->delayed_send(self_, interval_, pageout_tick{});
  }

  vm_actor::behavior_type behavior();

private:
  struct pager_slot {
    vm_namespace ns;
    pager_actor actor;
    std::uint64_t restart_ms; ///< how long the last restart waited; 0: none yet
    caf::actor_clock::time_point started;
  };

  struct awaited {
    caf::response_promise promise;
    bool reads; ///< a page answers a read, rather than a write
  };

  // -- requests ---------------------------------------------------------------

  /// Makes an event of a request, to be answered when the address space does.
  template <class Reply, class Event>
  caf::typed_response_promise<Reply> request(Event event) {
    auto promise = self_->make_response_promise<Reply>();
    event(expect_answer(promise, std::is_same_v<Reply, page_reply>));
    perform();
    return promise;
  }

  /// The same, where the namespace is known; where not, that is the answer.
  template <class Reply, class Event>
  caf::typed_response_promise<Reply> request_in(const std::string& ns, Event event) {
    if (const auto known = space_->find(ns))
      return request<Reply>([&](request_id r) { event(r, *known); });
    return refuse<Reply>({errc::unknown_namespace, "no namespace is called " + ns});
  }

  template <class Reply>
  caf::typed_response_promise<Reply> refuse(const error& why) {
    auto promise = self_->make_response_promise<Reply>();
    promise.deliver(to_caf(why));
    return promise;
  }

  request_id expect_answer(caf::response_promise& promise, bool reads) {
    if (!promise.pending())
      return 0;
    promises_.emplace(++last_request_, awaited{promise, reads});
    return last_request_;
  }

  watcher_id known_watcher(const watcher_actor& watcher) {
    const auto actor = caf::actor_cast<caf::actor>(watcher);
    const auto [entry, added] = ids_.try_emplace(actor.address(), last_watcher_ + 1);
    if (added) {
      watchers_.emplace(++last_watcher_, actor);
      self_->monitor(watcher);
    }
    return entry->second;
  }

  void forget(request_id request, const caf::actor_addr& watcher) {
    const auto entry = ids_.find(watcher);
    const watcher_id id = entry == ids_.end() ? 0 : entry->second;
    if (entry != ids_.end()) {
      watchers_.erase(id);
      ids_.erase(entry);
      self_->demonitor(watcher);
    }
    space_->forget(request, id);
  }

  stats_reply stats() const {
    stats_reply reply;
    for (ns_id ns = 0; ns < pagers_.size(); ++ns)
      reply.namespaces.push_back({pagers_[ns].ns.name, space_->stats(ns)});
    return reply;
  }

  caf::result<find_pager_reply> find_pager(const std::string& ns) const {
    const auto known = space_->find(ns);
    if (!known)
      return to_caf({errc::unknown_namespace, "no namespace is called " + ns});
    if (!pagers_[*known].actor)
      return to_caf({errc::pager_down, "the pager is being restarted"});
    return find_pager_reply{pagers_[*known].actor};
  }

  // -- pagers -----------------------------------------------------------------

  /// Spawns the pager; the factory is the program's, and what it throws is its own failure.
  pager_actor spawn_pager(const pager_slot& slot) {
    try {
      return slot.ns.pager(self_->system());
    } catch (const std::exception& e) {
      tell({errc::pager_down, "the pager of " + slot.ns.name + ": " + e.what()});
      return {};
    }
  }

  /// False where the pager could not be made; it is tried again later, like one that died.
  bool start_pager(ns_id ns) {
    auto& slot = pagers_[ns];
    slot.started = self_->clock().now();
    slot.actor = spawn_pager(slot);
    if (!slot.actor) {
      restart_later(ns);
      return false;
    }
    self_->monitor(slot.actor);
    self_->send(slot.actor, pager_init{slot.ns.name, slot.ns.options,
                                       caf::actor_cast<cache_actor>(vm_actor{self_})});
    return true;
  }

  void restart_pager(ns_id ns) {
    if (ending_ || ns >= pagers_.size() || pagers_[ns].actor)
      return;
    if (!start_pager(ns))
      return;
    space_->pager_started(ns);
    perform();
  }

  void from_pager(const cache_write& w) {
    for (ns_id ns = 0; ns < pagers_.size(); ++ns)
      if (pagers_[ns].actor && self_->current_sender() == pagers_[ns].actor) {
        if (std::find(w.pages.begin(), w.pages.end(), nullptr) != w.pages.end())
          return tell({errc::invalid_page,
                       "the pager of " + pagers_[ns].ns.name + " cached a missing page"});
        space_->cache_write(ns, w.pages, w.pending);
        return perform();
      }
  }

  /// Longer after each death, but for a pager that had lived well.
  void restart_later(ns_id ns) {
    auto& slot = pagers_[ns];
    if (self_->clock().now() - slot.started >= milliseconds{longest_restart_ms})
      slot.restart_ms = 0;
    slot.restart_ms = std::clamp(slot.restart_ms * 2, first_restart_ms, longest_restart_ms);
    self_->delayed_send(self_, milliseconds{slot.restart_ms}, restart_tick{ns});
    tell({errc::pager_down, "the pager of " + slot.ns.name + " died"});
  }

  void down(const caf::down_msg& m) {
    for (ns_id ns = 0; ns < pagers_.size(); ++ns) {
      auto& slot = pagers_[ns];
      if (!slot.actor || slot.actor.address() != m.source)
        continue;
      slot.actor = pager_actor{};
      if (!ending_)
        restart_later(ns);
      space_->pager_lost(ns);
      perform();
      return end_when_alone();
    }
    forget(0, m.source);
    perform();
  }

  void end(const caf::error& reason) {
    ending_ = reason;
    for (auto& slot : pagers_)
      if (slot.actor)
        self_->send_exit(slot.actor, reason);
    end_when_alone();
  }

  /// Pagers end first: who has waited for the vm's end may take away what they use.
  void end_when_alone() {
    const auto alive = [](const pager_slot& slot) { return static_cast<bool>(slot.actor); };
    if (!ending_ || std::any_of(pagers_.begin(), pagers_.end(), alive))
      return;
    for (auto& entry : promises_)
      entry.second.promise.deliver(to_caf({errc::shutting_down, "the vm has ended"}));
    promises_.clear();
    self_->quit(*ending_);
  }

  void tell(const error& what) {
    for (const auto& listener : listeners_)
      self_->send(listener, problem{what});
  }

  // -- effects ----------------------------------------------------------------

  /// Performs what the last event caused, and what that causes in turn.
  void perform() {
    for (auto effects = space_->take_effects(); !effects.empty();
         effects = space_->take_effects())
      for (auto& e : effects)
        std::visit([this](auto& what) { perform(what); }, e);
  }

  void perform(effects::notify& e) {
    const auto message = caf::make_message(
        read_res{pagers_[e.ns].ns.name, std::move(e.pages), e.why, e.pending});
    for (const watcher_id w : e.watchers)
      if (const auto to = watchers_.find(w); to != watchers_.end())
        send_shared(self_, to->second, message);
  }

  void perform(effects::answer& e) {
    const auto entry = promises_.find(e.request);
    if (entry == promises_.end())
      return;
    auto [promise, reads] = std::move(entry->second);
    promises_.erase(entry);
    if (const auto* failed = std::get_if<error>(&e.result))
      promise.deliver(to_caf(*failed));
    else if (const auto* page = std::get_if<page_ptr>(&e.result))
      reads ? promise.deliver(page_reply{*page}) : promise.deliver(written{*page});
    else if (const auto* pages = std::get_if<std::uint64_t>(&e.result))
      promise.deliver(pageout_reply{*pages});
    else
      promise.deliver(done{});
  }

  void perform(effects::pager_watch& e) {
    self_->send(pagers_[e.ns].actor, pager_watch{std::move(e.id), std::move(e.page)});
  }

  void perform(effects::pager_unwatch& e) {
    self_->send(pagers_[e.ns].actor, pager_unwatch{std::move(e.id)});
  }

  void perform(effects::pager_write& e) {
    const ticket call = e.call;
    self_
        ->request(pagers_[e.ns].actor, caf::infinite,
                  pager_write{std::move(e.page), std::move(e.replaces)})
        .then(
            [this, call](const done&) {
              space_->pager_wrote(call, {});
              perform();
            },
            [this, call](const caf::error& why) {
              space_->pager_wrote(call, failure(from_pager_error(why)));
              perform();
            });
  }

  void perform(effects::pager_read& e) {
    const ticket call = e.call;
    self_->request(pagers_[e.ns].actor, caf::infinite, pager_read{std::move(e.id)})
        .then(
            [this, call](const pager_read_reply& reply) {
              space_->pager_read_done(call, reply.page);
              perform();
            },
            [this, call](const caf::error& why) {
              space_->pager_read_done(call, failure(from_pager_error(why)));
              perform();
            });
  }

  void perform(effects::pager_barrier& e) {
    const ticket call = e.call;
    const auto passed = [this, call] {
      space_->pager_passed(call);
      perform();
    };
    self_->request(pagers_[e.ns].actor, caf::infinite, pager_barrier{})
        .then([passed](const done&) { passed(); },
              [passed](const caf::error&) { passed(); });
  }

  void perform(effects::load& e) {
    load_request r{pagers_[e.ns].ns.name, std::move(e.id)};
    if (e.urgent)
      await_load(e.call, self_->request<caf::message_priority::high>(
                             storage_.reader, caf::infinite, std::move(r)));
    else
      await_load(e.call, self_->request(storage_.reader, caf::infinite, std::move(r)));
  }

  template <class Response>
  void await_load(ticket call, Response response) {
    response.then(
        [this, call](const load_reply& reply) {
          if (!reply.damage.empty())
            tell({errc::storage_failure, reply.damage});
          space_->loaded(call, stored_page{reply.page, reply.pending});
          perform();
        },
        [this, call](const caf::error& why) {
          space_->loaded(call, failure(from_storage_error(why)));
          perform();
        });
  }

  void perform(effects::commit& e) {
    commit_request r;
    r.pages.reserve(e.pages.size());
    for (auto& p : e.pages)
      r.pages.push_back(
          {pagers_[p.ns].ns.name, std::move(p.id), std::move(p.page), p.pending});
    const ticket call = e.call;
    self_->request(storage_.writer, caf::infinite, std::move(r))
        .then(
            [this, call](const done&) {
              space_->committed(call, {});
              perform();
            },
            [this, call](const caf::error& why) {
              space_->committed(call, failure(from_storage_error(why)));
              perform();
            });
  }

  void perform(effects::arm_retry& e) {
    self_->delayed_send(self_, milliseconds{e.delay_ms}, retry_tick{});
  }

  void perform(effects::report& e) { tell(e.what); }

  /// What a pager refuses is its own word; that it is gone is CAF's.
  static error from_pager_error(const caf::error& why) {
    return why.category() == error_category
               ? from_caf(why)
               : error{errc::pager_down, "the pager died; whether it was done is unknown"};
  }

  static error from_storage_error(const caf::error& why) {
    return why.category() == error_category
               ? from_caf(why)
               : error{errc::storage_failure, "the storage actor is gone"};
  }

  pointer self_;
  std::unique_ptr<address_space> space_;
  std::vector<pager_slot> pagers_; ///< by namespace
  storage_actors storage_;
  milliseconds interval_{};
  std::vector<problem_listener> listeners_;
  std::unordered_map<request_id, awaited> promises_;
  std::unordered_map<caf::actor_addr, watcher_id> ids_;
  std::unordered_map<watcher_id, caf::actor> watchers_;
  request_id last_request_ = 0;
  watcher_id last_watcher_ = 0;
  std::optional<caf::error> ending_; ///< told to exit, and why
};

vm_actor::behavior_type vm_state::behavior() {
  return {
      [this](const cache_write& w) { from_pager(w); },
      [this](const watch_request& m) {
        if (!m.watcher)
          return refuse<done>({errc::bad_request, "a watch without a watcher"});
        return request_in<done>(m.ns, [&](request_id r, ns_id ns) {
          space_->watch(r, known_watcher(m.watcher), ns, m.id, m.sync);
        });
      },
      [this](const unwatch_request& m) {
        return request_in<done>(m.ns, [&](request_id r, ns_id ns) {
          const auto known = ids_.find(m.watcher.address());
          space_->unwatch(r, known == ids_.end() ? 0 : known->second, ns, m.id);
        });
      },
      [this](const forget_request& m) {
        return request<done>([&](request_id r) { forget(r, m.watcher.address()); });
      },
      [this](const read_request& m) {
        return request_in<page_reply>(
            m.ns, [&](request_id r, ns_id ns) { space_->read(r, ns, m.id, m.sync); });
      },
      [this](const write_request& m) {
        if (!m.page)
          return refuse<written>({errc::invalid_page, "a write without a page"});
        return request_in<written>(
            m.ns, [&](request_id r, ns_id ns) { space_->write(r, ns, m.page); });
      },
      [this](const edit_request& m) {
        return request_in<written>(m.ns, [&](request_id r, ns_id ns) {
          space_->edit(r, ns, m.id, m.edits, m.create);
        });
      },
      [this](const pageout_request&) {
        return request<pageout_reply>([&](request_id r) { space_->page_out(r); });
      },
      [this](const drain_request&) {
        return request<done>([&](request_id r) { space_->drain(r); });
      },
      [this](const stats_request&) { return stats(); },
      [this](const find_pager_request& m) { return find_pager(m.ns); },
      [this](const listen_request& m) {
        listeners_.push_back(m.listener);
        return done{};
      },
      [this](const pageout_tick&) {
        space_->pageout_due();
        perform();
        self_->delayed_send(self_, interval_, pageout_tick{});
      },
      [this](const retry_tick&) {
        space_->retry_pageout();
        perform();
      },
      [this](const restart_tick& m) { restart_pager(m.ns); },
  };
}

} // namespace

vm_actor spawn_vm(caf::actor_system& sys, vm_options options) {
  return sys.spawn([options = std::move(options)](vm_state::pointer self) mutable {
    self->state.start(std::move(options));
    return self->state.behavior();
  });
}

} // namespace flok
