#include "tests/actors/test_pagers.hpp"

#include <vector>

#include "pagers/pager.hpp"
#include "tests/actors/live.hpp"

namespace flok::testing {

namespace {

struct pager_state {
  static inline const char* name = "flok.test"; // CAF's name for the actor
  pager_state() = default;
  ~pager_state() {
    if (ended != nullptr)
      ++*ended;
  }
  cache_actor cache;
  std::atomic<int>* ended = nullptr;
  std::vector<caf::typed_response_promise<done>> unanswered;
};

using pager_self = pager_actor::stateful_pointer<pager_state>;

/// A pager that does this with what is written.
template <class Write>
pager_factory pager_that(Write write, std::atomic<int>* ended = nullptr) {
  return [=](caf::actor_system& actors) -> pager_actor {
    return spawn_function(actors, [=](pager_self self) -> pager_actor::behavior_type {
      state_of(self).ended = ended;
      return {
          [self](const pager_init& m) { state_of(self).cache = m.cache; },
          [](const pager_watch&) {},
          [](const pager_unwatch&) {},
          [](const pager_read&) { return pager_read_reply{}; },
          [self, write](const pager_write& m) {
            auto promise = self->template make_response_promise<done>();
            write(self, m.page);
            if (m.page->id() == "silence")
              state_of(self).unanswered.push_back(promise);
            else
              promise.deliver(done{});
            return promise;
          },
          [](const pager_delete&) { return done{}; },
          [](const pager_invalidate&) { return done{}; },
          [](const pager_barrier&) { return done{}; },
      };
    });
  };
}

void cache(pager_self self, std::vector<page_ptr> pages) {
  send(self, state_of(self).cache, cache_write{std::move(pages), false});
}

} // namespace

std::shared_ptr<pager_registry> test_pagers(std::atomic<int>* ended) {
  auto pagers = std::make_shared<pager_registry>();
  pagers->add({"twins"}, pager_that([](pager_self self, const page_ptr& page) {
                const auto signature = page->empty() ? "" : page->entry(0).signature;
                cache(self, {page, version("twin-" + std::string{page->id()}, signature)});
              }));
  pagers->add({"mortal"}, pager_that([](pager_self self, const page_ptr& page) {
                if (page->id() == "death")
                  self->quit(caf::exit_reason::user_shutdown);
                else
                  cache(self, {page});
              }));
  pagers->add({"slow end"},
              pager_that([](pager_self self, const page_ptr& page) { cache(self, {page}); },
                         ended));
  return pagers;
}

} // namespace flok::testing
