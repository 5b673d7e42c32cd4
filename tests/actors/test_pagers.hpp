// Pagers for tests with real threads.
#pragma once

#include <atomic>
#include <memory>

#include "pagers/registry.hpp"

namespace flok::testing {

/// The built-in pagers and these:
///   "twins"    what is written to X is cached as X and as twin-X, together
///   "mortal"   dies of every write of a page called "death", else as `mem`
///   "slow end" counts in `ended` the pagers whose state is gone
/// These never answer the write of a page called "silence".
std::shared_ptr<pager_registry> test_pagers(std::atomic<int>* ended = nullptr);

} // namespace flok::testing
