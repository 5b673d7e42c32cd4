#include "own_pager.hpp"

#include <flok/pagers/pager.hpp>
#include <flok/pagers/registry.hpp>

namespace {

struct unconfirmed_state {
  static inline const char* name = "unconfirmed";
  unconfirmed_state() = default;
  flok::cache_actor cache;
};

flok::pager_actor::behavior_type
unconfirmed(flok::pager_actor::stateful_pointer<unconfirmed_state> self) {
  return {
      [self](const flok::pager_init& m) { state_of(self).cache = m.cache; },
      [](const flok::pager_watch&) {},
      [](const flok::pager_unwatch&) {},
      [](const flok::pager_read&) { return flok::pager_read_reply{}; },
      [self](const flok::pager_write& m) {
        flok::send(self, state_of(self).cache, flok::cache_write{{m.page}, true});
        return flok::done{};
      },
      [](const flok::pager_delete&) { return flok::done{}; },
      [](const flok::pager_invalidate&) { return flok::done{}; },
      [](const flok::pager_barrier&) { return flok::done{}; },
  };
}

} // namespace

std::shared_ptr<const flok::pager_source> uses_flok::all_pagers() {
  auto pagers = std::make_shared<flok::pager_registry>();
  pagers->add({"unconfirmed"}, [](caf::actor_system& actors) {
    return flok::spawn_function(actors, unconfirmed);
  });
  return pagers;
}
