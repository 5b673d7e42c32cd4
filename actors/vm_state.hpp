// The vm actor's state. Private to the vm.
#pragma once

#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

#include <caf/actor_clock.hpp>
#include <caf/response_promise.hpp>

#include "../runtime/address_space.hpp"
#include "id_table.hpp"
#include "timing.hpp"
#include "vm.hpp"

namespace flok {

/// Messages become events of the address space, and its effects become messages.
class vm_state {
public:
  static inline const char* name = "flok.vm"; // CAF's name for the actor
  using pointer = vm_actor::stateful_pointer<vm_state>;

  explicit vm_state(pointer self) : self_{self} {}

  void start(vm_options options);
  vm_actor::behavior_type behavior();

private:
  struct pager_slot {
    vm_namespace ns;
    pager_actor actor;
    std::uint64_t restart_ms; ///< how long the last restart waited; 0: none yet
    caf::actor_clock::time_point started;
    namespace_stats logged{}; ///< what the log knows of
    sampler reads{};          ///< which of them are timed
    sampler writes{};
    sampler notices{};
  };

  /// What a request is answered with.
  enum class reply { done, page, written, pages, ids };

  struct awaited {
    caf::response_promise promise;
    reply with = reply::done;
    timing time{};
  };

  template <class Reply>
  static constexpr reply reply_of() {
    if (std::is_same_v<Reply, page_reply>)
      return reply::page;
    if (std::is_same_v<Reply, written>)
      return reply::written;
    if (std::is_same_v<Reply, pageout_reply>)
      return reply::pages;
    return std::is_same_v<Reply, list_reply> ? reply::ids : reply::done;
  }

  // -- requests ---------------------------------------------------------------

  caf::delegated<done> watch(const watch_request& m);
  caf::delegated<written> write(const write_request& m);
  caf::delegated<written> edit(const edit_request& m);
  caf::delegated<done> erase(const delete_request& m);
  caf::delegated<done> invalidate(const invalidate_request& m);
  caf::delegated<list_reply> list(const list_request& m);
  caf::delegated<page_reply> read(const read_request& m);
  void tick();

  /// Makes an event of a request, to be answered when the address space does.
  template <class Reply, class Event>
  caf::delegated<Reply> request(Event event, timing time = {}) {
    event(expect_answer(reply_of<Reply>(), time));
    perform();
    return {};
  }

  /// The same, where the namespace is known; where not, that is the answer.
  template <class Reply, class Event>
  caf::delegated<Reply> request_in(const std::string& ns, Event event) {
    if (const auto known = space_->find(ns))
      return request<Reply>([&](request_id r) { event(r, *known); }, timed<Reply>(*known));
    return refuse<Reply>({errc::unknown_namespace, "no namespace is called " + ns});
  }

  template <class Reply>
  caf::delegated<Reply> refuse(const error& why) {
    self_->make_response_promise().deliver(to_caf(why));
    return {};
  }

  /// Reads and writes are timed.
  template <class Reply>
  timing timed(ns_id ns) {
    if constexpr (std::is_same_v<Reply, page_reply>)
      return pagers_[ns].reads.begin(pagers_[ns].ns.meters->read, has_more_messages(self_));
    else if constexpr (std::is_same_v<Reply, written>)
      return pagers_[ns].writes.begin(pagers_[ns].ns.meters->write,
                                      has_more_messages(self_));
    else
      return {};
  }

  request_id expect_answer(reply with, timing time) {
    auto promise = self_->make_response_promise();
    if (!promise.pending())
      return 0;
    return promises_.add({std::move(promise), with, time});
  }

  watcher_id known_watcher(const watcher_actor& watcher) {
    const auto actor = caf::actor_cast<caf::actor>(watcher);
    const auto [entry, added] = ids_.try_emplace(actor.address(), 0);
    if (added) {
      entry->second = watchers_.add(actor);
      monitor(self_, watcher);
    }
    return entry->second;
  }

  /// Who watches nothing any more is not held on to.
  void unwatch(request_id request, const caf::actor_addr& watcher, ns_id ns,
               const std::string& id) {
    const auto known = ids_.find(watcher);
    const watcher_id who = known == ids_.end() ? 0 : known->second;
    space_->unwatch(request, who, ns, id);
    if (who == 0 || space_->watches(who))
      return;
    demonitor(self_, watcher);
    (void)watchers_.take(who);
    ids_.erase(known);
  }

  void take_credit(const credit& m) {
    const auto known = ids_.find(m.watcher.address());
    if (known == ids_.end())
      return;
    space_->credit(known->second, m.delivered);
    perform();
  }

  void forget(request_id request, const caf::actor_addr& watcher) {
    const auto entry = ids_.find(watcher);
    const watcher_id id = entry == ids_.end() ? 0 : entry->second;
    if (entry != ids_.end()) {
      (void)watchers_.take(id);
      ids_.erase(entry);
      demonitor(self_, watcher);
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

  pager_actor spawn_pager(const pager_slot& slot);
  bool start_pager(ns_id ns);
  void restart_pager(ns_id ns);
  void from_pager(const cache_write& w);
  caf::delegated<done> cache_as_pager(const cache_request& m);
  void restart_later(ns_id ns);
  void pager_died(ns_id ns, const caf::error& reason);
  void down(const caf::down_msg& m);
  void end(const caf::error& reason);
  void end_when_alone();
  void answer_all(const error& why);
  void died(const std::string& why);
  void tell(const error& what);
  void log_growth();

  // -- effects ----------------------------------------------------------------

  void perform();
  void perform(effects::notify& e);
  void send_to(const few<watcher_id>& watchers, const caf::message& what);
  time_sent time_notice(ns_id ns, const few<watcher_id>& watchers);
  void perform(effects::answer& e);
  void perform(effects::notify_removed& e);
  void perform(effects::pager_watch& e);
  void perform(effects::pager_unwatch& e);
  void perform(effects::pager_write& e);
  void perform(effects::pager_delete& e);
  void perform(effects::pager_invalidate& e);
  template <class Request>
  void ask_pager(ns_id ns, ticket call, Request request);
  void perform(effects::pager_read& e);
  void perform(effects::pager_barrier& e);
  void perform(effects::load& e);
  void send_loads();
  template <class Response>
  void await_loads(ns_id ns, std::vector<ticket> calls, bool counted, Response response);
  void loaded(ns_id ns, ticket call, const loaded_page& result);
  void perform(effects::list& e);
  void perform(effects::commit& e);
  void perform(effects::arm_retry& e);
  void perform(effects::report& e);
  static error from_pager_error(const caf::error& why);
  static error from_storage_error(const caf::error& why);

  pointer self_;
  std::unique_ptr<address_space> space_;
  std::vector<effect> performed_;  ///< none: their memory is used again
  std::vector<pager_slot> pagers_; ///< by namespace
  storage_actors storage_;
  std::deque<effects::load> loads_; ///< not sent yet
  std::size_t load_requests_ = 0;   ///< sent and not answered; urgent ones are apart
  std::shared_ptr<meters> meters_;  ///< never null, nor is any namespace's
  event_log log_;
  bool debug_ = false;
  std::chrono::milliseconds interval_{};
  std::vector<problem_listener> listeners_;
  id_table<awaited> promises_; ///< by `request_id`
  std::unordered_map<caf::actor_addr, watcher_id> ids_;
  id_table<caf::actor> watchers_;    ///< by `watcher_id`
  std::optional<caf::error> ending_; ///< told to exit, and why
};

} // namespace flok
