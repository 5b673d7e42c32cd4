// An optimistic write: it shows at once, as pending, and is taken back when the authority
// refuses it. The authority is flok's simulated network, which refuses every write.
#include <cstdio>
#include <future>
#include <set>

#include <flok/flok.hpp>
#include <flok/pagers/net_sim.hpp>
#include <flok/pagers/pager.hpp>
#include <flok/pagers/registry.hpp>
#include <nlohmann/json.hpp>

namespace {

struct optimist_state {
  static inline const char* name = "optimist";
  optimist_state() = default;
  flok::cache_actor cache;
  flok::pager_actor authority;
  std::multiset<std::string> unconfirmed; ///< pages with a write under way
};

using optimist_self = flok::pager_actor::stateful_pointer<optimist_state>;

void cache(optimist_self self, const flok::page_ptr& page, bool pending) {
  flok::send(self, flok::state_of(self).cache, flok::cache_write{{page}, pending});
}

/// Brings the page as the authority has it, but not over a write that it may yet accept.
void bring(optimist_self self, const std::string& id) {
  flok::ask(self, flok::state_of(self).authority, flok::pager_read{id})
      .then([self, id](const flok::pager_read_reply& reply) {
        if (reply.page && !flok::state_of(self).unconfirmed.contains(id))
          cache(self, reply.page, false);
      });
}

/// What is written is there at once, and confirmed, or taken back.
void write(optimist_self self, const flok::pager_write& m) {
  const std::string id{m.page->id()};
  const auto answered = [self, id] {
    flok::state_of(self).unconfirmed.erase(flok::state_of(self).unconfirmed.find(id));
  };
  cache(self, m.page, true);
  flok::state_of(self).unconfirmed.insert(id);
  flok::ask(self, flok::state_of(self).authority, m)
      .then(
          [self, answered, page = m.page](const flok::done&) {
            answered();
            if (!flok::state_of(self).unconfirmed.contains(std::string{page->id()}))
              cache(self, page, false);
          },
          [self, answered, id](const caf::error&) {
            answered();
            bring(self, id);
          });
}

/// A pager over another one, which has the last word.
flok::pager_actor::behavior_type optimist(optimist_self self) {
  auto& s = flok::state_of(self);
  s.authority = flok::spawn_net_sim_pager(self->system());
  self->link_to(s.authority); // they live and die together
  return {
      [self, &s](const flok::pager_init& m) {
        s.cache = m.cache;
        flok::send(self, s.authority, flok::pager_init{m.ns, m.options, {}});
      },
      [self](const flok::pager_watch& m) { bring(self, m.id); },
      [](const flok::pager_unwatch&) {},
      [self, &s](const flok::pager_read& m) { return delegate(self, s.authority, m); },
      [self](const flok::pager_write& m) { return write(self, m), flok::done{}; },
      [self, &s](const flok::pager_delete& m) { return delegate(self, s.authority, m); },
      [self](const flok::pager_invalidate& m) { return bring(self, m.id), flok::done{}; },
      [](const flok::pager_barrier&) { return flok::done{}; },
  };
}

} // namespace

int main() {
  flok::pager_registry pagers;
  pagers.add({"optimist"}, [](caf::actor_system& actors) {
    return flok::spawn_function(actors, optimist);
  });
  flok::system_options options;
  options.config.pagers = {{"optimist", "user", R"({"delay_ms": 20, "pages":
    [{"_id": "note", "_type": "array", "entries": [{"_id": "a", "title": "theirs"}]}]})"}};
  auto sys = flok::system::start(std::move(options), pagers);
  if (!sys)
    return std::fprintf(stderr, "%s\n", sys.error().message.c_str()), 1;

  const auto theirs = (*sys)->read("user", "note").value();
  std::promise<void> taken_back;
  (*sys)->spawn([&](flok::controller& self) {
    const auto show = [&, was_pending = false](const flok::update& u) mutable {
      std::printf("%s%s\n", u.page->member(0, "title").value_or("-").c_str(),
                  u.pending ? ", pending" : "");
      if (was_pending && !u.pending)
        taken_back.set_value();
      was_pending = u.pending;
    };
    self.watch("user", "note", show, {}, {.changes = false, .every = true});
  });
  (*sys)->drain();

  auto draft = flok::copy_page(theirs, (*sys)->ids());
  draft.mutate(0)->set("title", "mine");
  const auto mine = draft.finish().value();
  // A write that is made to what is there no longer is refused here, before the pager.
  if (const auto stale = (*sys)->write("user", mine, {.if_hash = "1"}); !stale)
    std::printf("%s\n", to_string(stale.error().code).data());
  if ((*sys)->write("user", mine, {.if_hash = theirs->hash_text()}))
    taken_back.get_future().wait();
  return (*sys)->close() ? 0 : 1;
}
