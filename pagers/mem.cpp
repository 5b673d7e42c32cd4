#include "pagers/mem.hpp"

namespace flok {

namespace {

struct mem_state {
  static inline const char* name = "flok.mem"; // CAF's name for the actor
  mem_state() = default; // no aggregate: CAF would try to make it of the actor itself
  cache_actor cache;
};

pager_actor::behavior_type mem_pager(pager_actor::stateful_pointer<mem_state> self) {
  return {
      [self](const pager_init& m) { state_of(self).cache = m.cache; },
      [](const pager_watch&) {},
      [](const pager_unwatch&) {},
      [](const pager_read&) { return pager_read_reply{}; },
      [self](const pager_write& m) {
        send(self, state_of(self).cache, cache_write{{m.page}, false});
        return done{};
      },
      [](const pager_delete&) { return done{}; },
      [](const pager_invalidate&) -> caf::result<done> {
        return to_caf({errc::unsupported, "these pages have no other authority"});
      },
      [](const pager_barrier&) { return done{}; },
  };
}

} // namespace

pager_actor spawn_mem_pager(caf::actor_system& sys) {
  return spawn_function(sys, mem_pager);
}

} // namespace flok
