// What `--connect` reaches may be no flok, or one that has no room: all say so, and end.
#include <array>
#include <atomic>
#include <functional>
#include <thread>

#include <sys/socket.h>

#include "runtime/limits.hpp"
#include "tests/catch.hpp"
#include "tests/tools/serve_home.hpp"
#include "tests/tools/store_home.hpp"
#include "tools/unix_socket.hpp"

using namespace flok::testing;

namespace {

/// What stands where flok's socket should be. Each connection is spoken with in turn.
class strange_peer {
public:
  using talk = std::function<void(strange_peer& self, int fd)>;

  strange_peer(const std::filesystem::path& path, talk says)
      : socket_{flok::tools::listening_socket::open(path).value()}, says_{std::move(says)},
        thread_{[this] { accept_all(); }} {}
  ~strange_peer() {
    ::shutdown(socket_.fd(), SHUT_RDWR);
    thread_.join();
  }

  /// Says that, and then nothing more until the other side has left.
  static talk saying(std::string text) {
    return [text = std::move(text)](strange_peer& self, int fd) {
      self.send(fd, text);
      self.hear_out(fd);
    };
  }

  /// Greets as flok does, and says that to the first question.
  static talk greeting_and(std::string text) {
    return [text = std::move(text)](strange_peer& self, int fd) {
      self.hear_line(fd);
      self.send(fd, R"({"reply":"hash","page":{"_id":"flok"},"tag":1})"
                    "\n");
      self.hear_line(fd);
      self.send(fd, text);
      self.hear_out(fd);
    };
  }

  bool send(int fd, std::string_view text) {
    while (!text.empty()) {
      const auto sent = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0)
        return false;
      text.remove_prefix(static_cast<std::size_t>(sent));
      sent_ += static_cast<std::size_t>(sent);
    }
    return true;
  }

  void hear_line(int fd) {
    for (char c = 0; c != '\n' && ::recv(fd, &c, 1, 0) == 1;)
      continue;
  }

  void hear_out(int fd) {
    std::array<char, 4096> some; // NOLINT: filled by recv
    while (::recv(fd, some.data(), some.size(), 0) > 0)
      continue;
  }

  std::atomic<std::size_t> sent_ = 0; ///< bytes

private:
  void accept_all() {
    for (int fd = 0; (fd = ::accept(socket_.fd(), nullptr, nullptr)) >= 0;) {
      const flok::tools::unique_fd closes{fd};
      says_(*this, fd);
    }
  }

  flok::tools::listening_socket socket_;
  talk says_;
  std::thread thread_;
};

const std::vector<strings> commands{{"ls"},
                                    {"ls", "user"},
                                    {"get", "user", "a"},
                                    {"stat"},
                                    {"watch", "user", "a"},
                                    {"dump"},
                                    {"rm", "user", "a"},
                                    {"top", "--once"},
                                    {"diff", "user", "a", "-"},
                                    {"top", "--json"}};

tool_result run_put(const serve_home& home) {
  return home.run({"put", "user"}, page_saying("a", "one"));
}

} // namespace

TEST_CASE("connect: what is no flok is told, with status 2", "[connect]") {
  for (const char* text : {"{}\n", "HTTP/1.1 400 Bad Request\r\n\r\n", "[]\n", "\n",
                           R"({"reply":"hash","tag":7})"
                           "\n",
                           R"({"reply":"stats","tag":1})"
                           "\n",
                           R"({"reply":"hash"})"
                           "\n",
                           R"({"error":"no","op":"hash","tag":1})"
                           "\n"}) {
    const serve_home home;
    strange_peer peer{home.socket, strange_peer::saying(text)};
    for (const auto& words : commands) {
      INFO(words.front() << ": " << text);
      CHECK(failed_with(home.run(words), 2, "flok.sock: what answers there is no flok: "));
    }
    CHECK(failed_with(run_put(home), 2, "flok.sock: what answers there is no flok: "));
  }
}

TEST_CASE("connect: a line that does not end is given up, not kept", "[connect]") {
  const serve_home home;
  strange_peer peer{home.socket, [](strange_peer& self, int fd) {
                      while (self.send(fd, std::string(10'000, 'x')))
                        continue;
                    }};
  CHECK(failed_with(home.run({"watch", "user", "a"}), 2, "no flok: a line of more than"));
  CHECK(peer.sent_ < 2'000'000);
}

TEST_CASE("connect: one that says nothing is not waited for for ever", "[connect]") {
  const serve_home home;
  strange_peer peer{home.socket, strange_peer::saying("")};
  CHECK(failed_with(home.run({"watch", "user", "a"}), 2, "it has said nothing for"));
}

TEST_CASE("connect: answers that are none of the protocol's are told, with status 1 or 2",
          "[connect]") {
  for (const char* text : {"{}\n", "nonsense\n",
                           R"({"reply":"stats","tag":1})"
                           "\n",
                           R"({"reply":"drain","tag":2})"
                           "\n"}) {
    const serve_home home;
    strange_peer peer{home.socket, strange_peer::greeting_and(text)};
    for (const auto& words : commands) {
      INFO(words.front() << ": " << text);
      const auto result = home.run(words);
      CHECK((result.status == 1 || result.status == 2));
      CHECK(result.output.empty());
      CHECK(result.errors.find("no flok") != std::string::npos);
    }
  }
}

TEST_CASE("connect: a system that dies in the middle of a line has ended, with status 1",
          "[connect]") {
  const serve_home home;
  strange_peer peer{home.socket, [](strange_peer& self, int fd) {
                      self.hear_line(fd);
                      self.send(fd, R"({"reply":"hash","page":{"_id":"flok"},"tag":1})"
                                    "\n");
                      self.hear_line(fd);
                      self.send(fd, R"({"reply":"contr)");
                    }};
  CHECK(failed_with(home.run({"watch", "user", "a"}), 1, "has ended the connection"));
}

TEST_CASE("connect: one that takes no connection is not waited for for ever", "[connect]") {
  const serve_home home;
  const auto listening = flok::tools::listening_socket::open(home.socket).value();
  REQUIRE(::listen(listening.fd(), 0) == 0); // nobody accepts: one waits, no other may
  const auto first = flok::tools::connect_to(home.socket);
  REQUIRE(first);
  CHECK(failed_with(home.run({"ls"}), 2, "who listens there takes no connection"));
}

TEST_CASE("connect: a system that says nothing of its namespaces has no table",
          "[connect]") {
  const serve_home home;
  strange_peer peer{home.socket, strange_peer::greeting_and(R"({"reply":"stats","tag":2})"
                                                            "\n")};
  CHECK(failed_with(home.run({"top", "--once"}), 1, "namespaces"));
  CHECK(failed_with(home.run({"ls", "user"}), 2, "namespaces"));
}

TEST_CASE("connect: where there is no room, each subcommand says why, with status 1",
          "[connect]") {
  const serve_home home;
  const auto server = home.serve();
  std::vector<raw_peer> peers;
  for (std::size_t i = 0; i < flok::limits::connections; ++i) {
    peers.emplace_back(home.socket);
    peers.back().send(op::simple("stats"));
    peers.back().read();
  }
  for (const auto& words : commands) {
    INFO(words.front());
    const auto result = home.run(words);
    CHECK(result.status == (words.front() == "diff" ? 2 : 1));
    CHECK(result.errors.find("256 connections are open already") != std::string::npos);
  }
  const auto put = run_put(home);
  CHECK(failed_with(put, 1, "256 connections are open already"));
}
