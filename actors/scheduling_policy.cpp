// With CAF 0.17, whose scheduler takes a policy: flok's own.
#include "actors/scheduling.hpp"

#include <caf/actor_system_config.hpp>
#include <caf/scheduler/coordinator.hpp>

#include "actors/prompt_stealing.hpp"

namespace flok {

void use_prompt_stealing(caf::actor_system_config& c) {
  c.load<caf::scheduler::coordinator<prompt_stealing>>();
}

} // namespace flok
