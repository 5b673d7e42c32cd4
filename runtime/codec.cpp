#include "runtime/codec.hpp"

#include <algorithm>
#include <cstring>
#include <deque>
#include <numeric>
#include <optional>
#include <vector>

#include "runtime/codec_json.hpp"
#include "runtime/codec_walk.hpp"
#include "runtime/json_text.hpp"
#include "runtime/limits.hpp"
#include "runtime/page_builder.hpp"

namespace flok {

using namespace json::detail;

namespace {

std::string too_large() {
  return "the page is larger than " + std::to_string(limits::page_bytes) + " bytes";
}

/// Ends a reading. Caught where the reading began, so that each step of the walk need not
/// pass a result on; never leaves this file.
struct refusal {
  error why;
};

/// The unescaped string, as a slice of the text itself wherever no escape stands in it.
std::string_view plain(const char* raw, std::string_view unescaped) {
  const bool same = std::memcmp(raw, unescaped.data(), unescaped.size()) == 0;
  return same && raw[unescaped.size()] == '"' ? std::string_view{raw, unescaped.size()}
                                              : unescaped;
}

/// Reads one page. All views live as long as the reader: they point into its parser's copy
/// of the text, its buffer of unescaped strings, or `made_`.
class page_reader {
public:
  page_ptr read(std::string_view text) {
    ondemand::object root;
    need(lease_.start(text, doc_));
    need(doc_.get_object().get(root));
    for (auto field : root) {
      std::string_view key;
      need(field.unescaped_key().get(key));
      ondemand::value value;
      need(field.value().get(value));
      read_field(key, value);
    }
    return finish();
  }

private:
  struct entry {
    std::string_view name;
    std::string_view signature;
    std::string_view text;
  };

  enum field_bit : std::uint32_t {
    id_bit = 1,
    type_bit = 2,
    head_bit = 4,
    next_bit = 8,
    prev_bit = 16,
    hash_bit = 32,
    entries_bit = 64,
  };

  [[noreturn]] void refuse(std::string_view field, std::string_view why) const {
    std::string where;
    if (in_entry_)
      where = "/entries/" +
              (by_key_ ? std::string{current_.name} : std::to_string(entries_.size()));
    where += field;
    throw refusal{{errc::invalid_page,
                   where.empty() ? std::string{why} : where + ": " + std::string{why}}};
  }

  void need(simdjson::error_code code) const {
    if (code != simdjson::SUCCESS)
      refuse("", to_error(code, errc::invalid_page).message);
  }

  void once(field_bit bit, std::string_view field) {
    if ((seen_ & bit) != 0)
      refuse(field, "stands twice");
    seen_ |= bit;
  }

  void read_field(std::string_view key, ondemand::value value) {
    if (key == "_id") {
      once(id_bit, "/_id");
      id_ = string(value, "/_id");
      if (auto ok = check_id(id_); !ok)
        throw refusal{ok.error()};
    } else if (key == "_type") {
      once(type_bit, "/_type");
      const auto type = string(value, "/_type");
      if (type != "array" && type != "hash")
        refuse("/_type", "\"array\" or \"hash\" was expected");
      kind_ = type == "array" ? page_kind::array : page_kind::hash;
    } else if (key == "_head") {
      once(head_bit, "/_head");
      head_ = pointer(value, "/_head");
    } else if (key == "_next") {
      once(next_bit, "/_next");
      next_ = pointer(value, "/_next");
    } else if (key == "_prev") {
      once(prev_bit, "/_prev");
      prev_ = pointer(value, "/_prev");
    } else if (key == "_hash") {
      once(hash_bit, "/_hash"); // made anew
    } else if (key == "entries") {
      once(entries_bit, "/entries");
      read_entries(value);
    } else {
      refuse("/" + std::string{key}, "pages have no such field");
    }
  }

  std::string_view string(ondemand::value value, std::string_view field) const {
    if (value.type() != ondemand::json_type::string)
      refuse(field, "a string was expected");
    const char* raw = std::string_view{value.raw_json_token()}.data() + 1;
    std::string_view text;
    need(value.get_string().get(text));
    text = plain(raw, text);
    // Escapes can spell half a surrogate pair, which is no UTF-8.
    if (text.data() != raw && !json::is_utf8(text))
      refuse(field, "not valid UTF-8 once its escapes are undone");
    return text;
  }

  std::optional<std::string_view> pointer(ondemand::value value,
                                          std::string_view field) const {
    if (value.is_null())
      return std::nullopt;
    const auto id = string(value, field);
    if (id.empty())
      refuse(field, "an empty string names no page: leave the field out or make it null");
    return id;
  }

  void read_entries(ondemand::value value) {
    const ondemand::json_type type = value.type();
    if (type == ondemand::json_type::array) {
      ondemand::array array;
      need(value.get_array().get(array));
      for (auto element : array) {
        in_entry_ = true;
        ondemand::value child;
        need(element.get(child));
        const char* first = std::string_view{child.raw_json_token()}.data();
        read_entry(child, first);
      }
    } else if (type == ondemand::json_type::object) {
      by_key_ = true;
      ondemand::object object;
      need(value.get_object().get(object));
      for (auto field : object) {
        need(field.error());
        const char* raw = field.key().value_unsafe().raw();
        std::string_view key;
        need(field.unescaped_key().get(key));
        current_.name = plain(raw, key);
        in_entry_ = true;
        if (!json::is_utf8(key)) {
          in_entry_ = false; // its key is not fit to be printed
          refuse("/entries", "a key that is not valid UTF-8 once its escapes are undone");
        }
        ondemand::value child;
        need(field.value().get(child));
        read_entry(child, raw - 1);
      }
    } else {
      refuse("/entries", "an array or an object was expected");
    }
    in_entry_ = false;
  }

  /// `first` is where the entry's text begins: its key in a hash, its object in an array.
  void read_entry(ondemand::value value, const char* first) {
    if (value.type() != ondemand::json_type::object)
      refuse("", "an entry is a JSON object");
    const char* object_begin = std::string_view{value.raw_json_token()}.data();
    ondemand::object object;
    need(value.get_object().get(object));
    bool has_id = false;
    bool has_signature = false;
    for (auto field : object) {
      std::string_view key;
      need(field.unescaped_key().get(key));
      if (key == "_sig") {
        if (has_signature)
          refuse("/_sig", "stands twice");
        has_signature = true;
        current_.signature = string(field.value().value_unsafe(), "/_sig");
      } else if (key == "_id" && !by_key_) {
        if (has_id)
          refuse("/_id", "stands twice");
        has_id = true;
        current_.name = string(field.value().value_unsafe(), "/_id");
      }
    }
    const char* next = nullptr;
    need(doc_.current_location().get(next));
    current_.text = {first, static_cast<std::size_t>(trim_back(first, next) - first)};
    if (!by_key_ && (!has_id || current_.name.empty()))
      refuse("/_id", has_id ? "an empty string names no entry" : "missing");
    if (!has_signature)
      sign(static_cast<std::size_t>(object_begin - first));
    entries_.push_back(current_);
  }

  /// Makes the missing `_sig` of the current entry, whose object begins at `at` of its
  /// text.
  void sign(std::size_t at) {
    const auto object = current_.text.substr(at);
    auto signature = json::signature(object);
    if (!signature)
      refuse("", signature.error().message);
    auto text = json::with_signature(object, *signature);
    if (!text)
      refuse("", text.error().message);
    current_.signature = made_.emplace_back(std::move(*signature));
    // The name may be a piece of the old text; the new one begins and is laid out
    // otherwise.
    current_.text = made_.emplace_back(std::string{current_.text.substr(0, at)} + *text);
  }

  void check_whole() {
    for (const auto& [bit, field] :
         {std::pair{id_bit, "/_id"}, std::pair{type_bit, "/_type"},
          std::pair{entries_bit, "/entries"}})
      if ((seen_ & bit) == 0)
        refuse(field, "missing");
    if (by_key_ != (kind_ == page_kind::hash))
      refuse("/entries", kind_ == page_kind::hash
                             ? "a hash page has an object of entries"
                             : "an array page has an array of entries");
    std::vector<std::string_view> names;
    names.reserve(entries_.size());
    for (const auto& e : entries_)
      names.push_back(e.name);
    std::sort(names.begin(), names.end());
    const auto twice = std::adjacent_find(names.begin(), names.end());
    if (twice != names.end())
      refuse("/entries", json::quoted(*twice) + " stands twice");
  }

  page_ptr finish() {
    check_whole();
    page_builder builder{kind_, id_};
    builder.set_head(head_);
    builder.set_next(next_);
    builder.set_prev(prev_);
    builder.reserve(entries_.size());
    for (const auto& e : entries_)
      builder.add(e.name, e.signature, e.text);
    auto page = builder.finish();
    // Made signatures and missing fields add to what came in.
    if (page->json_bytes_bound() > limits::page_bytes)
      refuse("", too_large());
    return page;
  }

  scratch_lease lease_;
  ondemand::document doc_;
  std::uint32_t seen_ = 0;
  std::string_view id_;
  page_kind kind_ = page_kind::array;
  std::optional<std::string_view> head_, next_, prev_;
  bool by_key_ = false;
  bool in_entry_ = false;
  entry current_;
  std::vector<entry> entries_;
  std::deque<std::string> made_; // its strings never move
};

/// Two quick searches; `find_first_of` would be one that takes longer than all the reading.
bool has_line_break(std::string_view json) {
  return json.find('\n') != std::string_view::npos ||
         json.find('\r') != std::string_view::npos;
}

/// What must hold of a text before it is read: size, nesting, grammar, UTF-8.
expected<void> check_text(std::string_view json, checked known) {
  if (json.size() > limits::page_bytes)
    return failure(errc::invalid_page, too_large());
  if (const auto first = json.find_first_not_of(" \t\r\n");
      first != std::string_view::npos && json[first] != '{')
    return failure(errc::invalid_page, "a page is a JSON object");
  if (known == checked::grammar) { // the text around it may nest deeper than a page
    if (json::deeper_than(json, limits::depth))
      return failure(errc::invalid_page, "nested too deep");
    return {};
  }
  auto parts = json::members(json, limits::depth);
  if (!parts)
    return failure(errc::invalid_page, parts.error().message);
  return {};
}

/// Most ids are, and are not worth a call of simdjson's.
bool is_ascii(std::string_view id) noexcept {
  return std::accumulate(id.begin(), id.end(), 0U, [](unsigned all, char c) {
           return all | static_cast<unsigned char>(c);
         }) < 0x80U;
}

} // namespace

expected<void> check_id(std::string_view id) {
  if (id.empty())
    return failure(errc::invalid_page, "/_id: an empty string names no page");
  if (id.size() > limits::id_bytes)
    return failure(errc::id_too_long, "an id of " + std::to_string(id.size()) +
                                          " bytes; at most " +
                                          std::to_string(limits::id_bytes) + " fit");
  if (!is_ascii(id) && !json::is_utf8(id))
    return failure(errc::invalid_page, "/_id: not valid UTF-8");
  return {};
}

expected<page_ptr> decode_page(std::string_view json, checked known) {
  if (auto ok = check_text(json, known); !ok)
    return failure(ok.error());
  std::string one_line;
  if (has_line_break(json)) {
    one_line = json;
    json::to_one_line(one_line.data(), one_line.data() + one_line.size());
    json = one_line;
  }
  try {
    return page_reader{}.read(json);
  } catch (const refusal& r) {
    return failure(r.why);
  } catch (const simdjson::simdjson_error& e) { // the text is not what `known` says
    return failure(to_error(e.error(), errc::invalid_page));
  }
}

} // namespace flok
