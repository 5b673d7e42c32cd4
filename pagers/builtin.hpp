// The built-in pagers, without CAF's headers.
#pragma once

#include <memory>

namespace flok {

class pager_source; // actors/messages.hpp

/// `mem` (also `mem0`, `mem1`, `mem2`), `net_sim`, and `spec` (also
/// `spec0`) where `debug` is on. Who
/// has pagers of their own adds them to a `pager_registry` (pagers/registry.hpp).
[[nodiscard]] std::shared_ptr<const pager_source> builtin_pagers();

} // namespace flok
