// What the fuzz targets hold results against: rules written down a second time over
// another parser's tree, and what must hold of every page.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "runtime/page.hpp"
#include "tests/runtime/json_fuzz.hpp"

namespace flok::fuzz {

using testing::second_opinion;
using testing::tree;

/// Ends the run where `holds` is false; libFuzzer then keeps the input.
void require(bool holds, std::string_view what);

/// libFuzzer's input as a text. Nothing may be read behind its end.
[[nodiscard]] std::string_view text_of(const std::uint8_t* data, std::size_t size);

/// How deep a value nests arrays and objects, itself included.
[[nodiscard]] std::size_t depth_of(const tree& t);

/// Whether no key stands twice in an object itself, whatever its members hold.
[[nodiscard]] bool unique_keys(const tree& object);

/// Whether the design's rules for pages hold (section 2), those of size and nesting too.
[[nodiscard]] bool is_page(const tree& t);

/// One of a few pages of both types, small and large, to be changed.
[[nodiscard]] page_ptr base_page(std::size_t which);

/// Requires what holds of every page: it is read back as the same from what it prints, its
/// hash is the design's, and what it says of its memory fits together.
void check_page(const page& p);

/// Requires that the page has the names, signatures and pointers that its text's tree has.
void check_page_against(const page& p, const tree& text);

/// nlohmann's value of a valid JSON text without a number that is more than a double holds.
/// (Here alone, since its parser takes long to compile.)
[[nodiscard]] nlohmann::json value_of(std::string_view json);

/// The text with raw CR and LF as spaces.
[[nodiscard]] std::string one_line(std::string_view text);

} // namespace flok::fuzz
