// Serves metrics, and says whether it does.
#include <cstdio>
#include <string>

#include <flok/actors/prometheus.hpp>
#include <flok/flok.hpp>

int main(int argc, char* argv[]) {
  const std::string folder = argc > 1 ? argv[1] : ".";
  auto sys = flok::open({.config_file = folder + "/metrics.json",
                         .data = {},
                         .on_problem = {},
                         .exporter = flok::prometheus_exporter()},
                        flok::builtin_pagers());
  if (!sys)
    return std::fprintf(stderr, "%s\n", sys.error().message.c_str()), 1;
  std::puts((*sys)->metrics_address() ? "served" : "not served");
  return (*sys)->close() ? 0 : 1;
}
