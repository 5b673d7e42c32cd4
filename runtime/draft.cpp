#include "runtime/draft.hpp"

#include <algorithm>
#include <numeric>
#include <unordered_set>
#include <utility>

#include <nlohmann/json.hpp>

#include "runtime/codec.hpp"
#include "runtime/codec_json.hpp"
#include "runtime/entry_text.hpp"
#include "runtime/json_text.hpp"
#include "runtime/limits.hpp"
#include "runtime/page_builder.hpp"

namespace flok {

namespace {

tl::unexpected<error> invalid(std::string why) {
  return failure(errc::invalid_page, std::move(why));
}

/// The text of a value, which may hold strings that are no UTF-8.
expected<std::string> dump(const nlohmann::json& value) {
  try {
    return value.dump();
  } catch (const nlohmann::json::exception& e) {
    return invalid(e.what());
  }
}

expected<void> set_pointer(std::optional<std::string>& pointer,
                           std::optional<std::string> id) {
  if (auto ok = check_pointer(id); !ok)
    return ok;
  pointer = std::move(id);
  return {};
}

std::optional<std::string> owned(std::optional<std::string_view> text) {
  return text ? std::optional<std::string>{*text} : std::nullopt;
}

} // namespace

draft::draft(page_kind kind, std::string id, id_source ids)
    : kind_{kind}, id_{std::move(id)}, ids_{std::move(ids)} {}

draft::draft(page_ptr base, id_source ids)
    : base_{std::move(base)}, kind_{base_->kind()}, id_{base_->id()}, ids_{std::move(ids)},
      head_{owned(base_->head())}, next_{owned(base_->next())}, prev_{
                                                                    owned(base_->prev())} {
  items_.resize(base_->size());
  std::iota(items_.begin(), items_.end(), item{0});
}

std::string_view draft::name(item i) const {
  return is_fresh(i) ? std::string_view{fresh(i).name} : base_->entry(i).name;
}

/// Where the entries end that follow each other in the base page as well.
std::size_t draft::run_end(std::size_t first) const {
  constexpr std::size_t step = 16; // at once, as long as all of them do
  auto end = first + 1;
  auto next = items_[first] + 1;
  for (; end + step <= items_.size(); end += step, next += step) {
    const item* at = items_.data() + end;
    item differs = 0;
    for (item i = 0; i < step; ++i)
      differs |= at[i] ^ (next + i);
    if (differs != 0)
      break;
  }
  while (end < items_.size() && items_[end] == next)
    ++end, ++next;
  return end;
}

/// Whether the index is there; after some searches it is made, for the sake of more.
bool draft::use_index() {
  constexpr std::size_t few = 16;
  if (indexed_ || ++lookups_ <= few)
    return indexed_;
  index_.reserve(items_.size());
  for (std::size_t i = 0; i < items_.size(); ++i)
    if (items_[i] != no_entry)
      index_.emplace(name(items_[i]), i);
  return indexed_ = true;
}

/// Where a hash page's entry is.
std::optional<std::size_t> draft::find(std::string_view key) {
  if (use_index()) {
    const auto entry = index_.find(key);
    return entry == index_.end() ? std::nullopt : std::optional{entry->second};
  }
  for (std::size_t i = 0; i < items_.size(); ++i)
    if (items_[i] != no_entry && name(items_[i]) == key)
      return i;
  return std::nullopt;
}

/// Whether an array page's entry has that name.
bool draft::taken(std::string_view wanted) {
  if (use_index())
    return index_.contains(wanted);
  return std::any_of(items_.begin(), items_.end(),
                     [&](item i) { return name(i) == wanted; });
}

expected<std::size_t> draft::locate(const position& at) {
  if (kind_ == page_kind::array)
    return index_of(at, items_.size());
  const auto key = key_of(at);
  if (!key)
    return failure(key.error());
  const auto index = find(*key);
  if (!index)
    return failure(errc::bad_index, "no entry " + json::quoted(*key));
  return *index;
}

expected<std::string> draft::text(const position& at) {
  const auto index = locate(at);
  if (!index)
    return failure(index.error());
  const auto i = items_[*index];
  return is_fresh(i) ? fresh(i).object : std::string{base_->entry(i).text};
}

/// Checks an object that is to become an entry, and names it where it is for an array.
expected<fresh_entry> draft::prepare(std::string_view text) const {
  auto header = read_entry(text, kind_);
  if (!header)
    return failure(header.error());
  fresh_entry e;
  e.object = trimmed_line(text);
  if (header->name) {
    e.name = std::move(*header->name);
  } else if (kind_ == page_kind::array) {
    e.name = ids_();
    e.object = json::with_first_member(e.object, "_id", json::quoted(e.name));
  }
  return e;
}

draft::item draft::own(fresh_entry e) {
  fresh_.push_back(std::make_unique<fresh_entry>(std::move(e)));
  return fresh_bit | static_cast<item>(fresh_.size() - 1);
}

/// The entry is no longer in the draft; whoever edits it edits in vain.
void draft::disown(item i) {
  if (is_fresh(i))
    fresh(i).there = false;
}

expected<void> draft::insert(const position& at, const nlohmann::json& fields) {
  auto text = dump(fields);
  return text ? insert_text(at, *text) : failure(text.error());
}

expected<void> draft::insert_text(const position& at, std::string_view text) {
  const bool append =
      kind_ == page_kind::array && at.index() != nullptr && *at.index() == items_.size();
  const bool add_key = kind_ == page_kind::hash && at.key() != nullptr && !find(*at.key());
  std::size_t index = items_.size();
  if (!append && !add_key) {
    const auto found = locate(at);
    if (!found)
      return failure(found.error());
    index = *found;
  }
  if (at.key() != nullptr && !json::is_utf8(*at.key()))
    return invalid("entry: a key that is not valid UTF-8");
  auto e = prepare(text);
  if (!e)
    return failure(e.error());
  if (kind_ == page_kind::hash) {
    e->name = *at.key();
    const auto added = own(std::move(*e));
    if (add_key)
      items_.push_back(added);
    else
      disown(std::exchange(items_[index], added));
    if (indexed_)
      index_.emplace(fresh(added).name, index);
    return {};
  }
  if (taken(e->name))
    return invalid("entry: _id: " + json::quoted(e->name) + " is taken");
  const auto added = own(std::move(*e));
  items_.insert(items_.begin() + static_cast<std::ptrdiff_t>(index), added);
  if (indexed_)
    index_.emplace(fresh(added).name, 0);
  return {};
}

expected<void> draft::erase(const position& at) {
  const auto index = locate(at);
  if (!index)
    return failure(index.error());
  auto& i = items_[*index];
  index_.erase(name(i));
  disown(i);
  if (kind_ == page_kind::array) {
    items_.erase(items_.begin() + static_cast<std::ptrdiff_t>(*index));
  } else {
    i = no_entry;
    ++gone_;
  }
  return {};
}

expected<entry_editor> draft::mutate(const position& at) {
  const auto index = locate(at);
  if (!index)
    return failure(index.error());
  return entry_editor{*this, freshen(*index)};
}

/// The entry as a fresh one, which is about to change.
fresh_entry& draft::freshen(std::size_t index) {
  auto& i = items_[index];
  if (!is_fresh(i)) {
    const auto e = base_->entry(i);
    i = own({std::string{e.name}, std::string{e.text}, {}, {}, true});
  }
  return fresh(i);
}

expected<void> draft::set_head(std::optional<std::string> id) {
  return set_pointer(head_, std::move(id));
}

expected<void> draft::set_next(std::optional<std::string> id) {
  return set_pointer(next_, std::move(id));
}

expected<void> draft::set_prev(std::optional<std::string> id) {
  return set_pointer(prev_, std::move(id));
}

expected<void> draft::sign(fresh_entry& e) const {
  auto signature = json::signature(e.object);
  if (!signature)
    return invalid(signature.error().message);
  auto object = json::with_signature(e.object, *signature);
  if (!object)
    return invalid(object.error().message);
  e.signature = std::move(*signature);
  e.signed_text = kept_text(kind_, e.name, *object);
  return {};
}

expected<page_ptr> draft::finish() {
  if (auto ok = check_id(id_); !ok)
    return failure(ok.error());
  page_builder builder{kind_, id_};
  builder.set_head(head_);
  builder.set_next(next_);
  builder.set_prev(prev_);
  for (std::size_t i = 0; i < items_.size(); ++i) {
    if (items_[i] == no_entry)
      continue;
    if (!is_fresh(items_[i])) {
      const auto end = run_end(i);
      builder.keep(base_, items_[i], items_[i] + (end - i));
      i = end - 1;
      continue;
    }
    auto& e = fresh(items_[i]);
    if (e.signature.empty())
      if (auto ok = sign(e); !ok)
        return failure(ok.error());
    builder.add(e.name, e.signature, e.signed_text);
  }
  auto page = builder.finish();
  if (page->json_bytes_bound() > limits::page_bytes)
    return invalid("the page is larger than " + std::to_string(limits::page_bytes) +
                   " bytes");
  return page;
}

expected<void> entry_editor::set(std::string_view field, const nlohmann::json& value) {
  auto text = dump(value);
  return text ? set_text(field, *text) : failure(text.error());
}

expected<void> entry_editor::set_text(std::string_view field, std::string_view text) {
  if (!json::is_utf8(field))
    return invalid("a member's name that is not valid UTF-8");
  // Checked as the one element of an array, since a value may be of any kind.
  auto alone = json::elements('[' + std::string{text} + ']', limits::depth - 2);
  if (!alone || alone->size() != 1)
    return invalid(std::string{field} + ": " +
                   (alone ? "one JSON value was expected" : alone.error().message));
  const auto value = trimmed_line(text);
  const json::member one{std::string{field}, {}, value};
  return apply({&one, 1});
}

expected<void> entry_editor::set_members(std::string_view object) {
  auto members = json::members(object, limits::depth - 2);
  if (!members)
    return invalid(members.error().message);
  std::unordered_set<std::string_view> seen;
  for (const auto& m : *members)
    if (!seen.insert(m.key).second)
      return invalid(json::quoted(m.key) + " is given twice");
  return apply(*members);
}

/// Checks a value that names or signs the entry; gives the new name.
expected<std::optional<std::string>> entry_editor::check(std::string_view field,
                                                         std::string_view value) const {
  const bool names = field == "_id" && owner_->kind_ == page_kind::array;
  if (!names && field != "_sig")
    return std::nullopt;
  auto string = string_member({std::string{field}, {}, value});
  if (!string)
    return failure(string.error());
  if (!names)
    return std::nullopt;
  if (string->empty())
    return invalid("_id: an empty string names no entry");
  if (*string != entry_->name && owner_->taken(*string))
    return invalid("_id: " + json::quoted(*string) + " is taken");
  return std::move(*string);
}

/// Sets members whose grammar is checked.
expected<void> entry_editor::apply(std::span<const json::member> members) {
  std::vector<json::member> updates;
  std::optional<std::string> name;
  updates.reserve(members.size());
  for (const auto& m : members) {
    auto named = check(m.key, m.value);
    if (!named)
      return failure(named.error());
    if (*named)
      name = std::move(*named);
    if (m.key != "_sig") // it follows from the rest
      updates.push_back(m);
  }
  if (updates.empty())
    return {};
  auto object = json::with_members(entry_->object, updates);
  if (!object)
    return invalid(object.error().message);
  json::to_one_line(object->data(), object->data() + object->size());
  entry_->object = std::move(*object);
  entry_->signature.clear(); // also where an earlier `finish` has made one
  if (name)
    rename(std::move(*name));
  return {};
}

void entry_editor::rename(std::string name) {
  const bool indexed = owner_->indexed_ && entry_->there;
  if (indexed) // its view into the old name must go first
    owner_->index_.erase(entry_->name);
  entry_->name = std::move(name);
  if (indexed)
    owner_->index_.emplace(entry_->name, 0);
}

expected<void> entry_editor::erase(std::string_view field) {
  if (field == "_sig" || (field == "_id" && owner_->kind_ == page_kind::array))
    return invalid(std::string{field} + " cannot be removed");
  auto object = json::without_member(entry_->object, field);
  if (!object)
    return invalid(object.error().message);
  entry_->object = std::move(*object);
  entry_->signature.clear();
  return {};
}

draft new_page(page_kind kind, const id_source& ids, std::optional<std::string> id) {
  return draft{kind, id ? std::move(*id) : ids(), ids};
}

draft copy_page(page_ptr base, const id_source& ids) { return draft{std::move(base), ids}; }

} // namespace flok
