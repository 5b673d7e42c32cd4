// Random JSON texts, broken ones among them, and a second opinion on what they hold.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/runtime/pages.hpp"

namespace flok::testing {

/// A random JSON value that nests at most `depth` levels.
std::string random_value(dice& roll, std::size_t depth);

/// A random JSON object of up to `most` members, some of which may have the same key.
std::string random_object(dice& roll, std::size_t depth, std::size_t most = 6);

/// The text with a few bytes changed, removed, repeated or put in, such as break JSON.
std::string mutated(std::string text, dice& roll);

/// A JSON value; what stands twice in an object stands here twice.
struct tree {
  enum class kind { null, other, string, array, object } what = kind::null;
  std::string text;           ///< a string's value
  strings keys;               ///< an object's, in order
  std::vector<tree> elements; ///< an array's, or the values of an object's keys

  [[nodiscard]] std::vector<const tree*> all(std::string_view key) const;
};

/// What nlohmann's parser makes of a text.
struct second_opinion {
  std::optional<tree> value; ///< none: no JSON
  bool out_of_range = false; ///< it met a number that no double holds, and gave up
};

second_opinion parse(std::string_view text);

} // namespace flok::testing
