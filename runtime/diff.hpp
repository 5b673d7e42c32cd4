// What makes one page of another: as a list of changes, and back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "edits.hpp"
#include "errors.hpp"
#include "page.hpp"

namespace flok {

/// Which kinds of changes a diff may have.
enum class diff_form : std::uint8_t {
  full,  ///< all of them
  basic, ///< `entry_del` and `entry_insert`; nothing of pointers (seed 002, "vm_diff")
};

struct entry_del {
  position at;

  friend bool operator==(const entry_del&, const entry_del&) = default;
};

/// An array page's entry takes another place.
struct entry_move {
  std::size_t from = 0;
  std::size_t to = 0; ///< counted once the entry is taken out

  friend bool operator==(const entry_move&, const entry_move&) = default;
};

struct entry_insert {
  position at;       ///< before the entry at that index; under that key, which is free
  std::string entry; ///< JSON text of an object, with its `_sig`

  friend bool operator==(const entry_insert&, const entry_insert&) = default;
};

/// An entry has another content in the same place.
struct entry_modify {
  position at;
  std::string entry; ///< all of it, as in `entry_insert`

  friend bool operator==(const entry_modify&, const entry_modify&) = default;
};

struct pointer_change {
  page_pointer which = page_pointer::next;
  std::optional<std::string> id;

  friend bool operator==(const pointer_change&, const pointer_change&) = default;
};

using change =
    std::variant<entry_del, entry_move, entry_insert, entry_modify, pointer_change>;

/// The changes that make `to` of `from`, as few as the form allows. O(n log n).
///
/// Entries are the same where their names are, and unchanged where their signatures are as
/// well. In this order: deletions from the last entry to the first, moves, insertions and
/// modifications each from the first to the last, then head, next and prev; each index is
/// valid when it is the change's turn. The order of a hash page's entries says nothing, so
/// that they never move. Fails with `invalid_page` for pages that differ in id or kind.
/// Rule: design, section 2, "Diff".
[[nodiscard]] expected<std::vector<change>> diff(const page& from, const page& to,
                                                 diff_form form = diff_form::full);

/// The page that all changes, in order, make of `from`, with which it shares the entries
/// that they leave alone. O((n + k) log n) for k changes, whatever they are.
///
/// A supplied `_sig` is kept, a missing one is made. Fails with `bad_index` (no such index
/// or key, or the one where the other names entries), or `invalid_page` (an entry that is
/// none, a key that is taken, an `_id` that two entries have in the end, an empty pointer,
/// no UTF-8, a result larger than `limits::page_bytes`); tells which change.
[[nodiscard]] expected<page_ptr> replay(const page_ptr& from,
                                        std::span<const change> changes);

/// Reads changes in the shell's form (docs/protocol.md, `diff`). Fails with `bad_request`,
/// or `bad_index` for a number that is no index; tells which change.
[[nodiscard]] expected<std::vector<change>> parse_changes(std::string_view json);

/// Changes in the shell's form; `parse_changes` reads them back.
[[nodiscard]] std::string to_json(std::span<const change> changes);

} // namespace flok
