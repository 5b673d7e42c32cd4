// How controllers are actors. For those who speak to actors themselves.
#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <set>

#include "../runtime/meters.hpp"
#include "../runtime/page_table.hpp"
#include "controller.hpp"
#include "messages.hpp"

namespace flok {

/// Which controllers of a system there are. Any thread may call.
class controller_roll {
public:
  void spawned(); ///< one was spawned, whose body has not run yet
  void started(const caf::actor_addr& who);
  void ended(const caf::actor_addr& who, bool had_started);

  /// Waits until the bodies of all that were spawned have run; gives those still alive.
  [[nodiscard]] std::vector<caf::actor_addr> wait_started();

  [[nodiscard]] std::vector<caf::actor_addr> alive();

  /// Waits until all have ended.
  void wait_none();

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t starting_ = 0;
  std::set<caf::actor_addr> alive_;
};

/// Hears of problems, and tells when it has told them.
using listener_actor = problem_listener::extend<handles<barrier_request, done>>;

using vms_by_namespace = std::map<std::string, vm_actor, std::less<>>;

/// What the actors of one system share. Set when it starts, and emptied by `close` when no
/// controller is left; the roll guards itself.
struct system_context {
  vms_by_namespace vms;
  std::map<std::string, std::shared_ptr<page_table>, std::less<>> tables; ///< likewise
  caf::actor root; ///< controllers end with it
  listener_actor listener;
  id_source ids;
  std::function<void(const error&)> on_problem;
  controller_roll controllers;
  std::shared_ptr<flok::meters> meters;

  /// A controller takes up what the vm has sent.
  void taken_up(const read_res& news, caf::actor_id by) const {
    if (news.sent.times == 0 || news.sent.last != by || !meters)
      return;
    if (auto* in = meters->find(news.ns))
      in->notify.record(nanoseconds_since(news.sent.at), news.sent.times);
  }
};

/// Spawns a controller; `body` runs in it first.
[[nodiscard]] controller_ref spawn_controller(caf::actor_system& sys,
                                              std::shared_ptr<system_context> context,
                                              std::function<void(controller&)> body);

/// An actor that does nothing; controllers end when their context's does.
[[nodiscard]] caf::actor spawn_root(caf::actor_system& sys);

/// The controller's actor.
[[nodiscard]] controller_actor actor_of(const controller_ref& c);

} // namespace flok
