// Another process for the tests: it publishes a system, or watches one that is published.
// usage: flok_remote_peer serve|watch PORT [CERTIFICATE KEY AUTHORITIES]
#include <cstdio>
#include <iostream>
#include <sstream>

#include "pagers/builtin.hpp"
#include "remote.hpp"
#include "runtime/codec.hpp"

namespace flok::testing {

namespace {

/// As tests/actors/live.hpp has them, without a test's assertions.
page_ptr a_page(const std::string& id, const std::string& signature) {
  return decode_page(R"({"_id":")" + id +
                     R"(","_type":"array","entries":[{"_id":"e","_sig":")" + signature +
                     "\"}]}")
      .value();
}

std::string in_words(const update& u) {
  return std::string{u.page->id()} + "=" + std::string{u.page->entry(0).signature} + " " +
         std::string{to_string(u.why)};
}

void print(const std::string& line) { // from any thread
  std::fputs((line + "\n").c_str(), stdout);
  std::fflush(stdout);
}

int fail(const error& e) {
  print("failed " + std::string{to_string(e.code)} + ": " + e.message);
  return 1;
}

/// Does what it is told, a line at a time, until its input ends.
void obey(service& pages) {
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words{line};
    std::string what;
    std::string id;
    std::string signature;
    words >> what >> id >> signature;
    if (what == "write") {
      const auto written = pages.write("user", a_page(id, signature));
      print(written ? "written" : std::string{to_string(written.error().code)});
    } else if (what == "watch") {
      pages.spawn([id](controller& self) {
        self.on_removed([](const removed_page& r) { print(std::string{r.id} + " gone"); });
        self.watch("user", id, [](const update& u) { print(in_words(u)); });
      });
    }
  }
}

int serve(std::uint16_t port, const std::optional<tls_options>& tls) {
  system_options options;
  for (const auto* ns : {"other", "third", "user"})
    options.config.pagers.push_back({"mem", ns, "{}"});
  options.prepare = networking(tls);
  auto sys = system::start(std::move(options), *builtin_pagers());
  if (!sys)
    return fail(sys.error());
  auto open = publish(**sys, {"127.0.0.1", port});
  if (!open)
    return fail(open.error());
  print(std::to_string(open->port()));
  obey(**sys);
  return 0;
}

int watch(std::uint16_t port, const std::optional<tls_options>& tls) {
  connect_options options;
  options.port = port;
  options.tls = tls;
  options.on_problem = [](const error& e) { print(std::string{to_string(e.code)}); };
  auto far = connect(options);
  if (!far)
    return fail(far.error());
  print("connected");
  obey(**far);
  return 0;
}

} // namespace

} // namespace flok::testing

int main(int argc, char* argv[]) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  std::optional<flok::tls_options> tls;
  if (words.size() == 5)
    tls = flok::tls_options{words[2], words[3], words[4]};
  const auto port = static_cast<std::uint16_t>(std::stoi(words.at(1)));
  return words.at(0) == "serve" ? flok::testing::serve(port, tls)
                                : flok::testing::watch(port, tls);
}
