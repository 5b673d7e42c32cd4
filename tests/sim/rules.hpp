// What a checker says of a fault, and the random numbers of a world.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>

namespace flok::sim {

/// A rule does not hold. Thrown by checkers; it ends the world that it happened in.
struct broken_rule {
  const char* rule; ///< the checker's name of it, one of those in docs/own-tests.md
  std::string what;
};

/// The one rule that is looked at; null: all of them. Where a fault is planted for one
/// checker, others must not end the world before it.
inline const char* only_rule = nullptr;

inline void broken(const char* rule, std::string what) {
  if (only_rule == nullptr || std::strcmp(rule, only_rule) == 0)
    throw broken_rule{rule, std::move(what)};
}

/// Ends the world where a rule does not hold. The text must cost nothing where it does.
inline void must(bool holds, const char* rule, const char* what) {
  if (!holds) [[unlikely]]
    broken(rule, what);
}

/// One seed's choices: xoshiro256** (Blackman and Vigna), seeded by splitmix64. The same
/// numbers everywhere.
class dice {
public:
  explicit dice(std::uint64_t seed) {
    for (auto& word : state_) {
      seed += 0x9e3779b97f4a7c15U;
      std::uint64_t z = seed;
      z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
      z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
      word = z ^ (z >> 31U);
    }
  }

  /// A number below `end`, which is at least 1.
  std::uint32_t below(std::uint32_t end) {
    return static_cast<std::uint32_t>(((next() >> 32U) * end) >> 32U);
  }

  /// True `percent` times in a hundred.
  bool chance(std::uint32_t percent) { return below(100) < percent; }

  template <class Container>
  auto& pick(Container& from) {
    return from[below(static_cast<std::uint32_t>(from.size()))];
  }

private:
  static std::uint64_t rotated(std::uint64_t x, unsigned by) {
    return (x << by) | (x >> (64U - by));
  }

  std::uint64_t next() {
    const std::uint64_t result = rotated(state_[1] * 5, 7) * 9;
    const std::uint64_t t = state_[1] << 17U;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= t;
    state_[3] = rotated(state_[3], 45);
    return result;
  }

  std::array<std::uint64_t, 4> state_{};
};

} // namespace flok::sim
