// Two processes on one machine, with TLS and without; either is killed.

#include <chrono>

#include "pagers/builtin.hpp"
#include "remote.hpp"
#include "testing/pages.hpp"
#include "tests/actors/live.hpp"
#include "tests/remote/certificates.hpp"
#include "tests/remote/peer_process.hpp"

namespace flok::testing {

namespace {

/// Who the two are; nobody in particular without TLS.
struct parties {
  explicit parties(bool secured) {
    if (!secured)
      return;
    const authority ca{folder, "ca"};
    here = ca.vouch_for("here");
    there = ca.vouch_for("there");
  }

  temp_dir folder;
  std::optional<tls_options> here, there;
};

std::unique_ptr<system> system_with(const std::optional<tls_options>& tls) {
  auto options = options_for();
  options.prepare = networking(tls);
  return started(std::move(options));
}

std::uint16_t port_of(peer_process& server) {
  return static_cast<std::uint16_t>(std::stoi(server.line()));
}

std::string code_of(const expected<page_ptr>& answer) {
  return answer ? "done" : std::string{to_string(answer.error().code)};
}

void write(service& pages, std::string_view id, std::string_view signature) {
  const auto written = pages.write("user", version(id, signature));
  INFO((written ? std::string{} : written.error().message));
  REQUIRE(written.has_value());
}

} // namespace

TEST_CASE("remote: a killed controller's process leaves no watch behind") {
  const bool secured = GENERATE(false, true);
  CAPTURE(secured);
  const parties who{secured};
  const auto sys = system_with(who.here);
  const auto open = publish(*sys);
  REQUIRE(open.has_value());
  write(*sys, "a", "1");

  peer_process client{"watch", open->port(), who.there};
  CHECK(client.line() == "connected");
  client.tell("watch a");
  CHECK(client.line() == "a=1 cache");
  client.tell("watch b");
  CHECK(eventually([&] { return watchers(*sys) == 2; }));
  write(*sys, "a", "2");
  CHECK(client.line() == "a=2 pager");
  client.tell("write b 7");
  std::vector<std::string> heard{client.line(), client.line()};
  std::sort(heard.begin(), heard.end());
  CHECK(heard == std::vector<std::string>{"b=7 pager", "written"});
  CHECK(label(*sys->read("user", "b").value()) == "b=7");

  client.kill();
  CHECK(eventually([&] { return watchers(*sys) == 0; }));
  write(*sys, "a", "3");

  peer_process next{"watch", open->port(), who.there};
  CHECK(next.line() == "connected");
  next.tell("watch a");
  CHECK(next.line() == "a=3 cache");
}

TEST_CASE("remote: a killed vm's process is told, and watched again when it is "
          "back") {
  const bool secured = GENERATE(false, true);
  CAPTURE(secured);
  const parties who{secured};
  inbox<std::string> problems;
  inbox<std::string> errors;
  inbox<std::string> heard;
  inbox<bool> states;
  auto server = std::make_unique<peer_process>("serve", 0, who.there);
  connect_options options;
  options.port = port_of(*server);
  options.tls = who.here;
  options.on_problem = [&](const error& e) { problems.put(e.message); };
  options.on_connection = [&](bool up) { states.put(up); };
  const auto opened = connect(options);
  INFO((opened ? std::string{} : opened.error().message));
  REQUIRE(opened.has_value());
  auto& far = **opened;
  CHECK(far.namespaces() == std::vector<std::string>{"other", "third", "user"});
  write(far, "a", "1");
  write(far, "b", "1");
  far.spawn([&](controller& self) {
    self.on_error([&](const error& e) { errors.put(std::string{to_string(e.code)}); });
    self.watch("user", "a", telling(heard));
  });
  CHECK(heard.next() == "a=1 cache");
  inbox<std::string> of_b;
  const auto watch_b = far.watch("user", "b", telling(of_b), [&](const removed_page& r) {
    of_b.put(std::string{r.id} + " gone");
  });
  CHECK(of_b.next() == "b=1 cache");

  server->stop(); // so that something is under way
  auto under_way = far.async_read("user", "a");
  server->kill();
  CHECK(code_of(soon(std::move(under_way))) == "connection_lost");
  CHECK(problems.next().find("is lost") != std::string::npos);
  CHECK_FALSE(states.next());
  CHECK(errors.next() == "connection_lost");
  CHECK(problems.next().find("nobody listens there") != std::string::npos);
  CHECK_FALSE(far.connected());
  CHECK(code_of(far.read("user", "a")) == "connection_lost");
  CHECK(code_of(far.write("user", version("a", "9"))) == "connection_lost");

  server = std::make_unique<peer_process>("serve", options.port, who.there);
  CHECK(port_of(*server) == options.port);
  CHECK(states.next());
  CHECK(of_b.next() == "b gone"); // it was in memory only
  write(far, "a", "2");
  // It may hear that there is none before, and is told as soon as it watches again.
  for (std::string last; last != "a=2 pager" && last != "a=2 cache";)
    last = heard.next();
  write(far, "b", "2");
  CHECK(of_b.next() == "b=2 pager");
  CHECK(problems.take().empty());
}

TEST_CASE("remote: closing waits for a server that is stuck once, not for each "
          "namespace") {
  peer_process server{"serve", 0, {}};
  connect_options options;
  options.port = port_of(server);
  options.patience = std::chrono::milliseconds{1500};
  auto far = connect(options);
  REQUIRE(far.has_value());
  server.stop();
  const auto begun = std::chrono::steady_clock::now();
  (*far)->close();
  const auto took = std::chrono::steady_clock::now() - begun;
  CHECK(took >= options.patience);
  CHECK(took < 2 * options.patience);
}

TEST_CASE("remote: a connection that is closed leaves the server as it was") {
  const parties who{false};
  peer_process server{"serve", 0, {}};
  connect_options options;
  options.port = port_of(server);
  for (int round = 0; round < 3; ++round) {
    auto far = connect(options);
    REQUIRE(far.has_value());
    write(**far, "a", std::to_string(round));
    (*far)->close();
    CHECK(code_of((*far)->read("user", "a")) == "shutting_down");
  }
}

} // namespace flok::testing
