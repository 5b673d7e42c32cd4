// JSON texts: validated whole, and taken apart into slices without building a tree.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "errors.hpp"
#include "limits.hpp"

namespace flok::json {

enum class kind : std::uint8_t { null, boolean, number, string, array, object };

/// The kind of a valid JSON value, told by its first byte.
[[nodiscard]] kind kind_of(std::string_view value) noexcept;

/// One member of an object. The views point into the text that was taken apart.
struct member {
  std::string key;           ///< unescaped
  std::string_view key_text; ///< as written, with its quotes
  std::string_view value;    ///< as written, without white space around it
};

/// Checks that `text` is one JSON object (RFC 8259: grammar, UTF-8, nesting up to `depth`)
/// and gives its members in their order; a key that stands twice is there twice. Fails with
/// `bad_request`.
[[nodiscard]] expected<std::vector<member>> members(std::string_view text,
                                                    std::size_t depth = limits::line_depth);

/// The same for an array: its elements' texts.
[[nodiscard]] expected<std::vector<std::string_view>>
elements(std::string_view text, std::size_t depth = limits::line_depth);

/// Whether the bytes are UTF-8.
[[nodiscard]] bool is_utf8(std::string_view bytes) noexcept;

/// Whether a valid text nests arrays and objects deeper than `depth`.
[[nodiscard]] bool deeper_than(std::string_view text, std::size_t depth) noexcept;

/// The unescaped value of a JSON string. Fails with `bad_request` where it is none, or
/// where its escapes name half a surrogate pair, which no UTF-8 text can hold.
[[nodiscard]] expected<std::string> string_value(std::string_view text);

/// The element that an RFC 6901 pointer names, as a slice of `text`. An empty pointer names
/// all of it. Fails with `bad_request`.
[[nodiscard]] expected<std::string_view> at_pointer(std::string_view text,
                                                    std::string_view pointer);

/// Canonical form of an object without its members called `without`: members sorted by key
/// bytes at every level, no white space, minimal escapes (RFC 8785's), number tokens
/// verbatim. `text` must be valid; fails with `bad_request`.
[[nodiscard]] expected<std::string> canonical(std::string_view text,
                                              std::string_view without);

/// The content-derived signature of an entry: XXH3-64 of its canonical form without `_sig`.
[[nodiscard]] expected<std::string> signature(std::string_view entry);

} // namespace flok::json
