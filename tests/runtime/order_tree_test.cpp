#include "runtime/order_tree.hpp"

#include "tests/catch.hpp"
#include "tests/runtime/pages.hpp"

namespace flok::testing {

namespace {

using numbers = std::vector<std::size_t>;

numbers counted(std::size_t count) {
  numbers out;
  for (std::size_t i = 0; i < count; ++i)
    out.push_back(i);
  return out;
}

} // namespace

TEST_CASE("an order tree starts with the numbers in order") {
  for (const std::size_t count : {0U, 1U, 2U, 3U, 100U}) {
    const order_tree tree{count};
    CHECK(tree.size() == count);
    CHECK(tree.sequence() == counted(count));
  }
}

TEST_CASE("an order tree does what a vector does") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    INFO("seed " << seed);
    dice roll{seed};
    auto model = counted(roll.below(30));
    order_tree tree{model.size()};
    auto fresh = model.size();
    for (int step = 0; step < 500; ++step) {
      if (!model.empty() && roll.chance(45)) {
        const auto index = roll.below(model.size());
        REQUIRE(tree.at(index) == model[index]);
        REQUIRE(tree.erase(index) == model[index]);
        model.erase(model.begin() + static_cast<std::ptrdiff_t>(index));
      } else {
        const auto index = roll.below(model.size() + 1);
        tree.insert(index, fresh);
        model.insert(model.begin() + static_cast<std::ptrdiff_t>(index), fresh++);
      }
      REQUIRE(tree.size() == model.size());
    }
    REQUIRE(tree.sequence() == model);
  }
}

TEST_CASE("an order tree stays shallow whatever it is told to do") {
  // As a list, any of these would take hours, or overflow the stack.
  constexpr std::size_t count = 200'000;
  order_tree tree{0};
  for (std::size_t i = 0; i < count; ++i)
    tree.insert(i % 2 == 0 ? 0 : tree.size(), i);
  for (std::size_t i = 0; i < count; ++i)
    tree.insert(tree.size(), tree.erase(0));
  CHECK(tree.at(0) == count - 2);
  for (std::size_t i = 0; i < count; ++i)
    tree.erase(tree.size() / 2);
  CHECK(tree.sequence().empty());
}

} // namespace flok::testing
