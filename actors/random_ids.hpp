// Ids that no two machines share.
#pragma once

#include "../runtime/draft.hpp"

namespace flok {

/// Random UUIDs, version 4 (RFC 9562), from a generator per thread that the operating
/// system's random device has seeded. May be called from any thread.
[[nodiscard]] id_source random_ids();

} // namespace flok
