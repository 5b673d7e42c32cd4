#include "examples/files/files_pager.hpp"

#include <iostream>

#include <nlohmann/json.hpp>

#include "examples/files/page_folder.hpp"

using namespace flok;
using files_actor = pager_actor::extend<handles<pager_tick>>;
using found = caf::result<pager_read_reply>;
using answer = caf::result<done>;

struct files_state {
  static inline const char* name = "files"; // CAF's name for the actor
  files_state() = default;                  // no aggregate

  std::string ns;
  cache_actor cache;
  std::optional<page_folder> folder; // ends, and its thread with it, when the actor does
};

static files_actor::behavior_type files(files_actor::stateful_pointer<files_state> self) {
  auto& s = state_of(self);
  const auto bring = [self, &s](const std::string& id) {
    const auto page = s.folder->load(id);
    if (!page) // half written, say: the page stays as it was last good
      std::cerr << id << ".json: " << page.error().message << '\n';
    else if (*page)
      send(self, s.cache, cache_write{{*page}, false});
    else // the vm asks back, with pager_delete
      send_from_outside(s.cache, delete_request{s.ns, id, {}});
  };
  const auto bring_all = [bring, &s] {
    for (const auto& id : s.folder->ids())
      bring(id);
  };
  const answer refused = to_caf({errc::unsupported, "change the file instead"});
  return {
      [=, &s](const pager_init& m) { // what it throws ends this life of the pager
        s.ns = m.ns;
        s.cache = m.cache;
        const std::string path = nlohmann::json::parse(m.options).at("path");
        s.folder.emplace(path, [me = files_actor{self}](const std::filesystem::path& file) {
          if (file.empty() || file.extension() == ".json") // in the folder's thread
            send_from_outside(me, pager_tick{file.stem()});
        });
        bring_all(); // the folder is watched by now: nothing is missed in between
      },
      [bring](const pager_watch& m) { bring(m.id); },
      [](const pager_unwatch&) {},
      [&s](const pager_read& m) {
        const auto page = s.folder->load(m.id);
        return page ? found{pager_read_reply{*page}} : found{to_caf(page.error())};
      },
      [=](const pager_write&) { return refused; },
      [=, &s](const pager_delete& m) {
        return s.folder->load(m.id) == nullptr ? answer{done{}} : refused;
      },
      [bring](const pager_invalidate& m) { return bring(m.id), done{}; },
      [](const pager_barrier&) { return done{}; },
      [=](const pager_tick& m) { m.about.empty() ? bring_all() : bring(m.about); },
  };
}

pager_actor spawn_files_pager(caf::actor_system& sys) {
  return spawn_function<caf::detached>(sys, files); // it may wait for the disk
}
