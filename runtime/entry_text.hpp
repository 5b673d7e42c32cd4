// Entries as they come from outside: found, checked, and made fit to be kept. For drafts
// and replay.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "codec_json.hpp"
#include "draft.hpp"
#include "errors.hpp"
#include "page.hpp"

namespace flok {

/// What an object that is to be an entry says of itself.
struct entry_header {
  std::optional<std::string> name;      ///< its `_id`, which only an array's entries have
  std::optional<std::string> signature; ///< its `_sig`
};

/// Checks an object that is to be an entry in a page of that kind: grammar, UTF-8, nesting,
/// `_id` and `_sig` at most once each and strings, `_id` not empty. Fails with
/// `invalid_page`.
[[nodiscard]] expected<entry_header> read_entry(std::string_view object, page_kind kind);

/// The string that a member holds. Fails with `invalid_page`.
[[nodiscard]] expected<std::string> string_member(const json::member& m);

/// A valid text without white space around it and on one line.
[[nodiscard]] std::string trimmed_line(std::string_view text);

/// What a page keeps of an entry: its object, in a hash page with its key before it.
[[nodiscard]] std::string kept_text(page_kind kind, std::string_view name,
                                    std::string_view object);

/// Whether a pointer may be set to that: `invalid_page` for an empty string or no UTF-8.
[[nodiscard]] expected<void> check_pointer(const std::optional<std::string>& id);

/// The index of an entry in an array page of `size` entries. Fails with `bad_index`.
[[nodiscard]] expected<std::size_t> index_of(const position& at, std::size_t size);

/// The key that names an entry in a hash page, there or not. Fails with `bad_index`.
[[nodiscard]] expected<std::string_view> key_of(const position& at);

} // namespace flok
