// The vm service: a thin shell over address_space (seed 002).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "../runtime/config.hpp"
#include "../runtime/meters.hpp"
#include "../runtime/page_table.hpp"
#include "log.hpp"
#include "messages.hpp"
#include "storage.hpp"

namespace flok {

/// A namespace that a vm serves.
struct vm_namespace {
  std::string name;
  std::string options = "{}"; ///< JSON text of an object, for the pager's `init`
  pager_factory pager;
  std::shared_ptr<page_table> table = nullptr; ///< kept for readers on any thread, if any
  std::shared_ptr<namespace_meters> meters = nullptr; ///< where it counts; none: its own
};

struct vm_options {
  std::vector<vm_namespace> namespaces;
  storage_actors storage; ///< invalid handles: nothing is kept
  pageout_config pageout;
  id_source ids;
  std::uint64_t max_bytes = 0; ///< of resident pages, 0: as many as there are
  bool debug = false;          ///< checks signatures' promises, takes `cache_request`
  std::shared_ptr<flok::meters> meters = nullptr; ///< where page-outs are timed, if any
  event_log log{};
  problem_listener
      listener{}; ///< hears problems from the first on, as `listen_request` asks
};

/// Spawns a vm and the pagers of its namespaces. Messages become events of an
/// `address_space`, its effects become messages. It ends when told to exit, once its pagers
/// have, without a page-out: whoever ends it asks for one before, as system.hpp does. What
/// it has not answered by then is answered `shutting_down`.
[[nodiscard]] vm_actor spawn_vm(caf::actor_system& sys, vm_options options);

} // namespace flok
