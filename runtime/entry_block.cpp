#include "runtime/entry_block.hpp"

namespace flok {

namespace {

using column = entry_index::column;

std::uint32_t small(std::size_t size) { return static_cast<std::uint32_t>(size); }

template <class Number>
Number load(const char* at) {
  Number n;
  std::memcpy(&n, at, sizeof n);
  return n;
}

template <class Number>
void store(char* at, std::uint32_t number) {
  const auto n = static_cast<Number>(number);
  std::memcpy(at, &n, sizeof n);
}

/// Adds `shift` to each number. With two bytes a number the compiler does eight at once.
template <class To, class From>
void shift_numbers(char* to, const char* from, std::size_t count, std::uint32_t shift) {
  for (std::size_t i = 0; i < count; ++i)
    store<To>(to + i * sizeof(To), load<From>(from + i * sizeof(From)) + shift);
}

} // namespace

block_writer::block_writer(const block_size& size, char* index, char* texts,
                           char* unescaped)
    : index_{index}, texts_{texts}, unescaped_{unescaped}, count_{small(size.entries)},
      unescaped_begin_{small(size.texts)}, wide_{size.wide()} {}

void block_writer::set(column c, std::uint32_t number) {
  const auto at = std::size_t{c} * count_ + entry_;
  if (wide_)
    store<std::uint32_t>(index_ + at * sizeof(std::uint32_t), number);
  else
    store<std::uint16_t>(index_ + at * sizeof(std::uint16_t), number);
}

/// Appends texts, behind a comma where they are not the first.
void block_writer::put_texts(std::string_view texts) {
  if (entry_ != 0)
    texts_[text_at_++] = ',';
  std::memcpy(texts_ + text_at_, texts.data(), texts.size());
  text_at_ += small(texts.size());
}

std::uint32_t block_writer::put_unescaped(std::string_view bytes) {
  const auto at = unescaped_at_;
  if (!bytes.empty())
    std::memcpy(unescaped_ + at, bytes.data(), bytes.size());
  unescaped_at_ += small(bytes.size());
  return unescaped_begin_ + at;
}

void block_writer::add(std::string_view name, std::string_view signature,
                       std::string_view text) {
  put_texts(text);
  const auto begin = text_at_ - text.size();
  const auto place = [&](std::string_view piece) {
    return lies_in(piece, text) ? small(begin + std::size_t(piece.data() - text.data()))
                                : put_unescaped(piece);
  };
  signature_at_ += small(signature.size());
  set(entry_index::text_end, text_at_);
  set(entry_index::name, place(name));
  set(entry_index::name_size, small(name.size()));
  set(entry_index::signature, place(signature));
  set(entry_index::signature_end, signature_at_);
  ++entry_;
}

void block_writer::copy(const entry_block& from, std::uint32_t first, std::uint32_t end) {
  if (wide_)
    from.index.wide() ? copy_index<std::uint32_t, std::uint32_t>(from, first, end)
                      : copy_index<std::uint32_t, std::uint16_t>(from, first, end);
  else
    from.index.wide() ? copy_index<std::uint16_t, std::uint32_t>(from, first, end)
                      : copy_index<std::uint16_t, std::uint16_t>(from, first, end);
}

template <class To, class From>
void block_writer::copy_index(const entry_block& from, std::uint32_t first,
                              std::uint32_t end) {
  const auto& index = from.index;
  const auto texts = from.texts(first, end);
  put_texts(texts);
  const auto shift = text_at_ - small(texts.size()) - index.text_begin(first);
  const auto signature_shift = signature_at_ - index.signature_begin(first);
  const auto shift_column = [&](column c, std::uint32_t by) {
    shift_numbers<To, From>(index_ + (std::size_t{c} * count_ + entry_) * sizeof(To),
                            index.numbers(c) + first * sizeof(From), end - first, by);
  };
  shift_column(entry_index::text_end, shift);
  shift_column(entry_index::name, shift);
  shift_column(entry_index::name_size, 0);
  shift_column(entry_index::signature, shift);
  shift_column(entry_index::signature_end, signature_shift);
  if (from.unescaped == 0) {
    entry_ += end - first;
  } else { // what lies behind the texts lies there again
    for (auto i = first; i < end; ++i, ++entry_) {
      if (from.apart(index.get(entry_index::name, i)))
        set(entry_index::name, put_unescaped(from.name(i)));
      if (from.apart(index.get(entry_index::signature, i)))
        set(entry_index::signature, put_unescaped(from.signature(i)));
    }
  }
  signature_at_ = index.get(entry_index::signature_end, end - 1) + signature_shift;
}

std::size_t unescaped_bytes(const entry_block& block, std::uint32_t first,
                            std::uint32_t end) {
  if (block.unescaped == 0)
    return 0;
  std::size_t bytes = 0;
  for (auto i = first; i < end; ++i) {
    if (block.apart(block.index.get(entry_index::name, i)))
      bytes += block.name(i).size();
    if (block.apart(block.index.get(entry_index::signature, i)))
      bytes += block.signature(i).size();
  }
  return bytes;
}

} // namespace flok
