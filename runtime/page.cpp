#include "runtime/page.hpp"

#include <algorithm>
#include <cstring>

#include "runtime/codec_json.hpp"
#include "runtime/hash.hpp"
#include "runtime/json_text.hpp"

namespace flok {

std::string_view to_string(page_kind kind) noexcept {
  return kind == page_kind::array ? "array" : "hash";
}

const page::slot* page::slots() const noexcept {
  return reinterpret_cast<const slot*>(table_.get());
}

const char* page::hashed() const noexcept { return table_.get() + size_ * sizeof(slot); }

std::uint32_t page::signature_begin(std::size_t index) const noexcept {
  return index == 0 ? id_end_ : slots()[index - 1].signature_end;
}

std::string_view page::raw_text(std::size_t index) const noexcept {
  const slot& s = slots()[index];
  return {s.text, s.size};
}

std::string_view page::name_of(std::size_t index) const noexcept {
  const slot& s = slots()[index];
  return {s.text + s.name, s.name_size};
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
  const slot& s = slots()[index];
  const auto begin = signature_begin(index);
  entry_view view;
  view.name = name_of(index);
  view.signature = {hashed() + begin, s.signature_end - begin};
  view.text = raw_text(index);
  if (kind_ == page_kind::hash) { // behind the key: its closing quote, a colon, white space
    std::size_t at = 1;
    while (view.text[at] != '"')
      at += view.text[at] == '\\' ? 2 : 1;
    view.text.remove_prefix(view.text.find('{', at));
  }
  return view;
}

std::optional<std::size_t> page::find(std::string_view name) const noexcept {
  for (std::size_t i = 0; i < size_; ++i)
    if (name_of(i) == name)
      return i;
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
  if (kind_ == page_kind::array) {
    if (hashed_size_ != other.hashed_size_ ||
        std::memcmp(hashed(), other.hashed(), hashed_size_) != 0)
      return false;
    for (std::size_t i = 0; i < size_; ++i)
      if (slots()[i].signature_end != other.slots()[i].signature_end ||
          name_of(i) != other.name_of(i))
        return false;
    return true;
  }
  return std::memcmp(hashed(), other.hashed(), id_end_) == 0 && same_entries(other);
}

bool page::same_entries(const page& other) const {
  // The order of a hash page's entries says nothing; mostly it is the same all the same.
  std::vector<std::pair<std::string_view, std::string_view>> mine, theirs;
  for (std::size_t i = 0; i < size_; ++i) {
    const auto a = entry(i);
    const auto b = other.entry(i);
    if (mine.empty() && a.name == b.name && a.signature == b.signature)
      continue;
    mine.emplace_back(a.name, a.signature);
    theirs.emplace_back(b.name, b.signature);
  }
  std::sort(mine.begin(), mine.end());
  std::sort(theirs.begin(), theirs.end());
  return mine == theirs;
}

std::size_t page::shared_front(const page& other) const noexcept {
  const auto most = std::min(size_, other.size_);
  std::size_t front = 0;
  while (front < most && slots()[front].text == other.slots()[front].text)
    ++front;
  return front;
}

std::size_t page::shared_back(const page& other, std::size_t front) const noexcept {
  const slot* mine = slots() + size_;
  const slot* theirs = other.slots() + other.size_;
  const auto most = std::min(size_, other.size_) - front;
  std::size_t back = 0;
  while (back < most && (--mine)->text == (--theirs)->text)
    ++back;
  return back;
}

std::size_t page::kept_alive_bytes() const noexcept {
  std::size_t bytes = 0;
  for (const auto& s : sources_)
    bytes += s.size;
  return bytes;
}

std::size_t page::memory_bytes() const noexcept {
  constexpr std::size_t control_block = 16;
  return control_block + sizeof(page) + size_ * sizeof(slot) + hashed_size_ +
         sources_.capacity() * sizeof(source) + kept_alive_bytes() +
         sources_.size() * control_block;
}

std::size_t page::json_bytes_bound() const noexcept {
  constexpr std::size_t fixed_fields = 96; // names, braces, the type, the hash
  constexpr std::string_view none = "null";
  std::size_t bytes = fixed_fields + used_ + size_ + json::quoted_size(id());
  for (const auto& pointer : {head(), next(), prev()})
    bytes += pointer ? json::quoted_size(*pointer) : none.size();
  return bytes;
}

std::string page::json() const {
  std::string out;
  out.reserve(json_bytes_bound());
  append_json(out);
  return out;
}

void page::append_json(std::string& out) const {
  out += R"({"_id":)";
  json::append_string(out, id());
  out += R"(,"_type":")";
  out += to_string(kind_);
  out += R"(","_head":)";
  json::append_pointer(out, head());
  out += R"(,"_next":)";
  json::append_pointer(out, next());
  out += R"(,"_prev":)";
  json::append_pointer(out, prev());
  out += R"(,"_hash":")";
  out += hash_text();
  out += R"(","entries":)";
  out += kind_ == page_kind::array ? '[' : '{';
  for (std::size_t i = 0; i < size_; ++i) {
    if (i != 0)
      out += ',';
    out += raw_text(i);
  }
  out += kind_ == page_kind::array ? "]}" : "}}";
}

std::uint32_t page::rehash() const noexcept {
  if (kind_ == page_kind::array)
    return crc32(0, {hashed(), hashed_size_});
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < size_; ++i) {
    const auto begin = signature_begin(i);
    sum += crc32(0, {hashed() + begin, slots()[i].signature_end - begin});
  }
  return crc32(crc32(0, {hashed(), id_end_}), std::to_string(sum));
}

} // namespace flok
