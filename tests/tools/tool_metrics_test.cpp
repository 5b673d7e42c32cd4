// The tool where metrics are configured, and what it logs at which level.
#include <array>
#include <csignal>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "tests/catch.hpp"
#include "tests/tools/serve_home.hpp"
#include "tests/tools/store_home.hpp"

using namespace flok::testing;

namespace {

constexpr const char* with_metrics = R"({
    "pagers": [{"name": "mem", "namespace": "user"}], "storage": {"path": "data"},
    "listen": {"unix": "flok.sock"}, "metrics": {"listen": "127.0.0.1:0"}})";

/// The port that the tool says it has taken, or 0.
int port_in(const std::string& errors) {
  constexpr std::string_view mark = "metrics at http://127.0.0.1:";
  const auto at = errors.find(mark);
  return at == std::string::npos ? 0 : std::stoi(errors.substr(at + mark.size()));
}

/// The first bytes of what is answered at `/metrics`.
std::string scrape(int port) {
  const flok::tools::unique_fd fd{::socket(AF_INET, SOCK_STREAM, 0)};
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(port));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0);
  constexpr std::string_view request = "GET /metrics HTTP/1.0\r\n\r\n";
  REQUIRE(::send(fd.get(), request.data(), request.size(), 0) > 0);
  std::string answer;
  std::array<char, 4096> some; // NOLINT: filled by recv
  for (ssize_t n = 0; (n = ::recv(fd.get(), some.data(), some.size(), 0)) > 0;)
    answer.append(some.data(), static_cast<std::size_t>(n));
  return answer;
}

} // namespace

TEST_CASE("metrics: serve tells the port that it has taken, and is scraped there",
          "[serve]") {
  const serve_home home;
  home.dir.write("services.json", with_metrics);
  const auto server = home.serve();
  const int port = port_in(server->errors());
  REQUIRE(port != 0);
  home.connect()->must(op::write("user", array_page("p", "v1")));
  const auto answer = scrape(port);
  CHECK(answer.find(" 200 OK") != std::string::npos);
  CHECK(answer.find("flok_writes_total{namespace=\"user\"} 1") != std::string::npos);
  server->signal(SIGTERM);
  CHECK(server->wait() == 0);
}

TEST_CASE("metrics: shell keeps its output for the protocol", "[serve]") {
  const serve_home home;
  home.dir.write("services.json", with_metrics);
  const auto result = run_tool({"shell", "--config", home.config}, "{\"op\":\"drain\"}\n");
  CHECK(result.status == 0);
  CHECK(result.output == "{\"reply\":\"drain\"}\n");
  CHECK(result.errors.starts_with("flok shell: metrics at http://127.0.0.1:"));
}

TEST_CASE("metrics: import leaves them to those who run the configuration", "[serve]") {
  const serve_home home;
  home.dir.write("services.json", with_metrics);
  const auto list = home.dir.write("news.json", R"([{"title": "hello"}])");
  const auto result =
      run_tool({"import", "--config", home.config, "--ns", "user", "--list", "news", list});
  CHECK(output_of(result).starts_with("news: 1 entr"));
  CHECK(result.errors.find("metrics") == std::string::npos);
}

TEST_CASE("metrics: an address that cannot be is refused before anything starts",
          "[serve]") {
  const serve_home home;
  home.dir.write("services.json", R"({"pagers": [{"name": "mem", "namespace": "user"}],
      "listen": {"unix": "flok.sock"}, "metrics": {"listen": "192.0.2.1:0"}})");
  const auto result = run_tool({"serve", "--config", home.config});
  CHECK(failed_with(result, 2, "/metrics/listen: cannot listen on 192.0.2.1:0: "));
  CHECK(result.output.empty());
  CHECK_FALSE(std::filesystem::exists(home.socket));
}

TEST_CASE("log: each level has the lines that matter as much", "[serve]") {
  for (const auto& [level, starts, warns, fails] : {std::tuple{"info", true, true, true},
                                                    {"warning", false, true, true},
                                                    {"error", false, false, true},
                                                    {"off", false, false, false}}) {
    INFO(level);
    const serve_home home;
    const strings shell{"shell", "--config", home.config, "--log-level", level};
    const auto result = run_tool(
        shell, op::fault("commit_fails").dump() + "\n" +
                   op::write("user", array_page("p", "v1")).dump() + "\n" +
                   op::simple("pageout").dump() + "\n" + op::fault("none").dump() + "\n");
    CHECK(result.status == 0);
    const auto has = [&](const char* part) {
      return result.errors.find(part) != std::string::npos;
    };
    CHECK(has("[info] started") == starts);
    CHECK(has("[warning] page_out_retry") == warns);
    CHECK(has("[error] problem code=\"storage_failure\"") == fails);
    CHECK(result.errors.empty() == !fails);
  }
  CHECK(run_tool({"serve", "--config", "x", "--log-level", "loud"}).status == 2);
}
