// With CAF 1.x, which takes no policy: one of its own. Under its work stealing two actors
// that talk without end hold up all that waits behind them.
#include "actors/scheduling.hpp"

#include "actors/caf_compat.hpp"

namespace flok {

void use_prompt_stealing(caf::actor_system_config& c) {
  set_scheduler_policy(c, "sharing");
}

} // namespace flok
