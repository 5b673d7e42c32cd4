// How flok's actors are scheduled. For the actors' sources; users have system.hpp.
#pragma once

namespace caf {
class actor_system_config;
}

namespace flok {

/// Lets an actor system be scheduled by work stealing whose idle workers are woken at once,
/// in place of the policies that CAF has (docs/decisions/scheduling.md). The number of
/// threads stays the configuration's (`scheduler.max-threads`).
void use_prompt_stealing(caf::actor_system_config& c);

} // namespace flok
