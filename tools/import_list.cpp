#include "tools/import_list.hpp"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "runtime/codec.hpp"
#include "runtime/codec_json.hpp"
#include "runtime/hash.hpp"
#include "runtime/json_text.hpp"

namespace flok::tools {

namespace {

tl::unexpected<error> invalid(std::size_t entry, const std::string& why) {
  return failure(errc::invalid_page, "entry " + std::to_string(entry) + ": " + why);
}

/// What an entry says beside its `_id` and `_sig`.
std::string content_of(std::string_view entry) {
  const auto without_id = json::without_member(entry, "_id");
  if (!without_id)
    return {};
  return json::signature(*without_id).value_or(std::string{});
}

/// The text of a member that names an entry: a string's value, or a number as it is
/// written.
expected<std::string> name_of(const json::member& m, std::size_t index) {
  if (json::kind_of(m.value) == json::kind::number)
    return std::string{m.value};
  auto name = json::kind_of(m.value) == json::kind::string
                  ? json::string_value(m.value)
                  : failure(errc::invalid_page, "a string or a number was expected");
  if (!name)
    return invalid(index, m.key + ": " + name.error().message);
  return name;
}

/// The id that an entry brings along, from its field or as `_id`; empty where there is
/// none, which is an error where it has to come from a field.
expected<std::string> own_id(std::string_view entry, const list_options& options,
                             std::size_t index) {
  if (json::kind_of(entry) != json::kind::object)
    return invalid(index, "an object was expected");
  const auto parts = json::members(entry);
  if (!parts)
    return invalid(index, parts.error().message);
  const std::string field = options.id_field.empty() ? "_id" : options.id_field;
  expected<std::string> id;
  std::unordered_set<std::string_view> seen;
  for (const auto& m : *parts) {
    if (m.key != field && m.key != "_id")
      continue;
    if (!seen.insert(m.key).second)
      return invalid(index, json::quoted(m.key) + " is given twice");
    if (m.key == field)
      id = name_of(m, index);
    if (!id)
      return id;
  }
  if (id->empty() && !options.id_field.empty())
    return invalid(index, json::quoted(field) + ", which is to be its _id, is " +
                              (seen.contains(field) ? "empty" : "missing"));
  return id;
}

/// The id of an entry that brings none: that of an entry that says the same, or a new one.
std::string made_id(std::string_view entry, known_ids& known,
                    const std::unordered_map<std::string, std::size_t>& taken,
                    const id_source& ids) {
  std::string id = known.take(entry);
  while (taken.contains(id))
    id = known.take(entry);
  return id.empty() ? ids() : id;
}

expected<std::string> with_id(std::string_view entry, const std::string& id) {
  auto parts = json::members(entry);
  if (!parts)
    return failure(parts.error());
  const bool has_id = std::any_of(parts->begin(), parts->end(),
                                  [](const auto& m) { return m.key == "_id"; });
  if (has_id)
    return json::with_member(entry, "_id", json::quoted(id));
  return json::with_first_member(entry, "_id", json::quoted(id));
}

/// The ids of all entries, which must differ in the whole list. What entries bring along
/// goes before what is made for others.
expected<std::vector<std::string>> name_all(const std::vector<std::string_view>& entries,
                                            const list_options& options, known_ids& known,
                                            const id_source& ids) {
  std::vector<std::string> names;
  std::unordered_map<std::string, std::size_t> taken;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    auto id = own_id(entries[i], options, i);
    if (!id)
      return failure(id.error());
    const auto [other, fresh] = taken.emplace(*id, i);
    if (!fresh && !id->empty())
      return invalid(i, "its _id " + json::quoted(*id) + " is also that of entry " +
                            std::to_string(other->second));
    names.push_back(std::move(*id));
  }
  taken.erase("");
  for (std::size_t i = 0; i < entries.size(); ++i)
    if (names[i].empty())
      names[i] = made_id(entries[i], known, taken, ids);
  return names;
}

/// Entries' texts with their ids.
expected<std::vector<std::string>> with_ids(const std::vector<std::string_view>& entries,
                                            const std::vector<std::string>& names) {
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    auto text = with_id(entries[i], names[i]);
    if (!text)
      return invalid(i, text.error().message);
    texts.push_back(std::move(*text));
  }
  return texts;
}

std::string page_name(const std::string& list, std::size_t number) {
  return list + "-" + std::to_string(number);
}

} // namespace

void known_ids::add(const page& p) {
  for (std::size_t i = 0; i < p.size(); ++i) {
    const auto entry = p.entry(i);
    ids_.emplace(content_of(entry.text), entry.name);
  }
}

std::string known_ids::take(std::string_view entry) {
  const std::string content = content_of(entry);
  const auto found = ids_.lower_bound(content);
  if (found == ids_.end() || found->first != content)
    return {};
  auto id = std::move(found->second);
  ids_.erase(found);
  return id;
}

expected<std::vector<std::string_view>> list_entries(std::string_view text,
                                                     std::string_view pointer) {
  auto array = json::at_pointer(text, pointer);
  if (!array)
    return failure(array.error());
  if (json::kind_of(*array) != json::kind::array)
    return failure(errc::bad_request, pointer.empty()
                                          ? "not a JSON array, and no --pointer to one"
                                          : std::string{pointer} + ": not a JSON array");
  return json::elements(*array);
}

expected<std::vector<page_ptr>> make_list(const std::vector<std::string_view>& entries,
                                          const list_options& options, known_ids known,
                                          const id_source& ids) {
  const auto names = name_all(entries, options, known, ids);
  if (!names)
    return failure(names.error());
  const auto texts = with_ids(entries, *names);
  if (!texts)
    return failure(texts.error());
  const std::size_t count = (texts->size() + options.per_page - 1) / options.per_page;
  std::vector<page_ptr> pages;
  auto head = new_page(page_kind::array, ids, options.list);
  if (count != 0)
    (void)head.set_next(page_name(options.list, 1)); // never empty, so it cannot fail
  auto head_page = head.finish();
  if (!head_page)
    return failure(head_page.error());
  pages.push_back(std::move(*head_page));
  for (std::size_t n = 1; n <= count; ++n) {
    std::string text = R"({"_id":)" + json::quoted(page_name(options.list, n)) +
                       R"(,"_type":"array","_head":)" + json::quoted(options.list);
    if (n != count)
      text += R"(,"_next":)" + json::quoted(page_name(options.list, n + 1));
    if (n != 1)
      text += R"(,"_prev":)" + json::quoted(page_name(options.list, n - 1));
    text += R"(,"entries":[)";
    const auto first = (n - 1) * options.per_page;
    for (std::size_t i = first; i < std::min(first + options.per_page, texts->size()); ++i)
      text += (i == first ? "" : ",") + (*texts)[i];
    auto page = decode_page(text + "]}");
    if (!page)
      return failure(page.error().code,
                     page_name(options.list, n) + ": " + page.error().message);
    pages.push_back(std::move(*page));
  }
  return pages;
}

} // namespace flok::tools
