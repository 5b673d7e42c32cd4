#include "runtime/json_text.hpp"

#include <algorithm>

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

/// Appends a member behind the last one. `parts` are the object's members.
std::string appended(std::string_view object, const std::vector<member>& parts,
                     std::string_view key, std::string_view value) {
  if (parts.empty())
    return with_first_member(object, key, value);
  const auto& last = parts.back().value;
  const auto at = offset_in(object, last.data() + last.size());
  std::string text{object.substr(0, at)};
  text += ',' + new_member(key, value);
  text += object.substr(at);
  return text;
}

/// Cuts out the members called `key` from number `from` on, each with one of the commas
/// around it.
std::string cut_members(std::string_view object, const std::vector<member>& parts,
                        std::string_view key, std::size_t from) {
  const std::size_t inside = object.find('{') + 1;
  std::string text{object.substr(0, inside)};
  std::size_t done = inside; // how much of `object` is dealt with
  bool first = true;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const char* end = parts[i].value.data() + parts[i].value.size();
    if (i < from || parts[i].key != key) {
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

expected<std::string> with_member(std::string_view object, std::string_view key,
                                  std::string_view value) {
  auto parts = members(object);
  if (!parts)
    return failure(parts.error());
  const auto at = std::find_if(parts->begin(), parts->end(),
                               [&](const member& m) { return m.key == key; });
  if (at == parts->end())
    return appended(object, *parts, key, value);
  const auto index = static_cast<std::size_t>(at - parts->begin());
  const auto begin = offset_in(object, at->value.data());
  // A key that stands twice would leave two answers: what is set stands once.
  std::string text = cut_members(object, *parts, key, index + 1);
  text.replace(begin, at->value.size(), value);
  return text;
}

expected<std::string> without_member(std::string_view object, std::string_view key) {
  auto parts = members(object);
  if (!parts)
    return failure(parts.error());
  return cut_members(object, *parts, key, 0);
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
