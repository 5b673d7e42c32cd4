// flok in an actor system that a program has already: its own actors and flok's share it.
#include <cstdio>
#include <future>
#include <memory>
#include <string>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>
#include <flok/actors/caf_compat.hpp>
#include <flok/flok.hpp>
#include <nlohmann/json.hpp>

namespace {

/// One of the program's own actors: it prints what it is sent.
caf::behavior screen(caf::event_based_actor* self) {
  return {
      [self](const std::string& line) {
        std::puts(line.c_str());
        if (line == "goodbye")
          self->quit();
      },
  };
}

/// A controller sends on what it sees to an actor of the program.
void follow_news(flok::controller& self, const caf::actor& to) {
  self.watch("user", "news", [to](const flok::update& u) {
    for (std::size_t i = 0; i < u.page->size(); ++i)
      flok::send_from_outside(
          to, nlohmann::json::parse(*u.page->member(i, "title")).get<std::string>());
  });
}

int run(caf::actor_system& actors) {
  flok::system_options options;
  options.config.pagers = {{"mem", "user", "{}"}};
  auto sys = flok::system::start(actors, std::move(options), *flok::builtin_pagers());
  if (!sys)
    return std::fprintf(stderr, "%s\n", sys.error().message.c_str()), 1;

  const auto printer = actors.spawn(screen);
  (*sys)->spawn([printer](flok::controller& self) { follow_news(self, printer); });
  (*sys)->drain();
  for (const auto* title : {"hello", "goodbye"}) {
    auto draft = flok::new_page(flok::page_kind::array, (*sys)->ids(), "news");
    (void)draft.insert(0, {{"title", title}});
    (void)(*sys)->write("user", draft.finish().value());
  }
  caf::scoped_actor self{actors};
  self->wait_for(printer);
  return (*sys)->close() ? 0 : 1; // flok's actors have ended; the program's go on
}

} // namespace

int main() {
  caf::actor_system_config config;
  flok::system::prepare(config); // before the actor system is made
  caf::actor_system actors{config};
  return run(actors); // flok's system goes before the actor system does
}
