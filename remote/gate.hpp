// Where the requests of other processes arrive. Private to remote/.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "remote_messages.hpp"

namespace flok {

/// The actor that stands between a network and the vm of a namespace. It ends when one of
/// `anchors` does, which nobody elsewhere can name, and then makes the vm forget those who
/// watch through it.
[[nodiscard]] gate_actor spawn_gate(caf::actor_system& sys, const std::string& ns,
                                    const vm_actor& vm,
                                    const std::vector<caf::actor>& anchors);

/// The actor that tells where each namespace's gate is. It ends when one of
/// `anchors` does.
[[nodiscard]] door_actor spawn_door(caf::actor_system& sys,
                                    std::map<std::string, gate_actor> gates,
                                    const std::vector<caf::actor>& anchors);

} // namespace flok
