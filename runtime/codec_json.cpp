#include "runtime/codec_json.hpp"

#include <algorithm>

#include "runtime/codec_walk.hpp"

namespace flok::json {

using namespace detail;

namespace {

tl::unexpected<error> malformed(simdjson::error_code code) {
  return tl::unexpected<error>(to_error(code, errc::bad_request));
}

/// Nothing but white space may stand behind the value.
simdjson::error_code check_end(ondemand::document& doc) {
  const bool at_end = doc.current_location().error() == simdjson::OUT_OF_BOUNDS;
  return at_end ? simdjson::SUCCESS : simdjson::TRAILING_CONTENT;
}

simdjson::error_code collect(scratch_lease& lease, ondemand::document& doc,
                             std::size_t depth, std::vector<member>& out) {
  ondemand::object object;
  if (auto e = doc.get_object().get(object))
    return e;
  for (auto field : object) {
    if (field.error())
      return field.error();
    member m;
    const char* first = field.key().value_unsafe().raw() - 1;
    std::string_view key;
    if (auto e = field.unescaped_key().get(key))
      return e;
    m.key = key;
    ondemand::value value;
    if (auto e = field.value().get(value))
      return e;
    const char* begin = nullptr;
    const char* end = nullptr;
    if (auto e = check_extent(doc, value, depth - 1, begin, end))
      return e;
    m.value = lease.original(begin, end);
    // Behind the key stand only white space and its colon.
    const char* colon = trim_back(first, begin) - 1;
    m.key_text = lease.original(first, trim_back(first, colon));
    out.push_back(std::move(m));
  }
  return check_end(doc);
}

simdjson::error_code collect(scratch_lease& lease, ondemand::document& doc,
                             std::size_t depth, std::vector<std::string_view>& out) {
  ondemand::array array;
  if (auto e = doc.get_array().get(array))
    return e;
  for (auto element : array) {
    ondemand::value value;
    if (auto e = element.get(value))
      return e;
    const char* begin = nullptr;
    const char* end = nullptr;
    if (auto e = check_extent(doc, value, depth - 1, begin, end))
      return e;
    out.push_back(lease.original(begin, end));
  }
  return check_end(doc);
}

template <class Parts>
expected<Parts> take_apart(std::string_view text, std::size_t depth) {
  scratch_lease lease;
  ondemand::document doc;
  if (auto e = lease.start(text, doc))
    return malformed(e);
  Parts parts;
  if (auto e = collect(lease, doc, depth, parts))
    return malformed(e);
  return parts;
}

/// One step of an RFC 6901 pointer, with `~1` and `~0` undone.
std::string unescape_step(std::string_view step) {
  std::string out;
  for (std::size_t i = 0; i < step.size(); ++i) {
    const bool escaped = step[i] == '~' && i + 1 < step.size();
    if (escaped && (step[i + 1] == '0' || step[i + 1] == '1'))
      out += step[++i] == '0' ? '~' : '/';
    else
      out += step[i];
  }
  return out;
}

expected<std::string_view> descend(std::string_view text, const std::string& step) {
  if (kind_of(text) == kind::object) {
    auto parts = members(text);
    if (!parts)
      return failure(parts.error());
    for (const auto& m : *parts)
      if (m.key == step)
        return m.value;
  } else if (kind_of(text) == kind::array) {
    auto parts = elements(text);
    if (!parts)
      return failure(parts.error());
    const bool number = !step.empty() && step.size() < 10 &&
                        (step.size() == 1 || step.front() != '0') &&
                        step.find_first_not_of("0123456789") == std::string::npos;
    if (number && std::stoul(step) < parts->size())
      return (*parts)[std::stoul(step)];
  }
  return failure(errc::bad_request, "nothing at \"" + step + "\"");
}

} // namespace

kind kind_of(std::string_view value) noexcept {
  const auto at = value.find_first_not_of(" \t\r\n");
  switch (at == std::string_view::npos ? '\0' : value[at]) {
  case '{':
    return kind::object;
  case '[':
    return kind::array;
  case '"':
    return kind::string;
  case 't':
  case 'f':
    return kind::boolean;
  case 'n':
    return kind::null;
  default:
    return kind::number;
  }
}

bool is_utf8(std::string_view bytes) noexcept {
  return simdjson::validate_utf8(bytes.data(), bytes.size());
}

bool deeper_than(std::string_view text, std::size_t depth) noexcept {
  const auto opens = [](char c) { return c == '{' || c == '['; };
  // Most texts have too few brackets to nest that deep, and counting them is quick.
  if (static_cast<std::size_t>(std::count_if(text.begin(), text.end(), opens)) <= depth)
    return false;
  std::size_t level = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') {
      for (++i; i < text.size() && text[i] != '"'; ++i)
        i += text[i] == '\\' ? 1 : 0;
    } else if (opens(text[i])) {
      if (++level > depth)
        return true;
    } else if (text[i] == '}' || text[i] == ']') {
      --level;
    }
  }
  return false;
}

expected<std::vector<member>> members(std::string_view text, std::size_t depth) {
  return take_apart<std::vector<member>>(text, depth);
}

expected<std::vector<std::string_view>> elements(std::string_view text, std::size_t depth) {
  return take_apart<std::vector<std::string_view>>(text, depth);
}

expected<std::string> string_value(std::string_view text) {
  scratch_lease lease;
  ondemand::document doc;
  if (auto e = lease.start(text, doc))
    return malformed(e);
  std::string_view value;
  if (auto e = doc.get_string().get(value))
    return malformed(e);
  if (auto e = check_end(doc))
    return malformed(e);
  if (!is_utf8(value))
    return malformed(simdjson::STRING_ERROR);
  return std::string{value};
}

expected<std::string_view> at_pointer(std::string_view text, std::string_view pointer) {
  if (!pointer.empty() && pointer.front() != '/')
    return failure(errc::bad_request, "a JSON pointer starts with \"/\"");
  while (!pointer.empty()) {
    pointer.remove_prefix(1);
    const auto end = pointer.find('/');
    auto next = descend(text, unescape_step(pointer.substr(0, end)));
    if (!next)
      return next;
    text = *next;
    pointer = end == std::string_view::npos ? std::string_view{} : pointer.substr(end);
  }
  return text;
}

} // namespace flok::json
