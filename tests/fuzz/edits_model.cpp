#include "tests/fuzz/edits_model.hpp"

#include <algorithm>

#include "tests/fuzz/oracles.hpp"

namespace flok::fuzz {

namespace {

std::optional<std::string> owned(std::optional<std::string_view> text) {
  return text ? std::optional<std::string>{*text} : std::nullopt;
}

bool given_twice(const std::string& object, std::string_view field) {
  return testing::parse(object).value->all(field).size() > 1;
}

/// What a text says of an entry, but for its signature.
nlohmann::json fields_of(std::string_view object) {
  auto fields = value_of(object);
  fields.erase("_sig");
  return fields;
}

/// Whether the member is absent, or a string; where it names the entry, not an empty one.
bool is_label(const nlohmann::json& fields, const char* field, bool names) {
  return !fields.contains(field) ||
         (fields[field].is_string() && !(names && fields[field] == ""));
}

} // namespace

edits_model::edits_model(const page& base, id_source ids)
    : kind_{base.kind()}, ids_{std::move(ids)}, pointers_{owned(base.head()),
                                                          owned(base.next()),
                                                          owned(base.prev())} {
  for (std::size_t i = 0; i < base.size(); ++i)
    entries_.emplace_back(base.entry(i).name, fields_of(base.entry(i).text));
}

bool edits_model::apply(std::span<const edit> edits) {
  return std::all_of(edits.begin(), edits.end(), [this](const edit& e) {
    return std::visit([this](const auto& one) { return apply(one); }, e);
  });
}

bool edits_model::apply(const insert_edit& e) {
  const auto fields = value_of(e.entry);
  const bool by_key = kind_ == page_kind::hash;
  if (by_key ? e.at.key() == nullptr
             : e.at.index() == nullptr || *e.at.index() > entries_.size())
    return false;
  if (given_twice(e.entry, "_sig") || !is_label(fields, "_sig", false))
    return false;
  if (by_key) {
    const auto at = find(*e.at.key());
    if (!at)
      entries_.emplace_back();
    entries_[at.value_or(entries_.size() - 1)] = {*e.at.key(), fields_of(e.entry)};
    return true;
  }
  if (given_twice(e.entry, "_id") || !is_label(fields, "_id", true))
    return false;
  const auto name = fields.contains("_id") ? fields["_id"].get<std::string>() : ids_();
  if (find(name))
    return false;
  auto object = fields_of(e.entry);
  object["_id"] = name;
  entries_.insert(entries_.begin() + static_cast<std::ptrdiff_t>(*e.at.index()),
                  {name, std::move(object)});
  return true;
}

bool edits_model::apply(const erase_edit& e) {
  const auto at = locate(e.at);
  if (at)
    entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(*at));
  return at.has_value();
}

bool edits_model::apply(const set_edit& e) {
  const auto at = locate(e.at);
  const auto fields = value_of(e.fields);
  const bool names = kind_ == page_kind::array && fields.contains("_id");
  if (!at || !unique_keys(*testing::parse(e.fields).value) ||
      !is_label(fields, "_sig", false) || (names && !is_label(fields, "_id", true)))
    return false;
  if (names) {
    const auto name = fields["_id"].get<std::string>();
    if (find(name).value_or(*at) != *at)
      return false;
    entries_[*at].first = name;
  }
  for (const auto& member : fields.items())
    if (member.key() != "_sig")
      entries_[*at].second[member.key()] = member.value();
  return true;
}

bool edits_model::apply(const pointer_edit& e) {
  if (e.id == "")
    return false;
  pointers_[static_cast<std::size_t>(e.which)] = e.id;
  return true;
}

std::optional<std::size_t> edits_model::find(const std::string& name) const {
  for (std::size_t i = 0; i < entries_.size(); ++i)
    if (entries_[i].first == name)
      return i;
  return std::nullopt;
}

std::optional<std::size_t> edits_model::locate(const position& at) const {
  if (kind_ == page_kind::hash)
    return at.key() != nullptr ? find(*at.key()) : std::nullopt;
  const bool there = at.index() != nullptr && *at.index() < entries_.size();
  return there ? std::optional{*at.index()} : std::nullopt;
}

bool edits_model::operator==(const page& p) const {
  if (p.size() != entries_.size() || owned(p.head()) != pointers_[0] ||
      owned(p.next()) != pointers_[1] || owned(p.prev()) != pointers_[2])
    return false;
  for (std::size_t i = 0; i < p.size(); ++i)
    if (p.entry(i).name != entries_[i].first ||
        fields_of(p.entry(i).text) != entries_[i].second)
      return false;
  return true;
}

} // namespace flok::fuzz
