#include "actors/controller_actor.hpp"

namespace flok {

void controller_roll::spawned() {
  const std::lock_guard lock{mutex_};
  ++starting_;
}

void controller_roll::started(const caf::actor_addr& who) {
  const std::lock_guard lock{mutex_};
  --starting_;
  alive_.insert(who);
  changed_.notify_all();
}

void controller_roll::ended(const caf::actor_addr& who, bool had_started) {
  const std::lock_guard lock{mutex_};
  starting_ -= had_started ? 0 : 1;
  alive_.erase(who);
  changed_.notify_all();
}

std::vector<caf::actor_addr> controller_roll::wait_started() {
  std::unique_lock lock{mutex_};
  changed_.wait(lock, [&] { return starting_ == 0; });
  return {alive_.begin(), alive_.end()};
}

std::vector<caf::actor_addr> controller_roll::alive() {
  const std::lock_guard lock{mutex_};
  return {alive_.begin(), alive_.end()};
}

void controller_roll::wait_none() {
  std::unique_lock lock{mutex_};
  changed_.wait(lock, [&] { return starting_ == 0 && alive_.empty(); });
}

caf::actor spawn_root(caf::actor_system& sys) {
  using root_actor = interface<handles<wake_up>>;
  return caf::actor_cast<caf::actor>(spawn_function(
      sys, []() -> root_actor::behavior_type { return {[](const wake_up&) {}}; }));
}

} // namespace flok
