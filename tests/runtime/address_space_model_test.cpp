// Random worlds: whoever asks for what, however late disk and pagers are, whatever fails.
#include "tests/catch.hpp"
#include "tests/runtime/simulated_world.hpp"

namespace flok::testing {

TEST_CASE("in random worlds every rule holds at every step, and the end is as it must be") {
  std::uint64_t notified = 0;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    INFO("seed " << seed);
    simulated_world world{seed};
    world.run(500);
    world.check_kept();
    world.check_left();
    CHECK(world.model().unanswered() == 0);
    notified += world.model().notified();
  }
  CHECK(notified > 20'000); // or the worlds were dull
}

TEST_CASE(
    "after a crash each page on disk is one committed version, no older than promised") {
  for (std::uint64_t seed = 1000; seed < 1150; ++seed) {
    INFO("seed " << seed);
    simulated_world world{seed};
    for (int life = 0; life < 5; ++life) {
      world.run(120);
      world.crash();
    }
    world.check_kept();
    world.check_left();
  }
}

} // namespace flok::testing
