// Peers that mean no good, or are broken: the vm and everyone else go on.

#include <array>
#include <random>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <caf/scoped_actor.hpp>

#include "pagers/builtin.hpp"
#include "remote.hpp"
#include "remote/caf_network.hpp"
#include "remote/remote_messages.hpp"
#include "runtime/limits.hpp"
#include "testing/pages.hpp"
#include "tests/actors/live.hpp"

namespace flok::testing {

namespace {

struct server {
  server() {
    auto options = options_for();
    options.prepare = networking();
    sys = started(std::move(options));
    open.emplace(publish(*sys).value());
  }

  /// Whether somebody who means well is served.
  [[nodiscard]] bool serves() const {
    connect_options options;
    options.port = open->port();
    const auto far = connect(options);
    return far && (*far)->write("user", version("a", "1")).has_value() &&
           (*far)->read("user", "a").has_value();
  }

  std::unique_ptr<system> sys;
  std::optional<publication> open;
};

/// Sends bytes, and waits until the other side has closed, where it does.
void send_bytes(std::uint16_t port, const std::string& bytes) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  REQUIRE(fd >= 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0);
  (void)::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  (void)::shutdown(fd, SHUT_WR);
  std::array<char, 512> sink{};
  while (::recv(fd, sink.data(), sink.size(), 0) > 0)
    ;
  ::close(fd);
}

/// Somebody who speaks CAF's protocol, and flok's as it pleases.
struct intruder {
  explicit intruder(std::uint16_t port) {
    system::prepare(config, scheduling::as_configured);
    REQUIRE(networking()(config).has_value());
    actors = std::make_unique<caf::actor_system>(config);
    const auto found = actors->middleman().remote_actor<door_actor>("127.0.0.1", port);
    REQUIRE(found);
    door = *found;
    caf::scoped_actor self{*actors};
    ask_within(self.ptr(), patience, door, hello_request{})
        .receive([&](const hello_reply& reply) { gate = reply.namespaces.at(0).gate; },
                 [](const caf::error&) { FAIL("no answer"); });
  }

  template <class Reply, class Request>
  std::string ask(const Request& request) {
    caf::scoped_actor self{*actors};
    std::string answer;
    ask_within(self.ptr(), patience, gate, request)
        .receive([&](const Reply&) { answer = "done"; },
                 [&](const caf::error& e) {
                   answer = std::string{to_string(from_caf(e).code)};
                 });
    return answer;
  }

  caf::actor_system_config config;
  std::unique_ptr<caf::actor_system> actors;
  door_actor door;
  gate_actor gate;
};

} // namespace

TEST_CASE("hostile: bytes that mean nothing close their connection alone") {
  const server s;
  std::mt19937 random{7};
  std::uniform_int_distribution<int> byte{0, 255};
  std::uniform_int_distribution<std::size_t> length{0, 300};
  for (int n = 0; n < 100; ++n) {
    std::string bytes(length(random), '\0');
    for (auto& b : bytes)
      b = static_cast<char>(byte(random));
    send_bytes(s.open->port(), bytes);
  }
  for (char operation = 0; operation < 8; ++operation) { // a header, and half a payload
    std::string bytes(32, '\0');
    bytes[0] = operation;
    bytes[6] = 1;  // a payload of 256 bytes
    bytes[31] = 1; // to actor 1
    send_bytes(s.open->port(), bytes + std::string(operation % 2 == 0 ? 256 : 100, '\x7f'));
  }
  CHECK(s.serves());
}

TEST_CASE("hostile: what is asked is validated when it arrives") {
  const server s;
  intruder who{s.open->port()};
  const std::string long_id(limits::id_bytes + 1, 'x');
  CHECK(who.ask<page_reply>(read_request{"user", long_id, false}) == "id_too_long");
  CHECK(who.ask<done>(delete_request{"user", long_id}) == "id_too_long");
  CHECK(who.ask<page_reply>(read_request{"other", "a", false}) == "unknown_namespace");
  const auto gate = caf::actor_cast<caf::actor>(who.gate);
  const auto not_its_own = caf::actor_cast<watcher_actor>(gate);
  CHECK(who.ask<done>(watch_request{"user", "a", false, not_its_own, false}) ==
        "bad_request");
  CHECK(who.ask<done>(watch_request{"user", "a", false, watcher_actor{}, false}) ==
        "bad_request");
  CHECK(who.ask<done>(forget_request{not_its_own}) == "bad_request");
  CHECK(watchers(*s.sys) == 0);
  CHECK(s.serves());
}

TEST_CASE("hostile: nobody elsewhere can end a vm, or what stands before it") {
  const server s;
  intruder who{s.open->port()};
  caf::scoped_actor self{*who.actors};
  for (const auto& target :
       {caf::actor_cast<caf::actor>(who.gate), caf::actor_cast<caf::actor>(who.door)}) {
    self->send_exit(target, caf::exit_reason::user_shutdown);
    send(self.ptr(), target, caf::down_msg{target.address(), caf::exit_reason::kill});
    send(self.ptr(), target, pageout_tick{}); // what it does not take
  }
  CHECK(who.ask<page_reply>(read_request{"user", "none", false}) == "no_such_page");
  CHECK(s.serves());
}

TEST_CASE("hostile: who ends a gate takes from others no more than a connection") {
  const server s;
  inbox<std::string> problems;
  inbox<bool> states;
  connect_options options;
  options.port = s.open->port();
  options.on_problem = [&](const error& e) {
    problems.put(std::string{to_string(e.code)});
  };
  options.on_connection = [&](bool up) { states.put(up); };
  auto far = connect(options).value();
  REQUIRE(far->write("user", version("a", "1")).has_value());
  inbox<std::string> heard;
  const auto watch = far->watch("user", "a", telling(heard));
  CHECK(heard.next() == "a=1 cache");

  intruder who{s.open->port()};
  caf::scoped_actor self{*who.actors};
  self->send_exit(who.gate,
                  caf::exit_reason::kill); // CAF's own actors obey that
  CHECK(problems.next() == "connection_lost");
  CHECK_FALSE(states.next());
  CHECK(states.next());
  CHECK(heard.next() == "a=1 cache");
  REQUIRE(far->write("user", version("a", "2")).has_value());
  CHECK(heard.next() == "a=2 pager");
  CHECK(eventually([&] { return watchers(*s.sys) == 1; }));
  CHECK(s.serves());
}

} // namespace flok::testing
