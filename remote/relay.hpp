// A namespace of another process, as an actor of this one. Private to remote/.
#pragma once

#include <string>

#include "remote_messages.hpp"

namespace flok {

/// Passes on what a vm is asked, remembers the watches to begin them again, and answers
/// itself while there is no connection. Ends when told to exit; what it has not answered by
/// then is `shutting_down`.
[[nodiscard]] relay_actor spawn_relay(caf::actor_system& sys, const std::string& ns);

} // namespace flok
