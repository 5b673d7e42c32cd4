#include "runtime/entry_text.hpp"

#include "runtime/json_text.hpp"
#include "runtime/limits.hpp"

namespace flok {

namespace {

tl::unexpected<error> invalid(std::string why) {
  return failure(errc::invalid_page, std::move(why));
}

} // namespace

expected<std::string> string_member(const json::member& m) {
  if (json::kind_of(m.value) != json::kind::string)
    return invalid(m.key + ": a string was expected");
  auto value = json::string_value(m.value);
  if (!value)
    return invalid(m.key + ": " + value.error().message);
  return value;
}

expected<entry_header> read_entry(std::string_view object, page_kind kind) {
  // The page and its `entries` are around it.
  const auto parts = json::members(object, limits::depth - 2);
  if (!parts)
    return invalid("entry: " + parts.error().message);
  entry_header header;
  for (const auto& m : *parts) {
    const bool names = m.key == "_id" && kind == page_kind::array;
    if (m.key != "_sig" && !names)
      continue;
    auto& field = names ? header.name : header.signature;
    if (field)
      return invalid("entry: " + m.key + " stands twice");
    auto value = string_member(m);
    if (!value)
      return failure(value.error());
    field = std::move(*value);
  }
  if (header.name && header.name->empty())
    return invalid("entry: _id: an empty string names no entry");
  return header;
}

std::string trimmed_line(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos)
    return {};
  std::string line{text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1)};
  json::to_one_line(line.data(), line.data() + line.size());
  return line;
}

std::string kept_text(page_kind kind, std::string_view name, std::string_view object) {
  if (kind == page_kind::array)
    return std::string{object};
  std::string text;
  text.reserve(name.size() + object.size() + 3);
  json::append_string(text, name);
  text += ':';
  text += object;
  return text;
}

expected<void> check_pointer(const std::optional<std::string>& id) {
  if (id && id->empty())
    return invalid("an empty string names no page: clear the pointer with null");
  if (id && !json::is_utf8(*id))
    return invalid("a pointer that is not valid UTF-8");
  return {};
}

expected<std::size_t> index_of(const position& at, std::size_t size) {
  if (at.index() == nullptr)
    return failure(errc::bad_index, "an array page's entries are named by index, not key");
  if (*at.index() >= size)
    return failure(errc::bad_index, "index " + std::to_string(*at.index()) +
                                        " of a page of " + std::to_string(size) +
                                        " entries");
  return *at.index();
}

expected<std::string_view> key_of(const position& at) {
  if (at.key() == nullptr)
    return failure(errc::bad_index, "a hash page's entries are named by key, not index");
  return *at.key();
}

} // namespace flok
