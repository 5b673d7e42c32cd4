#include "runtime/json_text.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

#include "runtime/codec_json.hpp"

namespace flok::json {

namespace {

/// What stands behind the backslash in a character's short form; 0 where it has none.
constexpr char short_form(char c) noexcept {
  switch (c) {
  case '"':
  case '\\':
    return c;
  case '\b':
    return 'b';
  case '\t':
    return 't';
  case '\n':
    return 'n';
  case '\f':
    return 'f';
  case '\r':
    return 'r';
  default:
    return 0;
  }
}

/// How many bytes each byte takes in a string.
constexpr auto written_sizes = [] {
  std::array<std::uint8_t, 256> sizes{};
  for (std::size_t c = 0; c < sizes.size(); ++c) {
    constexpr std::size_t first_printed = 0x20;
    constexpr std::string_view long_form = "\\u0000";
    const bool is_short = short_form(static_cast<char>(c)) != 0;
    sizes[c] = static_cast<std::uint8_t>(is_short            ? 2
                                         : c < first_printed ? long_form.size()
                                                             : 1);
  }
  return sizes;
}();

std::size_t written_size(char c) noexcept {
  return written_sizes[static_cast<unsigned char>(c)];
}

char* put_escaped(char* to, char c) noexcept {
  static constexpr char digits[] = "0123456789abcdef";
  *to++ = '\\';
  if (const char form = short_form(c); form != 0) {
    *to++ = form;
    return to;
  }
  const auto byte = static_cast<unsigned char>(c);
  for (const char d : {'u', '0', '0', digits[byte >> 4U], digits[byte & 0xfU]})
    *to++ = d;
  return to;
}

std::size_t offset_in(std::string_view whole, const char* at) {
  return static_cast<std::size_t>(at - whole.data());
}

std::string new_member(std::string_view key, std::string_view value) {
  std::string text = quoted(key);
  text += ':';
  text += value;
  return text;
}

/// Which of `updates` names a key; where there are many, without looking at each.
class update_index {
public:
  explicit update_index(std::span<const member> updates) : updates_{updates} {
    if (updates.size() > few)
      for (std::size_t i = 0; i < updates.size(); ++i)
        by_key_.emplace(updates[i].key, i);
  }

  [[nodiscard]] std::size_t find(std::string_view key) const { // the size where none does
    if (by_key_.empty())
      return static_cast<std::size_t>(
          std::find_if(updates_.begin(), updates_.end(),
                       [&](const member& m) { return m.key == key; }) -
          updates_.begin());
    const auto entry = by_key_.find(key);
    return entry == by_key_.end() ? updates_.size() : entry->second;
  }

private:
  static constexpr std::size_t few = 8;

  std::span<const member> updates_;
  std::unordered_map<std::string_view, std::size_t> by_key_;
};

/// Cuts out the members called `key`, each with one of the commas around it.
std::string cut_members(std::string_view object, const std::vector<member>& parts,
                        std::string_view key) {
  const std::size_t inside = object.find('{') + 1;
  std::string text{object.substr(0, inside)};
  std::size_t done = inside; // how much of `object` is dealt with
  bool first = true;
  for (const auto& m : parts) {
    const char* end = m.value.data() + m.value.size();
    if (m.key != key) {
      auto piece = object.substr(done, offset_in(object, end) - done);
      if (first && done != inside) // the comma behind what was cut
        piece.remove_prefix(piece.find(',') + 1);
      text += piece;
      first = false;
    }
    done = offset_in(object, end);
  }
  text += object.substr(done);
  return text;
}

} // namespace

char* put_string(char* to, std::string_view value) noexcept {
  *to++ = '"';
  for (const char c : value)
    if (written_size(c) == 1)
      *to++ = c;
    else
      to = put_escaped(to, c);
  *to++ = '"';
  return to;
}

void append_string(std::string& out, std::string_view value) {
  const auto begin = out.size();
  out.resize(begin + quoted_size(value));
  put_string(out.data() + begin, value);
}

std::string as_utf8(std::string_view bytes) {
  if (is_utf8(bytes))
    return std::string{bytes};
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const char c : bytes)
    if (const auto byte = static_cast<unsigned char>(c); byte < 0x80U)
      text += c;
    else
      (text += "\\x") += {digits[byte >> 4U], digits[byte & 15U]};
  return text;
}

std::string quoted(std::string_view value) {
  std::string out;
  out.reserve(value.size() + 2);
  append_string(out, value);
  return out;
}

std::size_t quoted_size(std::string_view value) noexcept {
  std::size_t size = 2;
  for (const char c : value)
    size += written_size(c);
  return size;
}

void append_pointer(std::string& out, std::optional<std::string_view> value) {
  if (value)
    append_string(out, *value);
  else
    out += "null";
}

expected<std::string> with_members(std::string_view object,
                                   std::span<const member> updates) {
  auto parts = members(object);
  if (!parts)
    return failure(parts.error());
  const update_index index{updates};
  std::vector<bool> used(updates.size());
  std::size_t done = object.find('{') + 1; // how much of `object` is dealt with
  std::string text{object.substr(0, done)};
  for (const auto& m : *parts) {
    const auto begin = offset_in(object, m.value.data());
    const auto end = begin + m.value.size();
    const auto update = index.find(m.key);
    if (update == updates.size()) {
      text += object.substr(done, end - done);
    } else if (!used[update]) { // a key that stands twice would leave two answers
      used[update] = true;
      text += object.substr(done, begin - done);
      text += updates[update].value;
    }
    done = end;
  }
  bool first = parts->empty();
  for (std::size_t i = 0; i < updates.size(); ++i) {
    if (used[i])
      continue;
    if (!std::exchange(first, false))
      text += ',';
    text += new_member(updates[i].key, updates[i].value);
  }
  text += object.substr(done);
  return text;
}

expected<std::string> with_member(std::string_view object, std::string_view key,
                                  std::string_view value) {
  const member update{std::string{key}, {}, value};
  return with_members(object, {&update, 1});
}

expected<std::string> without_member(std::string_view object, std::string_view key) {
  auto parts = members(object);
  if (!parts)
    return failure(parts.error());
  return cut_members(object, *parts, key);
}

std::string with_first_member(std::string_view object, std::string_view key,
                              std::string_view value) {
  const auto brace = object.find('{');
  const auto next = object.find_first_not_of(" \t\r\n", brace + 1);
  std::string text{object.substr(0, brace + 1)};
  text += new_member(key, value);
  if (object[next] != '}')
    text += ',';
  text += object.substr(brace + 1);
  return text;
}

expected<std::string> with_signature(std::string_view entry, std::string_view signature) {
  return with_member(entry, "_sig", quoted(signature));
}

void to_one_line(char* first, char* last) noexcept {
  std::replace_if(
      first, last, [](char c) { return c == '\n' || c == '\r'; }, ' ');
}

} // namespace flok::json
