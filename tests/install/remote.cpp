// Publishes a system, and uses it over a connection.
#include <cstdio>

#include <flok/flok.hpp>
#include <flok/remote.hpp>

#include "own_pager.hpp"
#include "runtime/config.hpp"

int main(int argc, char* argv[]) {
  const std::string folder = uses_flok::folder(argc, argv);
  auto sys = flok::open(
      {.config_file = folder + "/services.json", .data = {}, .prepare = flok::networking()},
      uses_flok::all_pagers());
  if (!sys)
    return std::fprintf(stderr, "%s\n", sys.error().message.c_str()), 1;
  auto open = flok::publish(**sys);
  if (!open)
    return std::fprintf(stderr, "%s\n", open.error().message.c_str()), 1;
  flok::connect_options options;
  options.port = open->port();
  auto far = flok::connect(options);
  if (!far)
    return std::fprintf(stderr, "%s\n", far.error().message.c_str()), 1;
  auto page = flok::new_page(flok::page_kind::array, (*far)->ids(), "far").finish();
  const auto written = (*far)->write("user", *page);
  std::printf("%s\n", written ? "written" : written.error().message.c_str());
  return written ? 0 : 1;
}
