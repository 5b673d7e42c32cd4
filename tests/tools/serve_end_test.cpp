// How a served system begins and ends: signals, kills, and what it refuses.
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/catch.hpp"
#include "tests/tools/serve_home.hpp"

using namespace flok::testing;
using namespace std::chrono_literals;

namespace {

constexpr const char* pagers = R"("pagers":[{"name":"mem","namespace":"user"}])";

/// Expects `flok serve` to refuse a configuration, saying this.
void refuses(const temp_dir& dir, const std::string& listen, const std::string& part) {
  const auto config = dir.write("services.json", "{" + std::string{pagers} + listen + "}");
  const auto result = run_tool({"serve", "--config", config});
  INFO(result.errors);
  CHECK(result.status == 2);
  CHECK(result.output.empty());
  CHECK(result.errors.find(part) != std::string::npos);
}

} // namespace

TEST_CASE("serve: a signal pages out, answers all, and takes the socket away", "[serve]") {
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) {
    const serve_home home;
    const auto server = home.serve();
    const auto shell = home.connect();
    shell->must(op::controller("ann"));
    shell->must(op::watch("ann", "user", "p"));
    shell->must(op::write("user", array_page("p", "v1")));
    server->signal(number);
    CHECK(server->wait() == 0);
    CHECK(server->errors().empty());
    CHECK_FALSE(std::filesystem::exists(home.socket));
    const auto end = shell->finish();
    CHECK(end.status == 1); // its input had not ended
    CHECK(end.errors.find("ended the connection") != std::string::npos);
    const auto again = home.serve();
    CHECK(text(page_of(*home.connect(), "p").at("_id")) == "p");
  }
}

TEST_CASE("serve: a signal does not wait for one that never reads", "[serve]") {
  const serve_home home;
  const auto server = home.serve();
  raw_peer idle{home.socket};
  idle.send(op::controller("ann"));
  idle.send(op::watch("ann", "user", "p"));
  idle.read();
  idle.read();
  auto page = array_page("p", "v1");
  page["entries"][0]["filler"] = std::string(1'000'000, '.');
  const auto shell = home.connect();
  for (int i = 0; i < 20; ++i) {
    page["_next"] = "p" + std::to_string(i);
    shell->must(op::write("user", page));
  }
  idle.send(op::simple("drain")); // waits for its reader
  server->signal(SIGTERM);
  CHECK(server->ends_within(30s));
  CHECK(server->wait() == 0);
}

TEST_CASE("serve: connected shells end as the protocol says", "[serve]") {
  const serve_home home;
  const auto server = home.serve();
  const auto input = op::write("user", array_page("p", "v1")).dump() + "\n" +
                     op::read("user", "p").dump(); // the last line's end is not needed
  const auto result = home.run({"shell"}, input);
  CHECK(result.status == 0);
  CHECK(result.errors.empty());
  CHECK(std::count(result.output.begin(), result.output.end(), '\n') == 2);

  tool_process signalled{{"shell", "--connect", home.socket}};
  signalled.push("{\"op\":\"stats\"}\n", 1s);
  CHECK(signalled.read_line().find("stats") != std::string::npos);
  signalled.signal(SIGTERM);
  CHECK(signalled.read_rest().empty());
  CHECK(signalled.wait() == 0);

  const auto nobody = run_tool({"shell", "--connect", home.dir.path() / "other.sock"});
  CHECK(nobody.status == 2);
  CHECK(nobody.errors.find("no such socket; flok serve makes it") != std::string::npos);
}

TEST_CASE("serve: the socket of a dead process is replaced", "[serve]") {
  const serve_home home;
  {
    const auto server = home.serve();
    home.connect()->must(
        op::with(op::write("user", array_page("p", "v1")), "durable", true));
    server->signal(SIGKILL);
    CHECK(server->wait() == 128 + SIGKILL);
  }
  REQUIRE(std::filesystem::exists(home.socket));
  const auto refused = home.run({"shell"});
  CHECK(refused.status == 2);
  CHECK(refused.errors.find("nobody listens there") != std::string::npos);
  const auto server = home.serve();
  CHECK(text(page_of(*home.connect(), "p").at("_id")) == "p");
}

TEST_CASE("serve: the socket of a living process is refused, and stays its own",
          "[serve]") {
  const serve_home home;
  const auto server = home.serve();
  for (const char* command : {"serve", "shell"}) {
    const auto second =
        run_tool({command, "--config", home.config, "--data", home.dir.path() / "other"});
    CHECK(second.status == 2);
    INFO(second.errors);
    CHECK(second.errors.find("a process listens there already") != std::string::npos);
    CHECK_FALSE(std::filesystem::exists(home.dir.path() / "other"));
  }
  CHECK(home.run({"shell"}, "{\"op\":\"stats\"}").status == 0);
}

TEST_CASE("serve: one that listens and accepts nobody is refused, not waited for",
          "[serve]") {
  const serve_home home;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  home.socket.string().copy(address.sun_path, sizeof address.sun_path - 1);
  const auto* at = reinterpret_cast<const sockaddr*>(&address);
  const auto new_socket = [] {
    return flok::tools::unique_fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0)};
  };
  const auto stopped = new_socket();
  REQUIRE(::bind(stopped.get(), at, sizeof address) == 0);
  REQUIRE(::listen(stopped.get(), 0) == 0);
  std::vector<flok::tools::unique_fd> waiting; // until there is room for no more
  do
    waiting.push_back(new_socket());
  while (::connect(waiting.back().get(), at, sizeof address) == 0);
  REQUIRE(errno == EAGAIN);
  const auto refused = run_tool({"serve", "--config", home.config});
  CHECK(refused.status == 2);
  CHECK(refused.errors.find("a process listens there already") != std::string::npos);
}

TEST_CASE("connect: one that ends the connection at once is status 1, for all", "[serve]") {
  const serve_home home;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  home.socket.string().copy(address.sun_path, sizeof address.sun_path - 1);
  const flok::tools::unique_fd curt{::socket(AF_UNIX, SOCK_STREAM, 0)};
  REQUIRE(::bind(curt.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) ==
          0);
  REQUIRE(::listen(curt.get(), 8) == 0);
  std::thread accepting{[&curt] { // until the socket is shut down
    for (int fd = ::accept(curt.get(), nullptr, nullptr); fd >= 0;
         fd = ::accept(curt.get(), nullptr, nullptr))
      ::close(fd);
  }};
  for (const strings& words :
       {strings{"ls"}, strings{"ls", "user"}, strings{"get", "user", "a"}, strings{"stat"},
        strings{"watch", "user", "a"}, strings{"dump"}, strings{"rm", "user", "a"},
        strings{"top", "--once"}}) {
    INFO(words.front());
    CHECK(home.run(words).status == 1);
  }
  ::shutdown(curt.get(), SHUT_RDWR);
  accepting.join();
}

TEST_CASE("serve: of many that begin at once over a dead socket, one listens", "[serve]") {
  const serve_home home;
  {
    const auto server = home.serve();
    server->signal(SIGKILL);
    server->wait();
  }
  std::vector<std::unique_ptr<tool_process>> all;
  for (int i = 0; i < 8; ++i)
    all.push_back(std::make_unique<tool_process>(
        strings{"serve", "--config", home.config, "--data",
                home.dir.path() / ("data" + std::to_string(i))}));
  int refused = 0;
  REQUIRE(comes_true([&] {
    refused = 0;
    for (const auto& each : all)
      refused += each->ends_within(0ms) ? 1 : 0;
    return refused == 7;
  }));
  CHECK(home.run({"shell"}, "{\"op\":\"stats\"}").status == 0);
}

TEST_CASE("serve: where it cannot listen it says why, and starts nothing", "[serve]") {
  const temp_dir dir;
  refuses(dir, "", "services.json: /listen: missing");
  refuses(dir, R"(,"listen":{})", "services.json: /listen/unix: missing");
  refuses(dir, R"(,"listen":{"unix":")" + std::string(108, 'x') + "\"}",
          "/listen/unix: a socket's path has at most 107 bytes; this one has 108");
  refuses(dir, R"(,"listen":{"unix":")" + std::string(100, 'x') + "\"}",
          "a socket's path has at most 107 bytes; this one has");
  refuses(dir, R"(,"listen":{"unix":"absent/s"})", "its folder: No such file");
  refuses(dir, R"(,"listen":{"unix":"services.json"})",
          "a file that is no socket is there: remove it, or give listen.unix another");
  std::filesystem::create_directory(dir.path() / "folder");
  refuses(dir, R"(,"listen":{"unix":"folder"})", "a folder is there: remove it, or");
  CHECK(std::filesystem::file_size(dir.path() / "services.json") > 0);
  refuses(dir, R"(,"listen":{"unix":"/proc/self/s"})", "cannot listen at /proc/self/s: ");
}

TEST_CASE("serve: a signal ends it while it waits for its configuration", "[serve]") {
  const temp_dir dir;
  const std::string pipe = dir.path() / "services.json";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  tool_process server{{"serve", "--config", pipe}};
  int fd = -1;
  REQUIRE(comes_true([&] { // once it reads
    fd = ::open(pipe.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    return fd >= 0;
  }));
  server.signal(SIGTERM);
  CHECK(server.wait() == 128 + SIGTERM);
  ::close(fd);
}

TEST_CASE("serve: a folder that somebody keeps locked is told", "[serve]") {
  const temp_dir dir;
  const int folder = ::open(dir.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  REQUIRE(::flock(folder, LOCK_EX) == 0);
  refuses(dir, R"(,"listen":{"unix":"s"})", "another process keeps its folder locked");
  ::close(folder);
}

TEST_CASE("serve: a folder that may not be written is told", "[serve]") {
  const temp_dir dir;
  const auto folder = dir.path() / "locked";
  std::filesystem::create_directory(folder);
  if (::geteuid() != 0) {
    ::chmod(folder.c_str(), 0500);
    refuses(dir, R"(,"listen":{"unix":"locked/s"})", "Permission denied");
    return;
  }
  // Permissions do not bind root: a process without its powers tries instead.
  const auto config = dir.write("services.json", "{" + std::string{pagers} +
                                                     R"(,"listen":{"unix":"locked/s"}})");
  std::filesystem::permissions(dir.path(), std::filesystem::perms{0755});
  std::filesystem::permissions(folder, std::filesystem::perms{0555});
  const auto errors = dir.write("errors", "");
  const pid_t child = ::fork();
  if (child == 0) {
    const bool ready = std::freopen(errors.c_str(), "w", stderr) != nullptr &&
                       ::setgid(65534) == 0 && ::setuid(65534) == 0;
    if (ready)
      ::execl(FLOK_TOOL, "flok", "serve", "--config", config.c_str(), nullptr);
    ::_exit(99);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  if (WEXITSTATUS(status) == 99) {
    WARN("not tested: the tool is where nobody but root may run it");
    return;
  }
  CHECK(WEXITSTATUS(status) == 2);
  std::string said;
  std::getline(std::ifstream{errors} >> std::ws, said);
  CHECK(said.find("Permission denied") != std::string::npos);
}
