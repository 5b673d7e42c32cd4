// The code of docs/remote.md, built and run; docs_test.sh compares them.

#include "tests/catch.hpp"

#include <atomic>
#include <filesystem>
#include <fstream>

#include "flok.hpp"
#include "remote.hpp"
#include "tests/remote/certificates.hpp"

namespace {

int fail(const flok::error& e) {
  FAIL_CHECK(e.message);
  return 1;
}

int watch(std::uint16_t port, const std::function<void(const flok::update&)>& show) {
  const auto on_problem = [](const flok::error& e) { FAIL_CHECK(e.message); };
  const auto complain = on_problem;
  // clang-format off
flok::connect_options options;
options.host = "127.0.0.1";
options.port = port;
options.tls = flok::tls_options{"client.crt", "client.key", "authorities.crt"};
options.on_problem = on_problem;
auto far = flok::connect(options);
if (!far)
  return fail(far.error());
(*far)->spawn([&](flok::controller& self) {
  self.on_error([&](const flok::error& e) { complain(e); });
  self.watch("user", "news", [&](const flok::update& u) { show(u); });
});
auto read = (*far)->async_read("user", "news");
  // clang-format on
  CHECK(read.get().value()->id() == "news");
  (*far)->drain();
  return 0;
}

int serve(const std::string& config_file, const std::string& data_dir) {
  const auto on_problem = [](const flok::error& e) { FAIL_CHECK(e.message); };
  std::atomic<int> shown{0};
  int watched = 1;
  const auto show = [&](const flok::update&) { ++shown; };
  std::function<void(std::uint16_t)> announce;
  // clang-format off
const flok::tls_options tls{"server.crt", "server.key", "authorities.crt"};
auto sys = flok::open({.config_file = config_file,
                       .data = data_dir,
                       .on_problem = on_problem,
                       .prepare = flok::networking(tls)},
                      flok::builtin_pagers());
if (!sys)
  return fail(sys.error());
announce = [&](std::uint16_t port) { watched = watch(port, show); };
  // clang-format on
  CHECK((*sys)->write(
      "user",
      flok::new_page(flok::page_kind::array, (*sys)->ids(), "news").finish().value()));
  // clang-format off
auto open = flok::publish(**sys, {.address = "127.0.0.1", .port = 0});
if (!open)
  return fail(open.error());
announce(open->port());
  // clang-format on
  CHECK(shown == 1);
  return watched;
}

} // namespace

TEST_CASE("docs: remote") {
  const flok::testing::temp_dir folder;
  const flok::testing::authority ca{folder, "ca"};
  const auto before = std::filesystem::current_path();
  const auto put = [&](const std::string& from, const std::string& name) {
    std::filesystem::copy_file(from, folder / name);
  };
  for (const auto* who : {"server", "client"}) {
    const auto tls = ca.vouch_for(who);
    put(tls.certificate, std::string{who} + ".crt");
    put(tls.key, std::string{who} + ".key");
  }
  put(folder / "ca.crt", "authorities.crt");
  std::ofstream{folder / "services.json"}
      << R"({"pagers": [{"name": "mem", "namespace": "user"}]})";
  std::filesystem::current_path(folder.path());
  CHECK(serve("services.json", "data") == 0);
  std::filesystem::current_path(before);
}
