// A program's pager: memory whose pages have a bounded number of entries.
#pragma once

#include <flok/pagers/pager.hpp>
#include <nlohmann/json.hpp>

struct capped_state {
  static inline const char* name = "capped";
  capped_state() = default;
  flok::cache_actor cache;
  std::size_t most = 0;
};

/// Refuses pages of more entries than its option `most` says.
inline flok::pager_actor::behavior_type
capped(flok::pager_actor::stateful_pointer<capped_state> self) {
  return {
      [self](const flok::pager_init& m) {
        flok::state_of(self).cache = m.cache;
        flok::state_of(self).most =
            nlohmann::json::parse(m.options).value("most", std::size_t{10});
      },
      [](const flok::pager_watch&) {},
      [](const flok::pager_unwatch&) {},
      [](const flok::pager_read&) { return flok::pager_read_reply{}; },
      [self](const flok::pager_write& m) -> caf::result<flok::done> {
        if (m.page->size() > flok::state_of(self).most)
          return flok::to_caf({flok::errc::unsupported, "too many entries"});
        flok::send(self, flok::state_of(self).cache, flok::cache_write{{m.page}, false});
        return flok::done{};
      },
      [](const flok::pager_delete&) { return flok::done{}; },
      [](const flok::pager_invalidate&) -> caf::result<flok::done> {
        return flok::to_caf({flok::errc::unsupported, "there is no better copy"});
      },
      [](const flok::pager_barrier&) { return flok::done{}; },
  };
}

inline flok::pager_actor spawn_capped(caf::actor_system& sys) {
  return flok::spawn_function(sys, capped);
}
