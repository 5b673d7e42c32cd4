#include <array>
#include <cstring>
#include <utility>

#include "runtime/codec.hpp"
#include "runtime/entry_block.hpp"
#include "runtime/hash.hpp"
#include "runtime/tail_memory.hpp"

namespace flok {

namespace {

constexpr std::string_view magic = "FLOK";
constexpr std::size_t header_bytes = 16;
constexpr std::size_t format_at = 4;
constexpr std::size_t flags_at = 5;
constexpr std::size_t checksum_at = 8;
constexpr unsigned char pending_flag = 1;

/// Of the last byte of a record; its three lowest bits say which pointers there are.
constexpr unsigned char pointers_mask = 7;
constexpr unsigned char hash_page_flag = 8;
constexpr unsigned char wide_flag = 16;

std::array<char, 8> little_endian(std::uint64_t n) {
  std::array<char, 8> bytes{};
  for (auto& b : bytes) {
    b = static_cast<char>(n & 0xffU);
    n >>= 8U;
  }
  return bytes;
}

char* put(char* to, std::string_view bytes) {
  std::memcpy(to, bytes.data(), bytes.size());
  return to + bytes.size();
}

/// Where a record ends: how much of it is what. `numbers` have the size of the index's.
struct footer {
  enum number { entries, texts, unescaped, head_end, next_end, prev_end, id_end, count };
  std::array<std::uint32_t, count> numbers{};
  std::uint32_t hash = 0;
  unsigned char flags = 0;

  [[nodiscard]] bool wide() const { return (flags & wide_flag) != 0; }
  [[nodiscard]] page_kind kind() const {
    return (flags & hash_page_flag) != 0 ? page_kind::hash : page_kind::array;
  }
  [[nodiscard]] static std::size_t bytes(bool wide) {
    return count * entry_index::number_bytes(wide) + sizeof hash + sizeof flags;
  }
  [[nodiscard]] std::size_t bytes() const { return bytes(wide()); }
  [[nodiscard]] std::size_t index_bytes() const {
    return entry_index::bytes(numbers[entries], wide());
  }

  char* write(char* to) const {
    for (const auto n : numbers)
      to = put(to, {reinterpret_cast<const char*>(&n), entry_index::number_bytes(wide())});
    to = put(to, {reinterpret_cast<const char*>(&hash), sizeof hash});
    *to = static_cast<char>(flags);
    return to + sizeof flags;
  }

  /// Reads it from the end of a body; false where that is too short.
  bool read(std::string_view body) {
    if (body.empty())
      return false;
    flags = static_cast<unsigned char>(body.back());
    if (body.size() < bytes())
      return false;
    const char* at = body.data() + (body.size() - bytes());
    for (auto& n : numbers) { // little-endian, as the static_assert of the index says
      std::memcpy(&n, at, entry_index::number_bytes(wide()));
      at += entry_index::number_bytes(wide());
    }
    std::memcpy(&hash, at, sizeof hash);
    return true;
  }
};

/// The parts of a body, in their order.
struct body_parts {
  std::string_view json;
  std::string_view texts; ///< in `json`
  std::string_view ids;   ///< head, next, prev, and id
  std::string_view unescaped;
  std::string_view index;
};

/// Cuts a body into its parts; false where they do not fit into it, or into each other.
bool cut(std::string_view body, const footer& f, body_parts& parts) {
  const auto& n = f.numbers;
  const auto json_end = f.kind() == page_kind::array ? std::string_view{"]}"} : "}}";
  const std::size_t behind =
      std::size_t{n[footer::id_end]} + n[footer::unescaped] + f.index_bytes() + f.bytes();
  if (behind > body.size())
    return false;
  const auto json = parts.json = body.substr(0, body.size() - behind);
  if (json.size() < n[footer::texts] + json_end.size() || !json.ends_with(json_end))
    return false;
  parts.texts =
      json.substr(json.size() - json_end.size() - n[footer::texts], n[footer::texts]);
  auto rest = body.substr(json.size());
  const auto take = [&](std::size_t size) {
    const auto part = rest.substr(0, size);
    rest.remove_prefix(size);
    return part;
  };
  parts.ids = take(n[footer::id_end]);
  parts.unescaped = take(n[footer::unescaped]);
  parts.index = take(f.index_bytes());
  return true;
}

/// Whether the ids lie behind each other, and there are those that the flags say.
bool ids_hold(const footer& f) {
  const auto& n = f.numbers;
  const std::array<std::uint32_t, 5> ends = {0, n[footer::head_end], n[footer::next_end],
                                             n[footer::prev_end], n[footer::id_end]};
  for (std::size_t i = 0; i + 1 < ends.size(); ++i) {
    const bool expected = i == 3 || (f.flags >> i & 1U) != 0;
    if (ends[i + 1] < ends[i] || (ends[i + 1] != ends[i]) != expected)
      return false;
  }
  return true;
}

/// Whether an index leads to entries that lie one behind the other in the texts, with a
/// comma between two of them, each with its name and signature in it or behind the texts.
bool index_holds(const entry_index& index, const body_parts& parts, page_kind kind) {
  const char first = kind == page_kind::array ? '{' : '"';
  const std::uint64_t texts = parts.texts.size();
  const auto lies = [&](std::uint64_t at, std::uint64_t size, std::uint64_t begin,
                        std::uint64_t end) {
    return at >= texts ? at + size <= texts + parts.unescaped.size()
                       : at >= begin && at + size <= end;
  };
  std::uint32_t end = 0;
  std::uint32_t signature = 0;
  for (std::uint32_t i = 0; i < index.count(); ++i) {
    const auto begin = index.text_begin(i);
    const auto signature_end = index.get(entry_index::signature_end, i);
    end = index.get(entry_index::text_end, i);
    if (end <= begin || end > texts || signature_end < signature ||
        parts.texts[begin] != first || parts.texts[end - 1] != '}' ||
        (end != texts && parts.texts[end] != ',') ||
        !lies(index.get(entry_index::name, i), index.get(entry_index::name_size, i), begin,
              end) ||
        !lies(index.get(entry_index::signature, i), signature_end - signature, begin, end))
      return false;
    signature = signature_end;
  }
  return end == texts;
}

/// Copies the signatures of a block, one behind the other.
void gather_signatures(const entry_block& block, char* to) {
  constexpr std::size_t usual = 16; // of those that flok makes
  for (std::uint32_t i = 0; i < block.index.count(); ++i) {
    const auto signature = block.signature(i);
    if (signature.size() == usual)
      std::memcpy(to, signature.data(), usual);
    else
      std::memcpy(to, signature.data(), signature.size());
    to += signature.size();
  }
}

} // namespace

/// How records look into pages.
class page_record {
public:
  static std::size_t body_bytes(const page& p) noexcept {
    return p.json_bytes_bound() + p.id_end_ + p.unescaped_ +
           p.size_as_block().index_bytes() + footer::bytes(p.wide_);
  }

  /// Gives its end.
  static char* write_body(const page& p, char* to) noexcept {
    char* texts = p.put_head(to);
    char* ids = put(texts + p.texts(), p.json_end());
    char* unescaped = put(ids, {p.hashed(), p.id_end_});
    char* index = unescaped + p.unescaped_;
    write_entries(p, texts, unescaped, index);
    footer f;
    f.numbers = {p.size_,     p.texts(),   p.unescaped_, p.head_end_,
                 p.next_end_, p.prev_end_, p.id_end_};
    f.hash = p.hash_;
    f.flags = static_cast<unsigned char>(
        p.pointers_ | (p.kind_ == page_kind::hash ? hash_page_flag : 0U) |
        (p.wide_ ? wide_flag : 0U));
    return f.write(index + p.size_as_block().index_bytes());
  }

  /// The page; null where the body is none.
  static page_ptr read_body(std::string_view body) {
    footer f;
    body_parts parts;
    if (!f.read(body) || !cut(body, f, parts) || !ids_hold(f))
      return nullptr;
    const entry_index index{parts.index.data(), f.numbers[footer::entries], f.wide()};
    if (!index_holds(index, parts, f.kind()))
      return nullptr;
    const std::size_t signatures = index.signature_begin(index.count());
    const block_size size{index.count(), parts.texts.size(), parts.unescaped.size(),
                          parts.ids.size() + signatures};
    if (size.wide() != f.wide() || size.hashed > UINT32_MAX ||
        size.texts + size.unescaped > UINT32_MAX)
      return nullptr;
    auto page = make_page(f, parts, size);
    return page->json_bytes_bound() == parts.json.size() ? page : nullptr;
  }

private:
  static void write_entries(const page& p, char* texts, char* unescaped,
                            char* index) noexcept {
    if (!p.whole()) {
      block_writer block{p.size_as_block(), index, texts, unescaped};
      for (std::uint32_t i = 0; i < p.counted().runs; ++i) {
        const auto kept = p.piece_at(i);
        block.copy(kept.block, kept.first, kept.end);
      }
      return;
    }
    const auto block = p.block();
    put(texts, {block.bytes, block.text_bytes});
    put(unescaped, {block.bytes + block.text_bytes, block.unescaped});
    put(index, {block.index.numbers(), p.size_as_block().index_bytes()});
  }

  static page_ptr make_page(const footer& f, const body_parts& parts,
                            const block_size& size) {
    const auto p = make_with_tail<page>(
        parts.index.size() + size.hashed + size.texts + size.unescaped, page::key{});
    p->kind_ = f.kind();
    p->pointers_ = f.flags & pointers_mask;
    p->wide_ = f.wide();
    p->hash_ = f.hash;
    p->size_ = f.numbers[footer::entries];
    p->unescaped_ = f.numbers[footer::unescaped];
    p->head_end_ = f.numbers[footer::head_end];
    p->next_end_ = f.numbers[footer::next_end];
    p->prev_end_ = f.numbers[footer::prev_end];
    p->id_end_ = f.numbers[footer::id_end];
    char* signatures = put(put(p->tail(), parts.index), parts.ids);
    char* texts = p->tail() + parts.index.size() + size.hashed;
    put(put(texts, parts.texts), parts.unescaped);
    gather_signatures(p->block(), signatures);
    return p;
  }
};

std::size_t record_bytes(const page& p) noexcept {
  return header_bytes + page_record::body_bytes(p);
}

void write_record(char* to, const page& p, bool pending) noexcept {
  char* body = to + header_bytes;
  const auto body_bytes = static_cast<std::size_t>(page_record::write_body(p, body) - body);
  std::memset(put(to, magic), 0, checksum_at - magic.size());
  to[format_at] = static_cast<char>(record_format);
  to[flags_at] = static_cast<char>(pending ? pending_flag : 0U);
  const auto sum = little_endian(xxh3({body, body_bytes}));
  std::memcpy(to + checksum_at, sum.data(), sum.size());
}

void append_record(std::string& out, const page& p, bool pending) {
  const std::size_t begin = out.size();
  out.resize(begin + record_bytes(p));
  write_record(out.data() + begin, p, pending);
}

expected<stored_page> decode_record(std::string_view record, std::string_view id) {
  if (record.size() < header_bytes || !record.starts_with(magic))
    return failure(errc::storage_failure, "a record without flok's header");
  const auto format = static_cast<unsigned char>(record[format_at]);
  if (format > record_format)
    return failure(errc::storage_failure, "a record of a newer format");
  if (format != record_format)
    return failure(errc::storage_failure, "a record of an older format");
  const auto body = record.substr(header_bytes);
  const auto sum = little_endian(xxh3(body));
  if (std::memcmp(record.data() + checksum_at, sum.data(), sum.size()) != 0)
    return failure(errc::storage_failure, "a record whose checksum does not hold");
  auto page = page_record::read_body(body);
  if (!page)
    return failure(errc::storage_failure, "a record whose index does not hold");
  if (page->id() != id)
    return failure(errc::storage_failure,
                   "a record of another page: " + std::string{page->id()});
  return stored_page{std::move(page),
                     (static_cast<unsigned char>(record[flags_at]) & pending_flag) != 0};
}

} // namespace flok
