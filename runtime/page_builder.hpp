// How pages come into being. For the codec and for drafts; users have draft.hpp.
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "page.hpp"

namespace flok {

/// Collects a page's fields and entries, then makes the page. All views must live until
/// `finish`; names must be unique, which the caller has checked.
class page_builder {
public:
  page_builder(page_kind kind, std::string_view id) : kind_{kind}, id_{id} {}

  void set_head(std::optional<std::string_view> id) { head_ = id; }
  void set_next(std::optional<std::string_view> id) { next_ = id; }
  void set_prev(std::optional<std::string_view> id) { prev_ = id; }

  void reserve(std::size_t added) { parts_.reserve(added); }

  /// Adds an entry whose text is copied. `text` is the entry's object in an array, key and
  /// object in a hash, valid JSON with `signature` as its `_sig` and `name` as its name.
  void add(std::string_view name, std::string_view signature, std::string_view text);

  /// Adds entries `first` to before `end` of `from` without copying their texts. `from` is
  /// the same page in all calls. The longer the runs, the less they cost.
  void keep(const page& from, std::size_t first, std::size_t end);

  /// The hash that a trusted record stores, so that it need not be made anew.
  void trust_hash(std::uint32_t hash) { hash_ = hash; }

  /// The page. Where it would keep alive too much beside what it uses, or refer to too many
  /// buffers, all texts are copied into one (limits.hpp).
  [[nodiscard]] page_ptr finish();

private:
  /// An entry that is added, or a run of entries that are kept.
  struct part {
    std::string_view name;
    std::string_view signature;
    std::string_view text;
    std::uint32_t first = 0; ///< of those kept, in the page that they are kept from
    std::uint32_t end = 0;

    [[nodiscard]] bool kept() const { return end != first; }
  };

  /// What a page of these parts takes.
  struct sizes {
    std::size_t entries = 0;
    std::size_t hashed = 0; ///< bytes that the hash covers
    std::size_t used = 0;   ///< bytes of texts
    std::size_t added = 0;  ///< bytes of new entries, with names that are no piece of them
  };

  [[nodiscard]] sizes measure() const;
  void lay_out(page& p, const sizes& s) const;
  std::uint32_t keep_run(page& p, std::size_t to, std::uint32_t at, const part& run) const;
  void copy_texts(page& p, bool all) const;
  [[nodiscard]] bool must_rebuild(const sizes& s) const;

  page_kind kind_;
  std::string_view id_;
  std::optional<std::string_view> head_, next_, prev_;
  std::optional<std::uint32_t> hash_;
  const page* from_ = nullptr;
  std::vector<part> parts_;
};

} // namespace flok
