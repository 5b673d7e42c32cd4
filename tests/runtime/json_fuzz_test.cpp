// What flok takes for JSON against what nlohmann's parser does, on random texts. They
// differ on purpose, and nowhere else, in this:
// - a number that no double holds (1E400) is JSON; nlohmann refuses it;
// - nesting has a limit; nlohmann's has none;
// - a byte order mark is refused, as is a zero byte behind the text; nlohmann skips the
// one,
//   and stops at the other.
// Both refuse escapes that name half a surrogate pair, which RFC 8259 leaves open.
#include <nlohmann/json.hpp>

#include "runtime/codec_json.hpp"
#include "tests/catch.hpp"
#include "tests/runtime/json_fuzz.hpp"

namespace flok::testing {

namespace {

/// Both give the same verdict, on the text itself and as an element of an array.
bool agree(const std::string& text) {
  const auto whole = parse(text);
  const bool is_object = whole.value && whole.value->what == tree::kind::object;
  if (!whole.out_of_range && json::members(text).has_value() != is_object)
    return false;
  const auto within = '[' + text + ']';
  const auto inside = parse(within);
  return inside.out_of_range ||
         json::elements(within).has_value() == inside.value.has_value();
}

} // namespace

TEST_CASE("valid JSON is taken apart into what it holds") {
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    INFO("seed " << seed);
    dice roll{seed};
    const auto text = random_object(roll, 5);
    INFO(text);
    const auto expected = parse(text);
    const auto parts = json::members(text);
    REQUIRE((parts && expected.value));
    REQUIRE(parts->size() == expected.value->elements.size());
    for (std::size_t i = 0; i < parts->size(); ++i) {
      const auto& value = expected.value->elements[i];
      CHECK((*parts)[i].key == expected.value->keys[i]);
      const auto piece = (*parts)[i].value;
      CHECK(nlohmann::json::accept(piece));
      CHECK(piece.find_first_of(" \t\r\n") != 0);
      CHECK(piece.find_last_of(" \t\r\n") != piece.size() - 1);
      if (value.what == tree::kind::string)
        CHECK(json::string_value(piece) == value.text);
    }
  }
}

TEST_CASE("a text is JSON exactly where a second parser says so") {
  std::size_t accepted = 0;
  for (std::uint64_t seed = 0; seed < 20'000; ++seed) {
    dice roll{seed};
    const auto text = mutated(random_object(roll, 4), roll);
    if (!agree(text)) {
      INFO("seed " << seed);
      CAPTURE(text);
      CHECK(agree(text));
    }
    accepted += json::members(text) ? 1 : 0;
  }
  CHECK(accepted > 1'500); // or the texts say nothing
  CHECK(accepted < 18'000);
}

TEST_CASE("the canonical form means the same, and is its own canonical form") {
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    INFO("seed " << seed);
    dice roll{seed};
    const auto text = random_object(roll, 5);
    INFO(text);
    const auto canonical = json::canonical(text, "").value();
    CHECK(json::canonical(canonical, "").value() == canonical);
    CHECK(nlohmann::json::parse(canonical) == nlohmann::json::parse(text));
    CHECK(canonical.find_first_of("\r\n\t") == std::string::npos);
  }
}

} // namespace flok::testing
