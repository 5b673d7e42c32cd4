// Keeps a connection. Private to remote/.
#pragma once

#include <atomic>
#include <future>
#include <map>
#include <memory>
#include <string>

#include "../actors/controller_actor.hpp"
#include "connection.hpp"
#include "remote_messages.hpp"

namespace flok {

/// What a connection and its link share.
struct link_shared {
  connect_options options; ///< with `on_problem`
  std::shared_ptr<system_context> context;
  std::atomic<bool> connected{false};

  /// Kept by the first attempt: the relays by namespace, or why there are none.
  std::promise<expected<std::map<std::string, relay_actor>>> first;
};

/// Connects, and again whenever the connection is lost; tells the relays, which it makes
/// when it first succeeds. Where it does not, it ends. It ends when told to exit, too,
/// after an attempt that is under way.
[[nodiscard]] link_actor spawn_link(caf::actor_system& sys,
                                    std::shared_ptr<link_shared> shared);

} // namespace flok
