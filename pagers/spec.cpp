#include "pagers/spec.hpp"

#include "runtime/json_text.hpp"

namespace flok {

namespace {

/// The record, as JSON texts.
struct spec_state {
  static inline const char* name = "flok.spec"; // CAF's name for the actor
  spec_state() = default; // no aggregate: CAF would try to make it of the actor itself
  cache_actor cache;
  std::string init = "null";
  std::vector<std::string> watches;
  std::vector<std::string> unwatches;
  std::vector<std::string> writes;

  void started(const pager_init& m) {
    cache = m.cache;
    init = R"({"ns":)" + json::quoted(m.ns) + R"(,"options":)" + m.options + "}";
  }

  void watched(const pager_watch& m) {
    std::string text = R"({"id":)" + json::quoted(m.id);
    if (m.page)
      text += R"(,"page":)" + m.page->json();
    watches.push_back(text + "}");
  }

  [[nodiscard]] static std::string list(const std::vector<std::string>& texts) {
    std::string out = "[";
    for (const auto& text : texts) {
      if (out.size() != 1)
        out += ',';
      out += text;
    }
    return out + "]";
  }

  [[nodiscard]] std::string log() const {
    return R"({"init":)" + init + R"(,"watch":)" + list(watches) + R"(,"unwatch":)" +
           list(unwatches) + R"(,"write":)" + list(writes) + "}";
  }
};

spec_pager_actor::behavior_type
spec_pager(spec_pager_actor::stateful_pointer<spec_state> self) {
  return {
      [self](const pager_init& m) { state_of(self).started(m); },
      [self](const pager_watch& m) { state_of(self).watched(m); },
      [self](const pager_unwatch& m) {
        state_of(self).unwatches.push_back(json::quoted(m.id));
      },
      [](const pager_read&) { return pager_read_reply{}; },
      [self](const pager_write& m) {
        state_of(self).writes.push_back(m.page->json());
        send(self, state_of(self).cache, cache_write{{m.page}, false});
        return done{};
      },
      [](const pager_delete&) { return done{}; },
      [](const pager_invalidate&) { return done{}; },
      [](const pager_barrier&) { return done{}; },
      [self](const pager_log_request&) { return pager_log_reply{state_of(self).log()}; },
  };
}

} // namespace

pager_actor spawn_spec_pager(caf::actor_system& sys) {
  return spawn_function(sys, spec_pager);
}

} // namespace flok
