// Keeps the gates of a publication. Private to remote/.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "../actors/messages.hpp"
#include "gate.hpp"

namespace flok {

/// The actor that gates and door end with, which nobody elsewhere can name. It spawns a
/// gate for each of `vms`, and another one for a gate that ends; they are in `gates`, the
/// first ones when this returns. It ends when `root` does, or is told to exit. Blocks the
/// calling thread, which must not be an actor's.
[[nodiscard]] caf::actor spawn_keeper(caf::actor_system& sys,
                                      const std::map<std::string, vm_actor>& vms,
                                      const std::shared_ptr<gate_table>& gates,
                                      const caf::actor& root);

} // namespace flok
