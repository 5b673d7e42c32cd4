#include "runtime/json_text.hpp"

#include <algorithm>
#include <unordered_map>
#include <utility>
#include <vector>

#include "runtime/codec_json.hpp"

namespace flok::json {

namespace {

void append_escaped(std::string& out, char c) {
  static constexpr char digits[] = "0123456789abcdef";
  out += '\\';
  switch (c) {
  case '"':
  case '\\':
    out += c;
    return;
  case '\b':
    out += 'b';
    return;
  case '\t':
    out += 't';
    return;
  case '\n':
    out += 'n';
    return;
  case '\f':
    out += 'f';
    return;
  case '\r':
    out += 'r';
    return;
  default:
    const auto byte = static_cast<unsigned char>(c);
    out += "u00";
    out += digits[byte >> 4U];
    out += digits[byte & 0xfU];
  }
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

void append_string(std::string& out, std::string_view value) {
  out += '"';
  const char* run = value.data();
  const char* end = run + value.size();
  for (const char* p = run; p != end; ++p) {
    if (static_cast<unsigned char>(*p) >= 0x20 && *p != '"' && *p != '\\')
      continue;
    out.append(run, p);
    append_escaped(out, *p);
    run = p + 1;
  }
  out.append(run, end);
  out += '"';
}

std::string quoted(std::string_view value) {
  std::string out;
  out.reserve(value.size() + 2);
  append_string(out, value);
  return out;
}

std::size_t quoted_size(std::string_view value) noexcept {
  std::size_t size = 2;
  for (const char c : value) {
    const bool short_form = c == '"' || c == '\\' || c == '\b' || c == '\t' || c == '\n' ||
                            c == '\f' || c == '\r';
    const bool control = static_cast<unsigned char>(c) < 0x20;
    size += short_form ? 2 : control ? 6 : 1;
  }
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
