// Pages: immutable, shared, byte-exact.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace flok {

enum class page_kind : std::uint8_t { array, hash };

/// "array" or "hash", as in a page's `_type`.
[[nodiscard]] std::string_view to_string(page_kind kind) noexcept;

/// One entry, as views that live as long as their page.
struct entry_view {
  std::string_view name;      ///< an array entry's `_id`, a hash entry's key; unescaped
  std::string_view signature; ///< its `_sig`, unescaped
  std::string_view text;      ///< the entry's object as JSON, byte for byte as it came in
};

class page_builder;

/// A page that never changes: any number of threads may read it at once. A changed page is
/// another object (see draft.hpp) that shares the entries' texts that were left alone.
///
/// Layout: what `_hash` covers (pointers, id, all signatures) lies in one run of bytes, so
/// that a rehash is one pass; each entry is a slice of one of the page's text buffers.
class page {
public:
  [[nodiscard]] page_kind kind() const noexcept { return kind_; }
  [[nodiscard]] std::string_view id() const noexcept;

  /// `_head`, `_next` and `_prev`: ids in the same namespace, or none.
  [[nodiscard]] std::optional<std::string_view> head() const noexcept;
  [[nodiscard]] std::optional<std::string_view> next() const noexcept;
  [[nodiscard]] std::optional<std::string_view> prev() const noexcept;

  /// `_hash` as a number; its text form is decimal.
  [[nodiscard]] std::uint32_t hash() const noexcept { return hash_; }
  [[nodiscard]] std::string hash_text() const { return std::to_string(hash_); }

  /// `_hash`, made anew of what it covers in one pass over contiguous bytes. Source: seed
  /// 002, "Calculating Page Hash".
  [[nodiscard]] std::uint32_t rehash() const noexcept;

  /// The number of entries.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

  /// Entry `index`, which must be below `size()`.
  [[nodiscard]] entry_view entry(std::size_t index) const noexcept;

  /// The index of the entry with that `_id` or key. O(n).
  [[nodiscard]] std::optional<std::size_t> find(std::string_view name) const noexcept;

  /// The text of one member of an entry, e.g. `"hello"` with its quotes; none where the
  /// entry lacks it.
  [[nodiscard]] std::optional<std::string> member(std::size_t index,
                                                  std::string_view key) const;

  /// Whether `other` is the same page in the sense that decides about notifications: type,
  /// pointers, id, names and signatures are equal (design: "Unmodified").
  [[nodiscard]] bool unmodified(const page& other) const;

  /// How many entries at the beginning are one and the same in memory, since one page was
  /// made of the other: they are unchanged. Of those behind `front`, how many at the end.
  [[nodiscard]] std::size_t shared_front(const page& other) const noexcept;
  [[nodiscard]] std::size_t shared_back(const page& other,
                                        std::size_t front) const noexcept;

  /// Bytes of entries' text that the page uses, and that it keeps alive.
  [[nodiscard]] std::size_t used_bytes() const noexcept { return used_; }
  [[nodiscard]] std::size_t kept_alive_bytes() const noexcept;

  /// About what the page costs in memory, text buffers included.
  [[nodiscard]] std::size_t memory_bytes() const noexcept;

  /// The size of the page's JSON, or a few bytes more; never less.
  [[nodiscard]] std::size_t json_bytes_bound() const noexcept;

  /// The page's JSON: all fields, entries as they came in.
  [[nodiscard]] std::string json() const;
  void append_json(std::string& out) const;

private:
  friend class page_builder;

  /// A buffer of entries' texts, shared between the versions of a page.
  struct source {
    std::shared_ptr<const char[]> bytes;
    std::uint32_t size = 0;
  };

  /// Where an entry is. `text` starts at the entry's object in an array, at the key's
  /// opening quote in a hash. The name lies in the same buffer, `name` bytes from `text`.
  struct slot {
    const char* text = nullptr;
    std::uint32_t size = 0;
    std::int32_t name = 0;
    std::uint32_t name_size = 0;
    std::uint32_t signature_end = 0; // in `hashed()`
  };

  [[nodiscard]] const slot* slots() const noexcept;
  [[nodiscard]] const char* hashed() const noexcept;
  [[nodiscard]] std::uint32_t signature_begin(std::size_t index) const noexcept;
  [[nodiscard]] std::string_view raw_text(std::size_t index) const noexcept;
  [[nodiscard]] std::string_view name_of(std::size_t index) const noexcept;
  [[nodiscard]] std::optional<std::string_view>
  pointer(std::uint32_t begin, std::uint32_t end, std::uint8_t bit) const noexcept;
  [[nodiscard]] bool same_entries(const page& other) const;

  // One allocation: `size_` slots, then the bytes that the hash covers: head, next, prev,
  // id, signatures. The three pointers and the id end where these say.
  std::unique_ptr<char[]> table_;
  std::vector<source> sources_;
  std::size_t used_ = 0;
  std::uint32_t size_ = 0;
  std::uint32_t head_end_ = 0;
  std::uint32_t next_end_ = 0;
  std::uint32_t prev_end_ = 0;
  std::uint32_t id_end_ = 0;
  std::uint32_t hashed_size_ = 0;
  std::uint32_t hash_ = 0;
  page_kind kind_ = page_kind::array;
  std::uint8_t pointers_ = 0; // bit 0: has a head, bit 1: next, bit 2: prev
};

using page_ptr = std::shared_ptr<const page>;

} // namespace flok
