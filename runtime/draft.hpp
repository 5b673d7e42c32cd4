// Drafts: copy on write, the only way to change a page.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <variant>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "errors.hpp"
#include "page.hpp"

namespace flok {

/// Makes ids that no other machine makes: random UUIDs, version 4 (RFC 9562). Given to the
/// core, which has no random device of its own.
using id_source = std::function<std::string()>;

/// Where an entry is: an index in an array page, a key in a hash page.
class position {
public:
  template <class Index, std::enable_if_t<std::is_integral_v<Index>, int> = 0>
  position(Index index) : at_{static_cast<std::size_t>(index)} {}
  position(std::string key) : at_{std::move(key)} {}
  position(std::string_view key) : at_{std::string{key}} {}
  position(const char* key) : at_{std::string{key}} {}

  /// The index or key, or null where it is the other one.
  [[nodiscard]] const std::size_t* index() const { return std::get_if<std::size_t>(&at_); }
  [[nodiscard]] const std::string* key() const { return std::get_if<std::string>(&at_); }

  friend bool operator==(const position&, const position&) = default;

private:
  std::variant<std::size_t, std::string> at_;
};

namespace json {
struct member;
}

class draft;

/// An entry that is new or changed: its own text, without regard to its `_sig`. Private to
/// drafts.
struct fresh_entry {
  std::string name;
  std::string object;
  std::string signed_text; // with key and `_sig`, made by `finish`
  std::string signature;   // empty until then
  bool there = true;       // false once it is erased or replaced
};

/// An entry that may be changed, in a draft that must outlive it and stay where it is. It
/// stays with its entry wherever that moves in the draft; once the entry is erased or
/// replaced, changes to it are lost. Members that are not set keep their text and order;
/// the entry's `_sig` is made anew.
class entry_editor {
public:
  /// Sets one member. Fails with `invalid_page` for a name or a value that is no UTF-8, and
  /// an array entry's `_id` that is no string or is taken. A `_sig` is checked and dropped:
  /// it follows from the rest.
  expected<void> set(std::string_view field, const nlohmann::json& value);

  /// The same with the value's JSON text, which is kept verbatim.
  expected<void> set_text(std::string_view field, std::string_view json);

  /// Sets all members of an object, given as JSON text, or none; each may stand there once.
  expected<void> set_members(std::string_view object);

  /// Removes a member; none of that name is no error. `_id` and `_sig` cannot be removed.
  expected<void> erase(std::string_view field);

private:
  friend class draft;
  entry_editor(draft& owner, fresh_entry& entry) : owner_{&owner}, entry_{&entry} {}
  [[nodiscard]] expected<std::optional<std::string>> check(std::string_view field,
                                                           std::string_view value) const;
  expected<void> apply(std::span<const json::member> members);
  void rename(std::string name);

  draft* owner_;
  fresh_entry* entry_;
};

/// A page being changed. Not for several threads at once. An operation that fails leaves
/// the draft as it was. Rule: seed 002, "User page modification helpers".
class draft {
public:
  /// A draft of a new page without entries and pointers.
  draft(page_kind kind, std::string id, id_source ids);

  /// A draft that starts as `base`, whose untouched entries it will share.
  draft(page_ptr base, id_source ids);

  [[nodiscard]] page_kind kind() const noexcept { return kind_; }
  [[nodiscard]] std::string_view id() const noexcept { return id_; }
  [[nodiscard]] std::size_t size() const noexcept { return items_.size() - gone_; }

  /// The entry's object as it is now; `_sig` in it may be that of before.
  [[nodiscard]] expected<std::string> text(const position& at);

  /// Inserts an object. In an array: before the entry at that index, at the length appends;
  /// `_id` is made where the object has none. In a hash: under that key, replacing what was
  /// there. `_sig` is always made. Fails with `bad_index`, or `invalid_page` (not an
  /// object, an `_id` that is taken or no string, or a key that is no UTF-8).
  expected<void> insert(const position& at, const nlohmann::json& fields);

  /// The same with the object's JSON text, which is kept verbatim.
  expected<void> insert_text(const position& at, std::string_view json);

  /// Removes an entry. Fails with `bad_index`.
  expected<void> erase(const position& at);

  /// The entry, to be changed. Fails with `bad_index`.
  expected<entry_editor> mutate(const position& at);

  /// Sets or clears a pointer. Fails with `invalid_page` for an empty string or no UTF-8.
  expected<void> set_head(std::optional<std::string> id);
  expected<void> set_next(std::optional<std::string> id);
  expected<void> set_prev(std::optional<std::string> id);

  /// The page as drafted, with signatures and hash; the draft may go on. Fails with
  /// `invalid_page` where it is larger than `limits::page_bytes`.
  [[nodiscard]] expected<page_ptr> finish();

private:
  friend class entry_editor;

  /// One entry: its index in the base page, or, with this bit, in `fresh_`. An entry that
  /// is erased from a hash page leaves its place, so that those behind it keep theirs.
  using item = std::uint32_t;
  static constexpr item fresh_bit = item{1} << 31U;
  static constexpr item no_entry = ~item{0};

  [[nodiscard]] static bool is_fresh(item i) { return (i & fresh_bit) != 0; }
  [[nodiscard]] fresh_entry& fresh(item i) const { return *fresh_[i & ~fresh_bit]; }
  [[nodiscard]] std::string_view name(item i) const;
  [[nodiscard]] std::size_t run_end(std::size_t first) const;
  [[nodiscard]] std::optional<std::size_t> find(std::string_view key);
  [[nodiscard]] bool taken(std::string_view name);
  [[nodiscard]] bool use_index();
  [[nodiscard]] expected<std::size_t> locate(const position& at);
  [[nodiscard]] expected<fresh_entry> prepare(std::string_view json) const;
  [[nodiscard]] fresh_entry& freshen(std::size_t index);
  [[nodiscard]] expected<void> sign(fresh_entry& e) const;
  [[nodiscard]] item own(fresh_entry e);
  void disown(item i);

  page_ptr base_;
  page_kind kind_;
  std::string id_;
  id_source ids_;
  std::optional<std::string> head_, next_, prev_;
  std::vector<item> items_;
  std::size_t gone_ = 0; ///< of them without an entry
  std::vector<std::unique_ptr<fresh_entry>>
      fresh_; ///< kept, so that names stay where they are

  // Names of entries, and in a hash page where they are: made once it pays.
  std::unordered_map<std::string_view, std::size_t> index_;
  bool indexed_ = false;
  std::size_t lookups_ = 0; ///< before there was an index
};

/// A draft of a new page (seed 002: `NewPage`). Without an id it gets one from `ids`.
[[nodiscard]] draft new_page(page_kind kind, const id_source& ids,
                             std::optional<std::string> id = std::nullopt);

/// A draft that starts as `base` (seed 002: `CopyPage`).
[[nodiscard]] draft copy_page(page_ptr base, const id_source& ids);

} // namespace flok
