#include "actors/storage.hpp"

#include <exception>

namespace flok {

namespace {

/// What the store throws, for want of memory at most, is a failure like others: an actor
/// must not end by it.
template <class Work>
auto guarded(Work work) -> decltype(work()) {
  try {
    return work();
  } catch (const std::exception& e) {
    return failure(errc::storage_failure, e.what());
  }
}

storage_reader::behavior_type read_pages(const std::shared_ptr<store>& s) {
  return {
      [s](const list_request& r) -> caf::result<list_reply> {
        auto ids = guarded([&] { return s->list(r.ns, r.range); });
        if (!ids)
          return to_caf(ids.error());
        return list_reply{std::move(*ids)};
      },
      [s](const load_request& r) -> caf::result<load_reply> {
        auto found = guarded([&] { return s->load(r.ns, r.id); });
        if (!found)
          return to_caf(found.error());
        return load_reply{std::move(found->found.page), found->found.pending,
                          std::move(found->damage)};
      },
  };
}

storage_writer::behavior_type commit_pages(const std::shared_ptr<store>& s) {
  return {
      [s](const commit_request& r) -> caf::result<done> {
        auto ok = guarded([&] { return s->commit(r.pages); });
        if (!ok)
          return to_caf(ok.error());
        return done{};
      },
  };
}

} // namespace

storage_actors spawn_storage(caf::actor_system& sys, std::shared_ptr<store> s,
                             bool detach) {
  const auto commits = [s] { return commit_pages(s); };
  return {spawn_function(sys, [s] { return read_pages(s); }),
          detach ? spawn_function<caf::detached>(sys, commits)
                 : spawn_function(sys, commits)};
}

} // namespace flok
