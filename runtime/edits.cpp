#include "runtime/edits.hpp"

#include <charconv>

#include "runtime/codec_json.hpp"
#include "runtime/json_text.hpp"

namespace flok {

namespace {

tl::unexpected<error> bad(std::string why) {
  return failure(errc::bad_request, std::move(why));
}

// -- applying -----------------------------------------------------------------

expected<void> apply_one(draft& d, const insert_edit& e) {
  return d.insert_text(e.at, e.entry);
}

expected<void> apply_one(draft& d, const erase_edit& e) { return d.erase(e.at); }

expected<void> apply_one(draft& d, const set_edit& e) {
  auto entry = d.mutate(e.at);
  return entry ? entry->set_members(e.fields) : failure(entry.error());
}

expected<void> apply_one(draft& d, const pointer_edit& e) {
  switch (e.which) {
  case page_pointer::head:
    return d.set_head(e.id);
  case page_pointer::next:
    return d.set_next(e.id);
  case page_pointer::prev:
    return d.set_prev(e.id);
  }
  return {};
}

// -- reading ------------------------------------------------------------------

/// The parts of `{"at": …, "entry": {…}}` and its kin.
struct located {
  std::optional<position> at;
  std::optional<std::string> object;
};

expected<located> parse_located(std::string_view text, std::string_view object_field) {
  auto parts = json::members(text);
  if (!parts)
    return bad(parts.error().message);
  located out;
  for (const auto& m : *parts) {
    if (m.key == "at" && !out.at) {
      auto at = parse_position(m.value);
      if (!at)
        return failure(at.error());
      out.at = std::move(*at);
    } else if (m.key == object_field && !object_field.empty() && !out.object) {
      if (json::kind_of(m.value) != json::kind::object)
        return bad(m.key + ": an object was expected");
      out.object = std::string{m.value};
    } else {
      return bad(json::quoted(m.key) + ": unknown, or given twice");
    }
  }
  if (!out.at)
    return bad("at: missing");
  if (!object_field.empty() && !out.object)
    return bad(std::string{object_field} + ": missing");
  return out;
}

expected<edit> parse_pointer_edit(page_pointer which, std::string_view text) {
  return parse_pointer(text).map([&](std::optional<std::string> id) -> edit {
    return pointer_edit{which, std::move(id)};
  });
}

/// Reads an edit of an entry; `make` makes it of its parts.
template <class Make>
expected<edit> parse_entry_edit(std::string_view text, std::string_view object_field,
                                Make make) {
  auto parts = parse_located(text, object_field);
  if (!parts)
    return failure(parts.error());
  return edit{make(*parts)};
}

expected<edit> parse_one(const json::member& m) {
  if (m.key == "insert")
    return parse_entry_edit(m.value, "entry", [](located& l) {
      return insert_edit{std::move(*l.at), std::move(*l.object)};
    });
  if (m.key == "set")
    return parse_entry_edit(m.value, "fields", [](located& l) {
      return set_edit{std::move(*l.at), std::move(*l.object)};
    });
  if (m.key == "del")
    return parse_entry_edit(m.value, "",
                            [](located& l) { return erase_edit{std::move(*l.at)}; });
  if (m.key == "head")
    return parse_pointer_edit(page_pointer::head, m.value);
  if (m.key == "next")
    return parse_pointer_edit(page_pointer::next, m.value);
  if (m.key == "prev")
    return parse_pointer_edit(page_pointer::prev, m.value);
  return bad("no such edit");
}

// -- writing ------------------------------------------------------------------

struct writer {
  std::string operator()(const insert_edit& e) const {
    return R"({"insert":{"at":)" + to_text(e.at) + R"(,"entry":)" + e.entry + "}}";
  }
  std::string operator()(const erase_edit& e) const {
    return R"({"del":{"at":)" + to_text(e.at) + "}}";
  }
  std::string operator()(const set_edit& e) const {
    return R"({"set":{"at":)" + to_text(e.at) + R"(,"fields":)" + e.fields + "}}";
  }
  std::string operator()(const pointer_edit& e) const {
    static constexpr std::string_view names[] = {"head", "next", "prev"};
    std::string out = R"({")";
    out += names[static_cast<std::size_t>(e.which)];
    out += R"(":)";
    json::append_pointer(out, e.id);
    return out + "}";
  }
};

struct text_checker {
  [[nodiscard]] static bool is_text(const position& at) {
    return at.key() == nullptr || json::is_utf8(*at.key());
  }
  bool operator()(const insert_edit& e) const {
    return is_text(e.at) && json::members(e.entry).has_value();
  }
  bool operator()(const erase_edit& e) const { return is_text(e.at); }
  bool operator()(const set_edit& e) const {
    return is_text(e.at) && json::members(e.fields).has_value();
  }
  bool operator()(const pointer_edit& e) const { return !e.id || json::is_utf8(*e.id); }
};

} // namespace

expected<void> check_edits(std::span<const edit> edits) {
  for (std::size_t i = 0; i < edits.size(); ++i)
    if (!std::visit(text_checker{}, edits[i]))
      return failure(errc::invalid_page,
                     "edits/" + std::to_string(i) +
                         ": an entry must be one JSON object, and keys and ids UTF-8");
  return {};
}

expected<position> parse_position(std::string_view text) {
  if (json::kind_of(text) == json::kind::string)
    return json::string_value(text).map(
        [](std::string key) { return position{std::move(key)}; });
  std::size_t index = 0;
  const auto done = std::from_chars(text.data(), text.data() + text.size(), index);
  if (json::kind_of(text) == json::kind::number && text.front() != '-') {
    if (done.ec == std::errc{} && done.ptr == text.data() + text.size())
      return position{index};
    if (done.ec == std::errc::result_out_of_range)
      return failure(errc::bad_index, "at: an index beyond every page");
  }
  if (json::kind_of(text) == json::kind::number)
    return failure(errc::bad_index, "at: an index is a whole number from 0 on");
  return bad("at: an index or a key was expected");
}

expected<std::optional<std::string>> parse_pointer(std::string_view text) {
  if (json::kind_of(text) == json::kind::null)
    return std::nullopt;
  if (json::kind_of(text) != json::kind::string)
    return bad("a string or null was expected");
  return json::string_value(text).map(
      [](std::string id) { return std::optional{std::move(id)}; });
}

std::string to_text(const position& at) {
  return at.key() != nullptr ? json::quoted(*at.key()) : std::to_string(*at.index());
}

expected<page_ptr> apply_edits(draft base, std::span<const edit> edits) {
  for (std::size_t i = 0; i < edits.size(); ++i) {
    auto ok = std::visit([&](const auto& e) { return apply_one(base, e); }, edits[i]);
    if (!ok)
      return failure(ok.error().code,
                     "edits/" + std::to_string(i) + ": " + ok.error().message);
  }
  return base.finish();
}

expected<std::vector<edit>> parse_edits(std::string_view text) {
  if (json::kind_of(text) != json::kind::array)
    return bad("edits: an array was expected");
  auto parts = json::elements(text);
  if (!parts)
    return bad("edits: " + parts.error().message);
  std::vector<edit> edits;
  edits.reserve(parts->size());
  for (std::size_t i = 0; i < parts->size(); ++i) {
    const std::string where = "edits/" + std::to_string(i) + ": ";
    auto members = json::members((*parts)[i]);
    if (!members || members->size() != 1)
      return bad(where + "an object with one edit was expected");
    auto one = parse_one(members->front());
    if (!one)
      return failure(one.error().code,
                     where + members->front().key + ": " + one.error().message);
    edits.push_back(std::move(*one));
  }
  return edits;
}

std::string to_json(std::span<const edit> edits) {
  std::string out = "[";
  for (const auto& e : edits) {
    if (out.size() != 1)
      out += ',';
    out += std::visit(writer{}, e);
  }
  return out + "]";
}

} // namespace flok
