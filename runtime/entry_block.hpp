// Entries' texts in one block, with an index that tells where each lies. Private to pages
// and records, which keep both alike.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace flok {

/// A view of a block's index: a column of numbers after another, each with one number an
/// entry. Numbers have two bytes where all fit, else four, in the order of a little-endian
/// processor, and need not be aligned. Positions count from the begin of the block's text.
class entry_index {
public:
  enum column : std::uint32_t {
    text_end,      ///< the next entry's text begins one byte behind, after a comma
    name,          ///< where it begins
    name_size,     ///<
    signature,     ///< where it begins
    signature_end, ///< among the signatures of the block, one behind the other
    columns,
  };

  entry_index() = default;
  entry_index(const char* numbers, std::uint32_t count, bool wide)
      : numbers_{numbers}, count_{count}, wide_{wide} {}

  [[nodiscard]] static std::size_t bytes(std::size_t count, bool wide) {
    return columns * count * number_bytes(wide);
  }

  [[nodiscard]] static std::size_t number_bytes(bool wide) {
    return wide ? sizeof(std::uint32_t) : sizeof(std::uint16_t);
  }

  [[nodiscard]] std::uint32_t count() const { return count_; }
  [[nodiscard]] bool wide() const { return wide_; }
  [[nodiscard]] const char* numbers() const { return numbers_; }
  [[nodiscard]] const char* numbers(column c) const {
    return numbers_ + std::size_t{c} * count_ * number_bytes(wide_);
  }

  [[nodiscard]] std::uint32_t get(column c, std::uint32_t entry) const {
    return wide_ ? load<std::uint32_t>(c, entry) : load<std::uint16_t>(c, entry);
  }

  /// Where the texts of the first `entries` end.
  [[nodiscard]] std::uint32_t text_end_of(std::uint32_t entries) const {
    return entries == 0 ? 0 : get(text_end, entries - 1);
  }

  /// Where the text, or the signature, of an entry begins.
  [[nodiscard]] std::uint32_t text_begin(std::uint32_t entry) const {
    return entry == 0 ? 0 : get(text_end, entry - 1) + 1;
  }
  [[nodiscard]] std::uint32_t signature_begin(std::uint32_t entry) const {
    return entry == 0 ? 0 : get(signature_end, entry - 1);
  }

  friend bool operator==(const entry_index& a, const entry_index& b) {
    return a.numbers_ == b.numbers_;
  }

private:
  static_assert(std::endian::native == std::endian::little,
                "an index is kept on disk as it is in memory");

  template <class Number>
  [[nodiscard]] Number load(column c, std::uint32_t entry) const {
    Number n;
    std::memcpy(&n, numbers_ + (std::size_t{c} * count_ + entry) * sizeof n, sizeof n);
    return n;
  }

  const char* numbers_ = nullptr;
  std::uint32_t count_ = 0;
  bool wide_ = false;
};

/// A view of a block: entries' texts with a comma between two of them, as a page prints
/// them, and behind them the names and signatures that no text has unescaped. A text is an
/// entry's object, in a hash page with its key and a colon before it.
struct entry_block {
  entry_index index;
  std::uint32_t text_bytes = 0; ///< with the commas between texts
  std::uint32_t unescaped = 0;  ///< bytes behind the texts
  const char* bytes = nullptr;

  [[nodiscard]] std::string_view text(std::uint32_t entry) const {
    const auto begin = index.text_begin(entry);
    return {bytes + begin, index.get(entry_index::text_end, entry) - begin};
  }

  /// The texts of entries `first` to before `end`, and the commas between them.
  [[nodiscard]] std::string_view texts(std::uint32_t first, std::uint32_t end) const {
    const auto begin = index.text_begin(first);
    return {bytes + begin, index.get(entry_index::text_end, end - 1) - begin};
  }

  [[nodiscard]] std::string_view name(std::uint32_t entry) const {
    return {bytes + index.get(entry_index::name, entry),
            index.get(entry_index::name_size, entry)};
  }

  [[nodiscard]] std::string_view signature(std::uint32_t entry) const {
    return {bytes + index.get(entry_index::signature, entry),
            index.get(entry_index::signature_end, entry) - index.signature_begin(entry)};
  }

  /// Whether a name or a signature that begins there has no text around it.
  [[nodiscard]] bool apart(std::uint32_t begin) const { return begin >= text_bytes; }

  /// Bytes of texts, names and signatures, without the commas. There is an entry.
  [[nodiscard]] std::size_t kept_bytes() const {
    return text_bytes - (index.count() - 1) + unescaped;
  }
};

/// What entries take as a block.
struct block_size {
  std::size_t entries = 0;
  std::size_t texts = 0;     ///< bytes of texts, with the commas between them
  std::size_t unescaped = 0; ///< bytes of names and signatures that no text has unescaped
  std::size_t hashed = 0;    ///< bytes of signatures; of a page, all that the hash covers

  [[nodiscard]] bool wide() const {
    constexpr std::size_t most = UINT16_MAX;
    return texts + unescaped > most || hashed > most;
  }
  [[nodiscard]] std::size_t index_bytes() const {
    return entry_index::bytes(entries, wide());
  }
};

/// Fills a block, entry by entry. Index, texts, and what stands there unescaped may lie
/// apart.
class block_writer {
public:
  block_writer(const block_size& size, char* index, char* texts, char* unescaped);

  /// `name` and `signature` are unescaped; where they are pieces of `text` they are not
  /// kept twice.
  void add(std::string_view name, std::string_view signature, std::string_view text);

  /// Adds a run of another block's entries.
  void copy(const entry_block& from, std::uint32_t first, std::uint32_t end);

private:
  void put_texts(std::string_view texts);
  [[nodiscard]] std::uint32_t put_unescaped(std::string_view bytes);
  void set(entry_index::column c, std::uint32_t number);
  template <class To, class From>
  void copy_index(const entry_block& from, std::uint32_t first, std::uint32_t end);

  char* index_;
  char* texts_;
  char* unescaped_;
  std::uint32_t count_;
  std::uint32_t unescaped_begin_; ///< in the block
  bool wide_;
  std::uint32_t entry_ = 0; ///< how many there are
  std::uint32_t text_at_ = 0;
  std::uint32_t unescaped_at_ = 0;
  std::uint32_t signature_at_ = 0;
};

/// Whether `piece` is a piece of `text`, rather than equal to one at most.
[[nodiscard]] inline bool lies_in(std::string_view piece, std::string_view text) {
  return piece.data() >= text.data() &&
         piece.data() + piece.size() <= text.data() + text.size();
}

/// The bytes of names and signatures of entries `first` to before `end` that no text has
/// unescaped.
[[nodiscard]] std::size_t unescaped_bytes(const entry_block& block, std::uint32_t first,
                                          std::uint32_t end);

} // namespace flok
