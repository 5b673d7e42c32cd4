#include <algorithm>
#include <limits>
#include <type_traits>

#include "runtime/codec_json.hpp"
#include "runtime/diff.hpp"
#include "runtime/entry_text.hpp"
#include "runtime/json_text.hpp"
#include "runtime/limits.hpp"
#include "runtime/order_tree.hpp"
#include "runtime/page_builder.hpp"

namespace flok {

namespace {

constexpr std::size_t none = std::numeric_limits<std::size_t>::max();

tl::unexpected<error> invalid(std::string why) {
  return failure(errc::invalid_page, std::move(why));
}

tl::unexpected<error> at_change(std::size_t index, const error& e) {
  return failure(e.code, "diff/" + std::to_string(index) + ": " + e.message);
}

// -- entries ------------------------------------------------------------------

/// An entry that a change brings.
struct brought_entry {
  std::string name;
  std::string signature;
  std::string text;       ///< as a page keeps it
  std::size_t change = 0; ///< which one brings it
};

/// One entry of the result: brought, or else that of the page before.
struct result_entry {
  std::size_t base = none;
  const brought_entry* brought = nullptr;
};

/// The `_sig` that an object lacks, made and put into it.
expected<std::string> sign(std::string& object) {
  auto signature = json::signature(object);
  if (!signature)
    return invalid("entry: " + signature.error().message);
  auto text = json::with_signature(object, *signature);
  if (!text)
    return invalid("entry: " + text.error().message);
  object = std::move(*text);
  return signature;
}

/// Checks an object that a change brings. `key` names it in a hash page.
expected<brought_entry> bring(page_kind kind, std::string_view key, std::string_view object,
                              std::size_t change) {
  if (object.size() > limits::page_bytes)
    return invalid("entry: larger than every page");
  auto header = read_entry(object, kind);
  if (!header)
    return failure(header.error());
  if (kind == page_kind::array && !header->name)
    return invalid("entry: _id: missing");
  auto line = trimmed_line(object);
  auto signature =
      header->signature ? expected<std::string>{std::move(*header->signature)} : sign(line);
  if (!signature)
    return failure(signature.error());
  auto name = header->name ? std::move(*header->name) : std::string{key};
  auto text = kept_text(kind, name, line);
  return brought_entry{std::move(name), std::move(*signature), std::move(text), change};
}

/// An array page's entries. Each has a number: its index in the page before, or one above.
class array_entries {
public:
  array_entries(const page& from, std::span<const change>)
      : from_{from}, order_{from.size()}, brought_of_(from.size(), none) {}

  expected<void> apply(const entry_del& c, std::size_t) {
    return index_of(c.at, order_.size()).map([&](std::size_t i) { order_.erase(i); });
  }

  expected<void> apply(const entry_move& c, std::size_t) {
    for (const auto at : {c.from, c.to}) // the page without the entry has as many places
      if (auto ok = index_of(at, order_.size()); !ok)
        return failure(ok.error());
    order_.insert(c.to, order_.erase(c.from));
    return {};
  }

  expected<void> apply(const entry_insert& c, std::size_t change) {
    const bool append = c.at.index() != nullptr && *c.at.index() == order_.size();
    const auto index = append ? order_.size() : index_of(c.at, order_.size());
    if (!index)
      return failure(index.error());
    if (auto ok = own(c.entry, change); !ok)
      return ok;
    order_.insert(*index, brought_of_.size());
    brought_of_.push_back(brought_.size() - 1);
    return {};
  }

  expected<void> apply(const entry_modify& c, std::size_t change) {
    const auto index = index_of(c.at, order_.size());
    if (!index)
      return failure(index.error());
    if (auto ok = own(c.entry, change); !ok)
      return ok;
    brought_of_[order_.at(*index)] = brought_.size() - 1;
    return {};
  }

  /// The entries in their order. Fails where two have one `_id`.
  expected<std::vector<result_entry>> finish() {
    std::vector<result_entry> entries;
    entries.reserve(order_.size());
    for (const auto number : order_.sequence()) {
      const auto index = brought_of_[number];
      entries.push_back(index == none ? result_entry{number, nullptr}
                                      : result_entry{none, &brought_[index]});
    }
    if (auto ok = check_names(entries); !ok)
      return failure(ok.error());
    return entries;
  }

private:
  expected<void> own(const std::string& object, std::size_t change) {
    return bring(page_kind::array, {}, object, change).map([&](brought_entry e) {
      brought_.push_back(std::move(e));
    });
  }

  /// Only names that were brought can be there twice; they are mostly few.
  expected<void> check_names(const std::vector<result_entry>& entries) const {
    std::vector<std::pair<std::string_view, std::size_t>> names;
    for (const auto& e : entries)
      if (e.brought != nullptr)
        names.emplace_back(e.brought->name, e.brought->change);
    std::sort(names.begin(), names.end());
    const auto taken = [](const auto& name) {
      return at_change(
          name.second,
          {errc::invalid_page, "entry: _id: " + json::quoted(name.first) + " is taken"});
    };
    for (std::size_t i = 1; i < names.size(); ++i)
      if (names[i - 1].first == names[i].first)
        return taken(names[i]);
    for (const auto& e : entries) {
      if (names.empty() || e.brought != nullptr)
        continue;
      const auto name = from_.entry(e.base).name;
      const auto same = std::lower_bound(
          names.begin(), names.end(), name,
          [](const auto& one, std::string_view wanted) { return one.first < wanted; });
      if (same != names.end() && same->first == name)
        return taken(*same);
    }
    return {};
  }

  const page& from_;
  order_tree order_;
  std::vector<std::size_t> brought_of_; // by number
  std::vector<brought_entry> brought_;
};

/// A hash page's entries. Keys that changes name are looked up in a sorted list of them,
/// rather than in a table of all keys, which keys could be chosen for.
class hash_entries {
public:
  hash_entries(const page& from, std::span<const change> changes)
      : from_{from}, named_of_(from.size(), none) {
    for (const auto& c : changes)
      std::visit([&](const auto& one) { collect(one); }, c);
    const auto by_key = [](const named_key& a, const named_key& b) {
      return a.key < b.key;
    };
    const auto same = [](const named_key& a, const named_key& b) { return a.key == b.key; };
    std::sort(named_.begin(), named_.end(), by_key);
    named_.erase(std::unique(named_.begin(), named_.end(), same), named_.end());
    for (std::size_t i = 0; !named_.empty() && i < from.size(); ++i) {
      auto* const found = find(from.entry(i).name);
      if (found == nullptr)
        continue;
      *found = {found->key, i, none, true};
      named_of_[i] = static_cast<std::size_t>(found - named_.data());
    }
  }

  expected<void> apply(const entry_del& c, std::size_t) {
    return there(c.at).map([](named_key* k) { k->there = false; });
  }

  expected<void> apply(const entry_move&, std::size_t) {
    return failure(errc::bad_index, "a hash page's entries have no order to move in");
  }

  expected<void> apply(const entry_insert& c, std::size_t change) {
    const auto key = key_of(c.at);
    if (!key)
      return failure(key.error());
    if (!json::is_utf8(*key))
      return invalid("entry: a key that is not valid UTF-8");
    auto* const k = find(*key);
    if (k->there)
      return invalid("entry: the key " + json::quoted(*key) + " is taken");
    return own(*k, c.entry, change);
  }

  expected<void> apply(const entry_modify& c, std::size_t change) {
    const auto k = there(c.at);
    return k ? own(**k, c.entry, change) : failure(k.error());
  }

  /// The entries: those before in their order, then those that were brought.
  expected<std::vector<result_entry>> finish() {
    std::vector<result_entry> entries;
    for (std::size_t i = 0; i < from_.size(); ++i) {
      const auto* const k = named_of_[i] == none ? nullptr : &named_[named_of_[i]];
      if (k == nullptr || (k->there && k->brought == none))
        entries.push_back({i, nullptr});
      else if (k->there)
        entries.push_back({none, &brought_[k->brought]});
    }
    for (std::size_t i = 0; i < brought_.size(); ++i) {
      const auto* const k = find(brought_[i].name);
      if (k->there && k->brought == i && k->base == none)
        entries.push_back({none, &brought_[i]});
    }
    return entries;
  }

private:
  /// A key that a change names.
  struct named_key {
    std::string_view key;
    std::size_t base = none;    ///< where it is in the page before
    std::size_t brought = none; ///< what a change put there
    bool there = false;
  };

  template <class Change>
  void collect(const Change& c) {
    if constexpr (requires { c.at; })
      if (c.at.key() != nullptr)
        named_.push_back({*c.at.key()});
  }

  named_key* find(std::string_view key) {
    const auto found = std::lower_bound(
        named_.begin(), named_.end(), key,
        [](const named_key& k, std::string_view wanted) { return k.key < wanted; });
    return found != named_.end() && found->key == key ? &*found : nullptr;
  }

  expected<named_key*> there(const position& at) {
    const auto key = key_of(at);
    if (!key)
      return failure(key.error());
    auto* const k = find(*key);
    if (!k->there)
      return failure(errc::bad_index, "no entry " + json::quoted(*key));
    return k;
  }

  expected<void> own(named_key& k, const std::string& object, std::size_t change) {
    return bring(page_kind::hash, k.key, object, change).map([&](brought_entry e) {
      k.brought = brought_.size();
      k.there = true;
      brought_.push_back(std::move(e));
    });
  }

  const page& from_;
  std::vector<named_key> named_;      // by key
  std::vector<std::size_t> named_of_; // by index in the page before
  std::vector<brought_entry> brought_;
};

// -- the page -----------------------------------------------------------------

class pointers {
public:
  explicit pointers(const page& from) : ids_{from.head(), from.next(), from.prev()} {}

  expected<void> apply(const pointer_change& c) {
    if (auto ok = check_pointer(c.id); !ok)
      return ok;
    ids_[static_cast<std::size_t>(c.which)] =
        c.id ? std::optional<std::string_view>{*c.id} : std::nullopt;
    return {};
  }

  void set(page_builder& builder) const {
    builder.set_head(ids_[0]);
    builder.set_next(ids_[1]);
    builder.set_prev(ids_[2]);
  }

private:
  std::optional<std::string_view> ids_[3]; // as `page_pointer` counts
};

expected<page_ptr> build(const page_ptr& from, const pointers& ids,
                         const std::vector<result_entry>& entries) {
  const auto too_large = [] {
    return invalid("diff: the page is larger than " + std::to_string(limits::page_bytes) +
                   " bytes");
  };
  page_builder builder{from->kind(), from->id()};
  ids.set(builder);
  std::size_t added = 0;
  for (const auto& e : entries) {
    if (e.brought == nullptr) {
      builder.keep(from, e.base, e.base + 1);
      continue;
    }
    // Also told here, since a builder counts in 32 bits.
    added += e.brought->text.size();
    if (added > limits::page_bytes)
      return too_large();
    builder.add(e.brought->name, e.brought->signature, e.brought->text);
  }
  auto page = builder.finish();
  if (page->json_bytes_bound() > limits::page_bytes)
    return too_large();
  return page;
}

template <class Entries>
expected<page_ptr> replay_on(const page_ptr& from, std::span<const change> changes) {
  Entries entries{*from, changes};
  pointers ids{*from};
  for (std::size_t i = 0; i < changes.size(); ++i) {
    const auto done = std::visit(
        [&](const auto& c) {
          if constexpr (std::is_same_v<decltype(c), const pointer_change&>)
            return ids.apply(c);
          else
            return entries.apply(c, i);
        },
        changes[i]);
    if (!done)
      return at_change(i, done.error());
  }
  const auto result = entries.finish();
  return result ? build(from, ids, *result) : failure(result.error());
}

} // namespace

expected<page_ptr> replay(const page_ptr& from, std::span<const change> changes) {
  if (changes.empty())
    return from;
  return from->kind() == page_kind::array ? replay_on<array_entries>(from, changes)
                                          : replay_on<hash_entries>(from, changes);
}

} // namespace flok
