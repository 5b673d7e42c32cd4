// A system that is reached by connections: sessions of their own, and their end.
#include <csignal>

#include <sys/stat.h>

#include "runtime/limits.hpp"
#include "tests/catch.hpp"
#include "tests/tools/serve_home.hpp"
#include "tests/tools/store_home.hpp"

using namespace flok::testing;
using namespace std::chrono_literals;

namespace {

/// Stops a server that has nothing to wait for.
int stop(tool_process& server) {
  server.signal(SIGTERM);
  return server.wait();
}

json page_of_size(const std::string& id, const std::string& version, std::size_t bytes) {
  auto page = array_page(id, version);
  page["entries"][0]["filler"] = std::string(bytes, '.');
  return page;
}

std::string title_of(const json& event) {
  return event.at("page").at("entries").at(0).at("title").get<std::string>();
}

} // namespace

TEST_CASE("serve: connections share the system, and have names of their own", "[serve]") {
  const serve_home home;
  const auto server = home.serve();
  const auto one = home.connect();
  const auto other = home.connect();
  for (auto* each : {one.get(), other.get()}) {
    each->must(op::controller("ann"));
    CHECK(code_of(each->ask(op::watch("bob", "user", "p"))) == "unknown_controller");
  }
  one->must(op::watch("ann", "user", "p"));
  other->must(op::write("user", array_page("p", "v1")));
  CHECK(describe(one->next().value) == "ann: user/p v1 (pager)");
  CHECK(other->heard().empty()); // its ann watches nothing
  CHECK(one->finish().status == 0);
  CHECK(other->finish().status == 0);
  CHECK(stop(*server) == 0);
}

TEST_CASE("serve: controllers end with their connection", "[serve]") {
  const serve_home home;
  const auto server = home.serve();
  const auto shell = home.connect();
  for (const bool politely : {true, false}) {
    raw_peer peer{home.socket};
    peer.send(op::controller("ann"));
    peer.send(op::sync_watch("ann", "user", "p"));
    CHECK(peer.read().at("reply") == "controller");
    CHECK(code_of(peer.read()) == "no_such_page");
    CHECK(stats(*shell, "user", "watchers") == 1);
    if (politely) {
      peer.end_input();
      CHECK(peer.read_rest().empty());
    }
    peer.leave();
    CHECK(comes_true([&] { return stats(*shell, "user", "watchers") == 0; }));
  }
}

TEST_CASE("serve: many connections are served at once, and one too many is told so",
          "[serve]") {
  const serve_home home;
  const auto server = home.serve();
  std::vector<raw_peer> peers;
  for (std::size_t i = 0; i < flok::limits::connections; ++i) {
    peers.emplace_back(home.socket);
    peers.back().send(op::controller("c"));
    peers.back().send(op::watch("c", "user", "p"));
    peers.back().read();
    peers.back().read();
  }
  raw_peer late{home.socket};
  CHECK(late.read().at("event") == "error");
  CHECK(late.read_rest().empty());
  peers.front().send(op::write("user", array_page("p", "v1")));
  for (auto& peer : peers) {
    auto line = peer.read();
    if (line.contains("reply"))
      line = peer.read();
    CHECK(title_of(line) == "v1");
  }
  peers.pop_back();
  CHECK(comes_true([&] {
    raw_peer next{home.socket}; // there is room again
    next.end_input();
    return next.read_rest().empty();
  }));
  CHECK(stop(*server) == 0);
}

TEST_CASE("serve: one that does not read delays nobody, and costs no memory", "[serve]") {
  constexpr std::size_t page_bytes = 100'000;
  constexpr int versions = 1000; // 300 MB of events
  const serve_home home;
  const auto server = home.serve();
  raw_peer idle{home.socket};
  for (const char* name : {"a", "b", "c"}) {
    idle.send(op::controller(name));
    idle.send(op::watch(name, "user", "p"));
  }
  const auto shell = home.connect();
  REQUIRE(comes_true([&] { return stats(*shell, "user", "watchers") == 3; }));
  for (int i = 1; i <= versions; ++i)
    shell->send(op::write("user", page_of_size("p", std::to_string(i), page_bytes)));
  for (int i = 1; i <= versions; ++i)
    CHECK(shell->untagged_reply().value.contains("reply"));
#ifndef FLOK_SANITIZED
  CHECK(server->resident_bytes() < std::size_t{200} << 20U);
#endif
  // What it gets, once it reads, ends at the newest, and never goes back.
  int newest = 0;
  for (int last = 0; last < 3;) {
    const auto line = idle.read();
    if (line.contains("event") && line.at("controller") == "a") {
      CHECK(std::stoi(title_of(line)) > newest);
      newest = std::stoi(title_of(line));
    }
    last += line.contains("event") && title_of(line) == std::to_string(versions) ? 1 : 0;
  }
  CHECK(newest == versions);
  CHECK(stop(*server) == 0);
}

TEST_CASE("serve: one that asks for large pages and does not read costs little memory",
          "[serve]") {
  constexpr std::size_t page_bytes = 1'000'000;
  constexpr std::size_t pages = 20;
  constexpr std::size_t reads = 400; // 400 MB of answers
  const bool in_memory = GENERATE(true, false);
  const serve_home home;
  strings texts;
  for (std::size_t i = 0; i < pages; ++i)
    texts.push_back(page_saying("p" + std::to_string(i), std::string(page_bytes, '.')));
  store_home::fill(home.data, "user", texts);
  const auto server = home.serve();
  const auto shell = home.connect();
  raw_peer idle{home.socket};
  for (std::size_t i = 0; i < reads; ++i)
    idle.send(
        op::with(op::read("user", "p" + std::to_string(i % pages)), "keep", in_memory));
  const auto reads_begun = [&] {
    return shell->must(op::simple("stats")).at("totals").at("user").at("reads").get<int>();
  };
  REQUIRE(comes_true([&] { return reads_begun() > 1; }));
  for (int i = 0; i < 200; ++i) // time for more, were there any
    reads_begun();
  [[maybe_unused]] constexpr std::size_t enough = std::size_t{100} << 20U; // with the pages
#ifndef FLOK_SANITIZED
  CHECK(server->most_resident_bytes() < enough);
#endif
  for (std::size_t i = 0; i < reads; ++i)
    CHECK(idle.read_line().starts_with(R"({"reply":"read","page":{"_id":"p)"));
#ifndef FLOK_SANITIZED
  CHECK(server->most_resident_bytes() < enough);
#endif
  CHECK(stop(*server) == 0);
}

TEST_CASE("serve: one that asks for every version and does not read is ended", "[serve]") {
  constexpr std::size_t page_bytes = 1'000'000;
  const serve_home home;
  const auto server = home.serve();
  raw_peer idle{home.socket};
  idle.send(op::controller("a"));
  idle.send(op::with(op::watch("a", "user", "p"), "every", true));
  const auto shell = home.connect();
  REQUIRE(comes_true([&] { return stats(*shell, "user", "watchers") == 1; }));
  for (int i = 1; i <= 80; ++i)
    shell->must(op::write("user", page_of_size("p", std::to_string(i), page_bytes)));
  CHECK(comes_true([&] { return stats(*shell, "user", "watchers") == 0; }));
  CHECK(server->errors().find("not read") != std::string::npos);
  CHECK(stop(*server) == 0);
}

TEST_CASE("serve: garbage is refused, and half a line changes nothing", "[serve]") {
  const serve_home home;
  const auto server = home.serve();
  raw_peer garbage{home.socket};
  garbage.send_bytes("GET / HTTP/1.1\r\n\n\xff\xfe\n{\"op\":\n");
  for (int i = 0; i < 4; ++i)
    CHECK(code_of(garbage.read()) == "bad_request");
  raw_peer cut{home.socket};
  const auto line = op::write("user", array_page("p", "v1")).dump();
  cut.send_bytes(std::string_view{line}.substr(0, line.size() - 1));
  cut.leave();
  raw_peer unended{home.socket};
  unended.send_bytes(std::string_view{line}.substr(0, line.size() / 2));
  unended.end_input();
  CHECK(code_of(json::parse(unended.read_rest())) == "bad_request");
  const auto shell = home.connect();
  CHECK(ids_of(*shell, op::list("user")).empty());
  CHECK(stop(*server) == 0);
}

TEST_CASE("serve: what nobody asked for is told to all", "[serve]") {
  const serve_home home;
  const auto server = home.serve();
  const auto one = home.connect();
  raw_peer other{home.socket};
  other.send(op::simple("stats")); // it is there
  other.read();
  one->must(op::fault("commit_fails"));
  one->must(op::write("user", array_page("p", "v1")));
  CHECK(code_of(one->ask(op::simple("pageout"))) == "storage_failure");
  CHECK(other.read().at("event") == "error");
  one->must(op::fault("none"));
  CHECK(stop(*server) == 0);
}

TEST_CASE("serve: the socket is its owner's alone", "[serve]") {
  const serve_home home;
  const auto server = home.serve();
  struct stat file {};
  REQUIRE(::stat(home.socket.c_str(), &file) == 0);
  CHECK((file.st_mode & 0777U) == 0600U);
}

TEST_CASE("serve: flok shell listens as well, and ends its connections with it",
          "[serve]") {
  const serve_home home;
  shell_process shell{home.config};
  shell.must(op::write("user", array_page("p", "v1")));
  raw_peer peer{home.socket};
  peer.send(op::read("user", "p"));
  CHECK(peer.read().at("page").at("_id") == "p");
  CHECK(shell.finish().status == 0);
  CHECK(peer.read_rest().empty());
  CHECK_FALSE(std::filesystem::exists(home.socket));
}
