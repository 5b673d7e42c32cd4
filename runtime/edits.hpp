// Edits as data: what a draft would be told, to be applied where the page is.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "draft.hpp"
#include "errors.hpp"
#include "page.hpp"

namespace flok {

struct insert_edit {
  position at;
  std::string entry; ///< JSON text of an object
};

struct erase_edit {
  position at;
};

struct set_edit {
  position at;
  std::string fields; ///< JSON text of an object: the members to set
};

enum class page_pointer : std::uint8_t { head, next, prev };

struct pointer_edit {
  page_pointer which = page_pointer::next;
  std::optional<std::string> id;
};

using edit = std::variant<insert_edit, erase_edit, set_edit, pointer_edit>;

/// Applies all edits, in order, or none. Fails as drafts do.
[[nodiscard]] expected<page_ptr> apply_edits(draft base, std::span<const edit> edits);

/// Reads edits in the shell's form (docs/protocol.md, `edit`). Fails with `bad_request`, or
/// `bad_index` for a number that is no index.
[[nodiscard]] expected<std::vector<edit>> parse_edits(std::string_view json);

/// Whether the edits can be written as text: entries and members to set are each one JSON
/// object, keys and pointers UTF-8. Fails with `invalid_page`.
[[nodiscard]] expected<void> check_edits(std::span<const edit> edits);

/// Edits in the shell's form, of edits that `check_edits` accepts; `parse_edits` reads them
/// back.
[[nodiscard]] std::string to_json(std::span<const edit> edits);

/// Reads an index or a key, from valid JSON. Fails as `parse_edits` does.
[[nodiscard]] expected<position> parse_position(std::string_view json);

/// Reads an id or null, from valid JSON. Fails with `bad_request`.
[[nodiscard]] expected<std::optional<std::string>> parse_pointer(std::string_view json);

/// An index or a key as JSON; `parse_position` reads it back.
[[nodiscard]] std::string to_text(const position& at);

} // namespace flok
