// `net_sim`: pages that come from far away.
#pragma once

#include <string_view>

#include "pager.hpp"

namespace flok {

/// Spawns a pager that answers a watch, and a read, after a delay, from pages that it was
/// given; it refuses to write and to delete (`unsupported`), and brings a watched page
/// afresh where its copy was invalidated. Options:
///
///     {"delay_ms": 0 to 86400000, default 0; "pages": [PAGE, ...], default none}
[[nodiscard]] pager_actor spawn_net_sim_pager(caf::actor_system& sys);

/// Whether these are options for it. Fails with `bad_config`.
[[nodiscard]] expected<void> check_net_sim_options(std::string_view options);

} // namespace flok
