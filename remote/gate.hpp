// Where the requests of other processes arrive. Private to remote/.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "remote_messages.hpp"

namespace flok {

/// The gates that there are now, by namespace. Any thread may call.
class gate_table {
public:
  void put(const std::string& ns, gate_actor gate) {
    const std::lock_guard lock{mutex_};
    gates_[ns] = std::move(gate);
  }

  [[nodiscard]] std::map<std::string, gate_actor> all() const {
    const std::lock_guard lock{mutex_};
    return gates_;
  }

private:
  mutable std::mutex mutex_;
  std::map<std::string, gate_actor> gates_;
};

/// The actor that stands between a network and the vm of a namespace. It ends when `anchor`
/// does, which nobody elsewhere can name, and then makes the vm forget those who watch
/// through it.
[[nodiscard]] gate_actor spawn_gate(caf::actor_system& sys, const std::string& ns,
                                    const vm_actor& vm, const caf::actor& anchor);

/// The actor that tells where each namespace's gate is. It ends when `anchor` does.
[[nodiscard]] door_actor spawn_door(caf::actor_system& sys,
                                    std::shared_ptr<const gate_table> gates,
                                    const caf::actor& anchor);

} // namespace flok
