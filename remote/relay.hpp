// A namespace of another process, as an actor of this one. Private to remote/.
#pragma once

#include <functional>
#include <string>

#include "remote_messages.hpp"

namespace flok {

/// Hears that a watch could not be begun again, on the relay's thread: whose, and why.
using watch_complaint = std::function<void(const caf::actor_addr& who, const error& why)>;

/// Passes on what a vm is asked, remembers the watches to begin them again, and answers
/// itself while there is no connection. Ends when told to exit; what it has not answered by
/// then is `shutting_down`.
[[nodiscard]] relay_actor spawn_relay(caf::actor_system& sys, const std::string& ns,
                                      watch_complaint complain);

} // namespace flok
