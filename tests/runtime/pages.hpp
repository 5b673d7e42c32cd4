// Pages and ids for the tests of the core.
#pragma once

#include <cstdint>
#include <random>
#include <string_view>

#include "runtime/codec.hpp"
#include "runtime/draft.hpp"
#include "runtime/errors.hpp"
#include "runtime/page.hpp"
#include "runtime/stats.hpp"
#include "testing/pages.hpp"

namespace flok::testing {

/// The counts without those of bytes, for tests that are about others.
inline namespace_stats uncounted_bytes(namespace_stats s) {
  s.bytes = 0;
  return s;
}

/// Why a JSON text from outside is no page; a failed requirement where it is one.
error refusal_of(std::string_view json, checked known = checked::nothing);

/// The page that a draft makes; a failed requirement where it makes none.
page_ptr finished(draft& d);

/// An array page with `entries` entries called "e0", "e1" and so on, each with a signature
/// and a text of about `bytes` bytes.
page_ptr page_with_entries(std::string_view id, std::size_t entries,
                           std::size_t bytes = 40);

/// One seed's choices. A failure prints the seed, which alone repeats it.
class dice {
public:
  explicit dice(std::uint64_t seed) : engine_{seed} {}

  /// A number below `end`, which is at least 1.
  std::size_t below(std::size_t end) { return static_cast<std::size_t>(engine_() % end); }

  /// True `percent` times in a hundred.
  bool chance(std::size_t percent) { return below(100) < percent; }

  template <class Container>
  auto& pick(Container& from) {
    return from[below(from.size())];
  }

private:
  std::mt19937_64 engine_; // the same numbers with every standard library
};

} // namespace flok::testing
