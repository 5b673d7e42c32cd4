// flok-sim: runs worlds, one for each seed. Usage: flok-sim SEEDS STEPS [FIRST SEED]
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <optional>

#include "tests/sim/world.hpp"

namespace flok::sim {

namespace {

/// The rule that broke, and how; none where all hold.
std::optional<broken_rule> run(std::uint64_t seed, std::uint64_t steps,
                               const page_stock& stock, bool tell, std::uint64_t& done) {
  world w{seed, stock};
  std::optional<broken_rule> fault;
  try {
    w.run(steps);
    w.end();
  } catch (const broken_rule& b) {
    fault = b;
    if (tell)
      std::cout << "the last events:\n"
                << w.last_events() << "seed " << seed << ", step " << w.steps() << ": "
                << b.rule << ": " << b.what << '\n';
  }
  done += w.steps();
  return fault;
}

int main(std::uint64_t seeds, std::uint64_t steps, std::uint64_t first) {
  const page_stock stock;
  const auto begin = std::chrono::steady_clock::now();
  std::uint64_t done = 0;
  for (std::uint64_t seed = first; seed < first + seeds; ++seed)
    if (run(seed, steps, stock, true, done)) {
      std::cout << "alone: scripts/simulate --seed " << seed << " --steps " << steps
                << '\n';
      return 1;
    }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  std::cout << seeds << " seeds, " << done << " steps, "
            << static_cast<std::uint64_t>(static_cast<double>(done) / took.count())
            << " steps a second\n";
  return 0;
}

} // namespace

} // namespace flok::sim

int main(int argc, char** argv) {
  const auto number = [&](int at, std::uint64_t otherwise) {
    return argc > at ? std::strtoull(argv[at], nullptr, 10) : otherwise;
  };
  return flok::sim::main(number(1, 500), number(2, 2000), number(3, 1));
}
