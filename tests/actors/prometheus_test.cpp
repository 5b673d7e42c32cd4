// Metrics as Prometheus scrapes them: over HTTP, on loopback.
#include "actors/prometheus.hpp"

#include <cstring>
#include <sstream>
#include <string>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "pagers/registry.hpp"
#include "testing/pages.hpp"
#include "tests/actors/live.hpp"

namespace flok::testing {

namespace {

/// Sends that, and gives the descriptor.
int send_to(const std::string& address, const std::string& request) {
  const auto colon = address.rfind(':');
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(std::stoi(address.substr(colon + 1))));
  REQUIRE(::inet_pton(AF_INET, address.substr(0, colon).c_str(), &to.sin_addr) == 1);
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  REQUIRE(fd >= 0);
  REQUIRE(::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0);
  const timeval longest{20, 0};
  REQUIRE(::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &longest, sizeof longest) == 0);
  REQUIRE(::send(fd, request.data(), request.size(), 0) ==
          static_cast<ssize_t>(request.size()));
  return fd;
}

/// What a GET of `/metrics` is answered with, head and body, within 20 seconds.
std::string scrape(const std::string& address) {
  const int fd = send_to(address, "GET /metrics HTTP/1.1\r\nHost: " + address +
                                      "\r\nConnection: close\r\n\r\n");
  std::string answer;
  char some[4096];
  for (ssize_t n = 0; (n = ::recv(fd, some, sizeof some, 0)) > 0;)
    answer.append(some, static_cast<std::size_t>(n));
  ::close(fd);
  return answer;
}

bool has_line(const std::string& text, const std::string& line) {
  std::istringstream in{text};
  for (std::string l; std::getline(in, l);)
    if (l == line || l == line + "\r")
      return true;
  return false;
}

system_options listening(const std::string& listen) {
  auto options = options_for({"user", "feed"});
  options.config.metrics.listen = listen;
  options.exporter = prometheus_exporter();
  return options;
}

} // namespace

TEST_CASE("prometheus: what happened is scraped in its text form") {
  const auto sys = started(listening("127.0.0.1:0"));
  REQUIRE(sys->write("user", version("a", "1")));
  for (int i = 0; i < 3; ++i)
    REQUIRE(sys->read("user", "a"));
  const auto text = scrape(sys->metrics_address().value());
  INFO(text);
  CHECK(text.starts_with("HTTP/1.1 200"));
  CHECK(has_line(text, "# HELP flok_reads_total Requests to read."));
  CHECK(has_line(text, "# TYPE flok_reads_total counter"));
  CHECK(has_line(text, "flok_reads_total{namespace=\"user\"} 3"));
  CHECK(has_line(text, "flok_reads_total{namespace=\"feed\"} 0"));
  CHECK(has_line(text, "flok_writes_total{namespace=\"user\"} 1"));
  CHECK(has_line(text, "# TYPE flok_pages gauge"));
  CHECK(has_line(text, "flok_pages{namespace=\"user\"} 1"));
  CHECK(has_line(text, "# TYPE flok_read_duration_seconds histogram"));
  CHECK(has_line(text, "flok_read_duration_seconds_count{namespace=\"user\"} 3"));
  CHECK(has_line(text,
                 "flok_read_duration_seconds_bucket{namespace=\"user\",le=\"+Inf\"} 3"));
  CHECK(has_line(text, "flok_page_out_duration_seconds_count 0"));
  CHECK(has_line(text, "flok_failures_total{kind=\"pager\",namespace=\"user\"} 0"));
  CHECK(has_line(text, "flok_problems_total{code=\"controller_down\"} 0"));
}

TEST_CASE("prometheus: an address in use is refused before anything starts") {
  const auto first = started(listening("127.0.0.1:0"));
  const auto taken = first->metrics_address().value();
  const auto second = system::start(listening(taken), *builtin_pagers());
  REQUIRE_FALSE(second);
  CHECK(second.error().code == errc::bad_config);
  CHECK(second.error().message ==
        "configuration: /metrics/listen: cannot listen on " + taken +
            ": something listens there already; take another port, or 0 for a free one");
}

TEST_CASE("prometheus: what is no address of this machine's is told as such") {
  for (const auto& [listen, why] :
       {std::pair{"256.0.0.1:0", "256.0.0.1 is no IP address; take 127.0.0.1"},
        std::pair{"192.0.2.1:0", "192.0.2.1 is no address of this machine's; 0.0.0.0"}}) {
    const auto sys = system::start(listening(listen), *builtin_pagers());
    REQUIRE_FALSE(sys);
    INFO(sys.error().message);
    CHECK(sys.error().message.find(why) != std::string::npos);
  }
}

TEST_CASE("prometheus: an IPv6 address is listened at, or it is told that none can be") {
  const auto sys = system::start(listening("[::1]:0"), *builtin_pagers());
  INFO((sys ? std::string{} : sys.error().message));
  CHECK((sys || sys.error().message.find("IPv4") != std::string::npos ||
         sys.error().message.find("no address of this machine's") != std::string::npos));
}

TEST_CASE("prometheus: requests that are never finished hold up others for seconds only") {
  const auto sys = started(listening("127.0.0.1:0"));
  const auto address = sys->metrics_address().value();
  std::vector<int> unfinished;
  for (int i = 0; i < 4; ++i)
    unfinished.push_back(send_to(address, "GET /metrics HTTP/1.1\r\nHost: x\r\n"));
  CHECK(scrape(address).starts_with("HTTP/1.1 200"));
  for (const int fd : unfinished)
    ::close(fd);
}

TEST_CASE("prometheus: who closes the system frees the address") {
  auto sys = started(listening("127.0.0.1:0"));
  const auto address = sys->metrics_address().value();
  REQUIRE(sys->close());
  CHECK_FALSE(sys->metrics_address());
  sys = started(listening(address));
  CHECK(scrape(address).starts_with("HTTP/1.1 200"));
}

TEST_CASE("prometheus: where a program brings no exporter, `metrics` is refused") {
  auto options = listening("127.0.0.1:0");
  options.exporter = nullptr;
  const auto sys = system::start(std::move(options), *builtin_pagers());
  REQUIRE_FALSE(sys);
  CHECK(sys.error().code == errc::bad_config);
  CHECK(sys.error().message.starts_with("configuration: /metrics: "));
}

TEST_CASE("prometheus: without `metrics` nothing listens") {
  auto options = options_for();
  options.exporter = prometheus_exporter();
  CHECK_FALSE(started(std::move(options))->metrics_address());
}

} // namespace flok::testing
