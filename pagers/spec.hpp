// `spec`: records what it hears, for tests.
#pragma once

#include "pager.hpp"

namespace flok {

/// Spawns a spec pager: a memory pager that answers `pager_log_request` with all that it
/// has heard, as the shell's `log` prints it. Only where `debug` is on. Seed 003, "Spec
/// pager".
[[nodiscard]] pager_actor spawn_spec_pager(caf::actor_system& sys);

} // namespace flok
