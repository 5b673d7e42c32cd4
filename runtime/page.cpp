#include "runtime/page.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <memory>
#include <span>
#include <vector>

#include "runtime/codec_json.hpp"
#include "runtime/hash.hpp"
#include "runtime/json_text.hpp"

namespace flok {

namespace {

/// Where the object begins in a hash page's text: behind the key's closing quote, a colon,
/// and white space.
std::size_t object_begin(std::string_view text) {
  std::size_t at = 1;
  while (at < text.size() && text[at] != '"')
    at += text[at] == '\\' ? 2 : 1;
  return std::min(text.find('{', at), text.size());
}

} // namespace

std::string_view to_string(page_kind kind) noexcept {
  return kind == page_kind::array ? "array" : "hash";
}

page::~page() {
  if (!whole())
    std::destroy_n(sources(), counted().sources);
}

std::size_t page::hashed_at() const noexcept {
  return whole() ? entry_index::bytes(size_, wide_)
                 : sizeof(counts) + counted().sources * sizeof(source) +
                       counted().runs * sizeof(run);
}

entry_block page::block() const noexcept {
  return {index(), texts(), unescaped_, hashed() + hashed_size()};
}

page::piece page::piece_at(std::uint32_t number) const noexcept {
  if (whole())
    return {block(), 0, size_, id_end_};
  const run& r = runs()[number];
  const auto end = number + 1 == counted().runs ? size_ : runs()[number + 1].first;
  return {sources()[r.source].block, r.at, r.at + (end - r.first), r.shift};
}

std::uint32_t page::piece_of(std::size_t entry) const noexcept {
  if (whole())
    return 0;
  const auto* behind =
      std::upper_bound(runs(), runs() + counted().runs, entry,
                       [](std::size_t e, const run& r) { return e < r.first; });
  return static_cast<std::uint32_t>(behind - runs()) - 1;
}

page::piece page::piece_from(std::size_t entry) const noexcept {
  const auto number = piece_of(entry);
  auto p = piece_at(number);
  p.first += static_cast<std::uint32_t>(entry) - (whole() ? 0 : runs()[number].first);
  return p;
}

void page::reader::seek(std::size_t entry) {
  const auto number = page_->piece_of(entry);
  run_ = page_->piece_at(number);
  first_ = page_->whole() ? 0 : page_->runs()[number].first;
}

std::string_view page::signatures(std::size_t first, std::size_t end) const noexcept {
  const auto a = piece_from(first);
  const auto b = piece_from(end - 1);
  const auto last = b.signature(b.first, hashed());
  const char* begin = a.signature(a.first, hashed()).data();
  return {begin, static_cast<std::size_t>(last.data() + last.size() - begin)};
}

std::optional<std::string_view> page::pointer(std::uint32_t begin, std::uint32_t end,
                                              std::uint8_t bit) const noexcept {
  if ((pointers_ & bit) == 0)
    return std::nullopt;
  return std::string_view{hashed() + begin, end - begin};
}

std::string_view page::id() const noexcept {
  return {hashed() + prev_end_, id_end_ - prev_end_};
}

std::optional<std::string_view> page::head() const noexcept {
  return pointer(0, head_end_, 1);
}

std::optional<std::string_view> page::next() const noexcept {
  return pointer(head_end_, next_end_, 2);
}

std::optional<std::string_view> page::prev() const noexcept {
  return pointer(next_end_, prev_end_, 4);
}

entry_view page::entry(std::size_t index) const noexcept {
  const auto p = piece_from(index);
  entry_view view;
  view.name = p.block.name(p.first);
  view.signature = p.signature(p.first, hashed());
  view.text = p.block.text(p.first);
  if (kind_ == page_kind::hash)
    view.text.remove_prefix(object_begin(view.text));
  return view;
}

std::optional<std::size_t> page::find(std::string_view name) const noexcept {
  std::size_t before = 0;
  for (std::uint32_t number = 0; number < piece_count(); ++number) {
    const auto p = piece_at(number);
    for (auto i = p.first; i < p.end; ++i)
      if (p.block.name(i) == name)
        return before + (i - p.first);
    before += p.count();
  }
  return std::nullopt;
}

std::optional<std::string> page::member(std::size_t index, std::string_view key) const {
  const auto parts = json::members(entry(index).text);
  if (!parts)
    return std::nullopt;
  for (const auto& m : *parts)
    if (m.key == key)
      return std::string{m.value};
  return std::nullopt;
}

bool page::unmodified(const page& other) const {
  if (this == &other)
    return true;
  const bool same_shape = hash_ == other.hash_ && kind_ == other.kind_ &&
                          pointers_ == other.pointers_ && size_ == other.size_ &&
                          head_end_ == other.head_end_ && next_end_ == other.next_end_ &&
                          prev_end_ == other.prev_end_ && id_end_ == other.id_end_;
  if (!same_shape)
    return false;
  if (kind_ == page_kind::hash)
    return std::memcmp(hashed(), other.hashed(), id_end_) == 0 && same_entries(other);
  if (hashed_size() != other.hashed_size() ||
      std::memcmp(hashed(), other.hashed(), hashed_size()) != 0)
    return false;
  const auto front = shared_front(other);
  const auto end = size_ - shared_back(other, front);
  reader mine{*this};
  reader theirs{other};
  for (std::size_t i = front; i < end; ++i)
    if (mine.signature(i).size() != theirs.signature(i).size() ||
        mine.name(i) != theirs.name(i))
      return false;
  return true;
}

bool page::same_entries(const page& other) const {
  // The order of a hash page's entries says nothing; mostly it is the same all the same.
  std::vector<std::pair<std::string_view, std::string_view>> mine, theirs;
  reader a{*this};
  reader b{other};
  for (std::size_t i = 0; i < size_; ++i) {
    if (mine.empty() && a.name(i) == b.name(i) && a.signature(i) == b.signature(i))
      continue;
    mine.emplace_back(a.name(i), a.signature(i));
    theirs.emplace_back(b.name(i), b.signature(i));
  }
  std::sort(mine.begin(), mine.end());
  std::sort(theirs.begin(), theirs.end());
  return mine == theirs;
}

std::size_t page::shared_front(const page& other) const noexcept {
  const auto most = std::min(size_, other.size_);
  std::uint32_t front = 0;
  piece mine;
  piece theirs;
  for (std::uint32_t i = 0, j = 0; front < most;) {
    if (mine.count() == 0)
      mine = piece_at(i++);
    if (theirs.count() == 0)
      theirs = other.piece_at(j++);
    if (!(mine.block.index == theirs.block.index) || mine.first != theirs.first)
      break;
    const auto both = std::min(mine.count(), theirs.count());
    mine.first += both;
    theirs.first += both;
    front += both;
  }
  return front;
}

std::size_t page::shared_back(const page& other, std::size_t front) const noexcept {
  const auto most = std::min(size_, other.size_) - static_cast<std::uint32_t>(front);
  std::uint32_t back = 0;
  piece mine;
  piece theirs;
  for (auto i = piece_count(), j = other.piece_count(); back < most;) {
    if (mine.count() == 0)
      mine = piece_at(--i);
    if (theirs.count() == 0)
      theirs = other.piece_at(--j);
    if (!(mine.block.index == theirs.block.index) || mine.end != theirs.end)
      break;
    const auto both = std::min({mine.count(), theirs.count(), most - back});
    mine.end -= both;
    theirs.end -= both;
    back += both;
  }
  return back;
}

std::size_t page::used_bytes() const noexcept {
  return size_ == 0 ? 0 : texts() - (size_ - 1);
}

std::size_t page::kept_alive_bytes() const noexcept {
  if (whole())
    return used_bytes() + unescaped_;
  std::size_t bytes = 0;
  for (std::uint32_t i = 0; i < counted().sources; ++i)
    bytes += sources()[i].block.kept_bytes();
  return bytes;
}

std::size_t page::memory_bytes() const noexcept {
  constexpr std::size_t control_block = 24; // counts, and what `tail_memory` keeps
  const auto own = control_block + sizeof(page) + hashed_at() + hashed_size();
  if (whole())
    return own + texts() + unescaped_;
  std::size_t bytes = own + kept_alive_bytes();
  for (std::uint32_t i = 0; i < counted().sources; ++i) {
    const auto& block = sources()[i].block;
    const auto index = entry_index::bytes(block.index.count(), block.index.wide());
    // A block that was a page keeps what that had between index and texts, and itself.
    const auto between =
        static_cast<std::size_t>(block.bytes - block.index.numbers()) - index;
    bytes += control_block + index + between + (between != 0 ? sizeof(page) : 0);
  }
  return bytes;
}

/// Tells the page's JSON up to its entries: texts as they are, and strings that are to be
/// quoted.
template <class Text, class String>
void page::tell_head(Text text, String string) const {
  const auto tell_pointer = [&](std::optional<std::string_view> id) {
    id ? string(*id) : text("null");
  };
  std::array<char, 10> digits{};
  const auto hash = std::to_chars(digits.data(), digits.data() + digits.size(), hash_);
  text(R"({"_id":)");
  string(id());
  text(R"(,"_type":")");
  text(to_string(kind_));
  text(R"(","_head":)");
  tell_pointer(head());
  text(R"(,"_next":)");
  tell_pointer(next());
  text(R"(,"_prev":)");
  tell_pointer(prev());
  text(R"(,"_hash":")");
  text({digits.data(), static_cast<std::size_t>(hash.ptr - digits.data())});
  text(R"(","entries":)");
  text(kind_ == page_kind::array ? "[" : "{");
}

std::size_t page::head_bytes() const noexcept {
  std::size_t bytes = 0;
  tell_head([&](std::string_view text) { bytes += text.size(); },
            [&](std::string_view string) { bytes += json::quoted_size(string); });
  return bytes;
}

char* page::put_head(char* to) const noexcept {
  tell_head([&](std::string_view text) { to = std::copy(text.begin(), text.end(), to); },
            [&](std::string_view string) { to = json::put_string(to, string); });
  return to;
}

std::string_view page::json_end() const noexcept {
  return kind_ == page_kind::array ? "]}" : "}}";
}

std::size_t page::json_bytes_bound() const noexcept {
  return head_bytes() + texts() + json_end().size();
}

std::string page::json() const {
  std::string out;
  out.reserve(json_bytes_bound());
  append_json(out);
  return out;
}

void page::append_json(std::string& out) const {
  const auto begin = out.size();
  out.resize(begin + head_bytes());
  put_head(out.data() + begin);
  for (std::uint32_t i = 0; i < piece_count(); ++i) {
    const auto p = piece_at(i);
    if (i != 0)
      out += ',';
    out += p.block.texts(p.first, p.end);
  }
  out += json_end();
}

std::uint32_t page::rehash() const noexcept {
  if (kind_ == page_kind::array)
    return crc32(0, {hashed(), hashed_size()});
  std::uint64_t sum = 0;
  for (std::uint32_t i = 0; i < piece_count(); ++i) {
    const auto p = piece_at(i);
    const auto begin = p.block.index.signature_begin(p.first);
    const auto* signatures = hashed() + (begin + p.shift); // modulo 2^32, as `shift` is
    const auto* ends = p.block.index.numbers(entry_index::signature_end);
    const auto add = [&](auto number) {
      sum += crc32_sum(
          signatures, begin,
          std::span{reinterpret_cast<const decltype(number)*>(ends) + p.first, p.count()});
    };
    p.block.index.wide() ? add(std::uint32_t{}) : add(std::uint16_t{});
  }
  return crc32(crc32(0, {hashed(), id_end_}), std::to_string(sum));
}

} // namespace flok
