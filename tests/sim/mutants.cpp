// flok-sim-mutants: breaks the core in one way after the other (mutants.cmake); the rule
// that is named for it must not hold then. Each runs in a process of its own, which may
// crash.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <iterator>

#include <sys/wait.h>
#include <unistd.h>

#include "tests/sim/world.hpp"

int flok_sim_broken = 0; ///< the number of the fault that is wanted; 0: none

namespace flok::sim {

namespace {

struct mutant {
  const char* name;
  const char* rule;
};

constexpr mutant mutants[] = {
#include <mutant_table.inc>
};

constexpr std::uint64_t seeds = 3000;
constexpr std::uint64_t steps = 1500;
constexpr unsigned seconds = 60; // a fault may make a loop endless

/// The first seed whose world finds that the rule does not hold; 0: none.
std::uint64_t caught(const char* rule, const page_stock& stock) {
  only_rule = rule;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    try {
      world w{seed, stock};
      w.run(steps);
      w.end();
    } catch (const broken_rule&) {
      return seed;
    } catch (const std::exception&) {
      continue; // the core itself noticed; but a checker is to
    }
  }
  return 0;
}

/// Whether the fault is found.
bool check(int number, const page_stock& stock) {
  const auto& m = mutants[number - 1];
  std::cout << number << ". " << m.name << ": " << std::flush;
  const pid_t child = fork();
  if (child == 0) {
    alarm(seconds);
    flok_sim_broken = number;
    const auto seed = caught(m.rule, stock);
    if (seed != 0)
      std::cout << m.rule << ", seed " << seed << std::endl;
    _exit(seed != 0 ? 0 : 1);
  }
  int status = 0;
  const bool found = child > 0 && waitpid(child, &status, 0) == child &&
                     WIFEXITED(status) && WEXITSTATUS(status) == 0;
  if (!found)
    std::cout << "NOT caught by " << m.rule << (WIFSIGNALED(status) ? " (it crashed)" : "")
              << std::endl;
  return found;
}

} // namespace

} // namespace flok::sim

int main(int argc, char** argv) {
  const flok::sim::page_stock stock;
  const int only = argc > 1 ? std::atoi(argv[1]) : 0;
  int missed = 0;
  for (int i = 1; i <= static_cast<int>(std::size(flok::sim::mutants)); ++i)
    if (only == 0 || i == only)
      missed += flok::sim::check(i, stock) ? 0 : 1;
  std::cout << (missed == 0 ? "all faults are found\n" : "some faults are not found\n");
  return missed == 0 ? 0 : 1;
}
