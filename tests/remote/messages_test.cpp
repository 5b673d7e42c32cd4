// What a connection begins with crosses a network and comes out as it was.

#include <optional>
#include <vector>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/send.hpp>

#include "pagers/mem.hpp"
#include "remote.hpp"
#include "remote/remote_messages.hpp"
#include "tests/actors/journey.hpp"
#include "tests/catch.hpp"

namespace flok::testing {

namespace {

/// An actor system that knows the messages of a connection, and has no network.
struct home {
  home() {
    system::prepare(config, scheduling::as_configured);
    add_message_types<caf::id_block::flok_remote>(config);
    sys.emplace(config);
  }

  caf::actor_system& actors() { return *sys; }

  /// An actor that stands for a gate: nobody asks it anything.
  gate_actor gate() {
    const auto any = caf::actor_cast<caf::actor>(spawn_mem_pager(*sys));
    ended.push_back(any);
    return caf::actor_cast<gate_actor>(any);
  }

  ~home() {
    for (const auto& who : ended)
      caf::anon_send_exit(who, caf::exit_reason::user_shutdown);
  }

  caf::actor_system_config config;
  std::optional<caf::actor_system> sys;
  std::vector<caf::actor> ended;
};

} // namespace

TEST_CASE("remote messages: a greeting comes out with its version") {
  home h;
  CHECK(after_journey(h, hello_request{}).version == remote_version);
  CHECK(after_journey(h, hello_request{~std::uint32_t{0}}).version == ~std::uint32_t{0});
}

TEST_CASE("remote messages: the answer comes out with each namespace and its gate") {
  home h;
  const auto user = h.gate();
  const auto feed = h.gate();
  const std::string strange{"a\0\xc3\xa9\"", 5};
  const auto r = after_journey(h, hello_reply{7, {{"user", user}, {strange, feed}}});
  CHECK(r.version == 7);
  REQUIRE(r.namespaces.size() == 2);
  CHECK(r.namespaces[0].ns == "user");
  CHECK(r.namespaces[0].gate == user);
  CHECK(r.namespaces[1].ns == strange);
  CHECK(r.namespaces[1].gate == feed);
  CHECK(after_journey(h, hello_reply{}).namespaces.empty());
}

TEST_CASE("remote messages: a gate comes out as itself, and none as none") {
  home h;
  const auto gate = h.gate();
  CHECK(after_journey(h, gate_change{gate}).gate == gate);
  CHECK_FALSE(after_journey(h, gate_change{}).gate);
  after_journey(h, connect_tick{});
}

} // namespace flok::testing
