// Shells are killed at random moments; what the next one finds must be what was paged out,
// or newer, and whole.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <random>
#include <string_view>

#include "tests/catch.hpp"
#include "tests/disk/kill_run.hpp"

using namespace flok::testing;

namespace {

using with = killed_directory::with;

/// One directory of that seed, and at most so many kills. Returns how many there were.
int kill_some(std::uint64_t seed, int at_most, with how) {
  killed_directory directory{seed, how};
  int life = 0;
  while (life < std::min(directory.lives(), at_most)) {
    ++life;
    const strings faults = directory.live_and_die();
    INFO("seed " << seed << ", life " << life << "; to see it again: scripts/kill-test"
                 << (how == with::power ? " --power" : "") << " --seed " << seed);
    for (const std::string& fault : faults)
      UNSCOPED_INFO(fault);
    REQUIRE(faults.empty());
  }
  return life;
}

void kill_many(int kills, std::uint64_t seed, with how = with::kill) {
  while (kills > 0)
    kills -= kill_some(seed++, kills, how);
}

/// Whether writes can be logged here.
bool may_cut_power() {
  const bool may = !std::string_view{FLOK_WRITE_LOG}.empty();
  if (!may)
    WARN("skipped: nothing can be preloaded beside a sanitizer");
  return may;
}

/// A number from the environment.
std::optional<std::uint64_t> given(const char* name) {
  const char* text = std::getenv(name);
  if (text == nullptr || *text == '\0')
    return {};
  return std::stoull(text);
}

} // namespace

// Four, so that they run side by side.
TEST_CASE("kill: 50 shells at random moments (1)", "[disk]") { kill_many(50, 1000); }
TEST_CASE("kill: 50 shells at random moments (2)", "[disk]") { kill_many(50, 2000); }
TEST_CASE("kill: 50 shells at random moments (3)", "[disk]") { kill_many(50, 3000); }
TEST_CASE("kill: 50 shells at random moments (4)", "[disk]") { kill_many(50, 4000); }

TEST_CASE("power cut: what was not synced may be gone, nothing else is", "[disk]") {
  if (may_cut_power())
    kill_many(50, 5000, with::power);
}

// Run by scripts/kill-test: FLOK_KILLS shells; with FLOK_SEED that directory again and
// again.
TEST_CASE("kill: by hand", "[.][kill-test]") {
  const auto kills = static_cast<int>(given("FLOK_KILLS").value_or(0));
  const auto only = given("FLOK_SEED");
  const with how = given("FLOK_POWER") ? with::power : with::kill;
  std::uint64_t seed = only.value_or(std::random_device{}());
  int done = 0;
  do {
    std::printf("seed %llu: from kill %d on\n", static_cast<unsigned long long>(seed),
                done + 1);
    std::fflush(stdout);
    done += kill_some(seed, kills == 0 ? 10 : kills - done, how);
    seed += only ? 0 : 1;
  } while (done < kills);
  std::printf("%d kills, nothing lost\n", done);
}
