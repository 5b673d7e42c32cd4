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

loaded_page load(store& s, const std::string& ns, const std::string& id) {
  auto found = guarded([&] { return s.load(ns, id); });
  if (!found)
    return {nullptr, false, {}, found.error().message};
  return {std::move(found->found.page), found->found.pending, std::move(found->damage), {}};
}

storage_reader::behavior_type read_pages(const std::shared_ptr<store>& s) {
  return {
      [s](const list_request& r) -> caf::result<list_reply> {
        auto ids = guarded([&] { return s->list(r.ns, r.range); });
        if (!ids)
          return to_caf(ids.error());
        return list_reply{std::move(*ids)};
      },
      [s](const load_request& r) {
        load_reply reply;
        reply.pages.reserve(r.ids.size());
        for (const auto& id : r.ids)
          reply.pages.push_back(load(*s, r.ns, id));
        return reply;
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
