// `mem`: local memory, cached to disk like all pages.
#pragma once

#include "pager.hpp"

namespace flok {

/// Spawns a memory pager: it caches what is written, and knows no page that is not in the
/// cache or on disk. Seed 003, "Mem pager"; `mem0`, `mem1` and `mem2` are the same.
[[nodiscard]] pager_actor spawn_mem_pager(caf::actor_system& sys);

} // namespace flok
