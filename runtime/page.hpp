// Pages: immutable, shared, byte-exact.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "entry_block.hpp"

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

/// A page that never changes: any number of threads may read it at once. A changed page is
/// another object (see draft.hpp) that shares the entries' texts that were left alone.
///
/// Layout: a page that was read is one allocation, which holds the object, an index of its
/// entries, what `_hash` covers (pointers, id, all signatures), and the entries' texts. One
/// that a draft made has runs of entries in its place, which lie in the memory of earlier
/// versions (the texts, not the pages themselves) or in one piece with what is new. What
/// `_hash` covers always lies in one run of bytes, so that a rehash is one pass.
class alignas(8) page {
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

  /// Entry `index`, which must be below `size()`. O(log n) at most.
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
  [[nodiscard]] std::size_t used_bytes() const noexcept;
  [[nodiscard]] std::size_t kept_alive_bytes() const noexcept;

  /// About what the page costs in memory, the blocks that it refers to included.
  [[nodiscard]] std::size_t memory_bytes() const noexcept;

  /// The size of the page's JSON, or a few bytes more; never less.
  [[nodiscard]] std::size_t json_bytes_bound() const noexcept;

  /// The page's JSON: all fields, entries as they came in.
  [[nodiscard]] std::string json() const;
  void append_json(std::string& out) const;

  /// Looks at names and signatures, which is quicker where one looks at many in a row.
  class reader;

  /// What only makers of pages have, who know what belongs behind one.
  class key {
    friend class page_builder;
    friend class page_record;
    key() = default;
  };
  explicit page(key /*of a maker*/) {}
  ~page();
  page(const page&) = delete;
  page& operator=(const page&) = delete;

private:
  friend class page_builder;
  friend class page_record;

  /// A block of entries that a page made of another one refers to. Its memory stays, though
  /// the page that it was made for may be gone.
  struct source {
    std::weak_ptr<const void> memory;
    entry_block block;
  };

  /// Entries that follow each other both in the page and in a block.
  struct run {
    std::uint32_t first = 0;  ///< of the page's entries
    std::uint32_t at = 0;     ///< where that one is in its block
    std::uint32_t source = 0; ///< which block
    std::uint32_t shift = 0;  ///< of a signature's place in the block to that in `hashed()`
  };

  /// The same, as it is passed around.
  struct piece {
    entry_block block;
    std::uint32_t first = 0; ///< in the block
    std::uint32_t end = 0;
    std::uint32_t shift = 0;

    [[nodiscard]] std::uint32_t count() const { return end - first; }
    [[nodiscard]] std::string_view signature(std::uint32_t entry, const char* all) const {
      const auto from = block.index.signature_begin(entry);
      const auto to = block.index.get(entry_index::signature_end, entry);
      return {all + (from + shift), to - from}; // modulo 2^32, as `shift` may be
    }
  };

  /// Of a page in several pieces, which has no index to tell them.
  struct counts {
    std::uint32_t sources = 0;
    std::uint32_t runs = 0;
    std::uint32_t texts = 0;
    std::uint32_t hashed = 0;
  };

  /// What follows the object: of a page in one piece its index, what the hash covers, and
  /// the entries; else counts, sources, runs, and what the hash covers.
  [[nodiscard]] const char* tail() const noexcept {
    return reinterpret_cast<const char*>(this + 1);
  }
  [[nodiscard]] char* tail() noexcept { return reinterpret_cast<char*>(this + 1); }
  [[nodiscard]] bool whole() const noexcept { return !pieces_; }
  [[nodiscard]] entry_index index() const noexcept { return {tail(), size_, wide_}; }
  [[nodiscard]] const counts& counted() const noexcept {
    return *reinterpret_cast<const counts*>(tail());
  }
  [[nodiscard]] const source* sources() const noexcept {
    return reinterpret_cast<const source*>(tail() + sizeof(counts));
  }
  [[nodiscard]] const run* runs() const noexcept {
    return reinterpret_cast<const run*>(sources() + counted().sources);
  }
  /// Bytes of texts, with the commas between them, and of what the hash covers.
  [[nodiscard]] std::uint32_t texts() const noexcept {
    return whole() ? index().text_end_of(size_) : counted().texts;
  }
  [[nodiscard]] std::uint32_t hashed_size() const noexcept {
    return whole() ? id_end_ + index().signature_begin(size_) : counted().hashed;
  }
  [[nodiscard]] std::size_t hashed_at() const noexcept;
  [[nodiscard]] const char* hashed() const noexcept { return tail() + hashed_at(); }
  [[nodiscard]] entry_block block() const noexcept; ///< of a page in one piece

  /// One run of entries after the other; a page in one piece has one at most.
  [[nodiscard]] std::uint32_t piece_count() const noexcept {
    return whole() ? (size_ == 0 ? 0 : 1) : counted().runs;
  }
  [[nodiscard]] piece piece_at(std::uint32_t number) const noexcept;
  /// The number of the run that has an entry.
  [[nodiscard]] std::uint32_t piece_of(std::size_t entry) const noexcept;
  /// The end of a run that has an entry, from that entry on.
  [[nodiscard]] piece piece_from(std::size_t entry) const noexcept;
  /// The signatures of entries `first` to before `end`.
  [[nodiscard]] std::string_view signatures(std::size_t first,
                                            std::size_t end) const noexcept;

  /// The page as one block, whether it is in one piece or not.
  [[nodiscard]] block_size size_as_block() const noexcept {
    return {size_, texts(), unescaped_, hashed_size()};
  }

  /// The page's JSON before its entries, and behind them.
  template <class Text, class String>
  void tell_head(Text text, String string) const;
  [[nodiscard]] std::size_t head_bytes() const noexcept;
  char* put_head(char* to) const noexcept;
  [[nodiscard]] std::string_view json_end() const noexcept;

  [[nodiscard]] std::optional<std::string_view>
  pointer(std::uint32_t begin, std::uint32_t end, std::uint8_t bit) const noexcept;
  [[nodiscard]] bool same_entries(const page& other) const;

  /// What `_hash` covers begins with three pointers and the id, which end where these say.
  std::uint32_t head_end_ = 0;
  std::uint32_t next_end_ = 0;
  std::uint32_t prev_end_ = 0;
  std::uint32_t id_end_ = 0;
  std::uint32_t hash_ = 0;
  std::uint32_t size_ = 0;
  std::uint32_t unescaped_ =
      0; ///< bytes of names and signatures that no text has unescaped
  page_kind kind_ = page_kind::array;
  std::uint8_t pointers_ = 0; ///< bit 0: has a head, bit 1: next, bit 2: prev
  bool wide_ = false;         ///< how large the numbers of an index of all entries are
  bool pieces_ = false;       ///< several ones
};

class page::reader {
public:
  explicit reader(const page& p) : page_{&p} {}

  [[nodiscard]] std::string_view name(std::size_t entry) {
    const auto at = place_of(entry);
    return run_.block.name(at);
  }
  [[nodiscard]] std::string_view signature(std::size_t entry) {
    const auto at = place_of(entry);
    return run_.signature(at, page_->hashed());
  }

private:
  /// Where an entry is in its block, once `run_` is the run that has it.
  std::uint32_t place_of(std::size_t entry) {
    if (entry - first_ >= run_.count())
      seek(entry);
    return run_.first + static_cast<std::uint32_t>(entry - first_);
  }
  void seek(std::size_t entry);

  const page* page_;
  piece run_;
  std::size_t first_ = 0; ///< the run's first entry
};

using page_ptr = std::shared_ptr<const page>;

} // namespace flok
