// The two storage actors: a read never waits for a commit.
#pragma once

#include <memory>

#include "messages.hpp"
#include "store.hpp"

namespace flok {

/// The actors over one store, or two invalid handles where nothing is kept.
struct storage_actors {
  storage_reader reader;
  storage_writer writer;
};

/// Spawns both. The writer has a thread of its own unless `detach` is false, as in tests
/// that run actors in virtual time. They share the store, which ends with the last of them.
[[nodiscard]] storage_actors spawn_storage(caf::actor_system& sys, std::shared_ptr<store> s,
                                           bool detach = true);

} // namespace flok
