// How pages come into being. For the codec and for drafts; users have draft.hpp.
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "entry_block.hpp"
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
  void keep(const page_ptr& from, std::size_t first, std::size_t end);

  /// The page. Where it would keep alive too much beside what it uses, or refer to too many
  /// blocks, all is copied into one (limits.hpp).
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

  /// A page's runs and the blocks that they lie in.
  struct layout {
    std::vector<page::source> sources;
    std::vector<page::run> runs;
    block_size all;
    block_size added;
    std::vector<std::uint32_t> place_of; ///< in `sources`, of the other page's
    std::size_t kept_bytes = 0;          ///< of texts in blocks of the other page
  };

  template <class Visit>
  void each_piece(const part& kept, Visit visit) const;
  [[nodiscard]] layout lay_out() const;
  static void add_run(layout& l, std::uint32_t at, std::uint32_t source,
                      std::uint32_t shift);
  [[nodiscard]] std::uint32_t source_in(layout& l, std::uint32_t number) const;
  [[nodiscard]] bool must_rebuild(const layout& l) const;
  [[nodiscard]] std::uint32_t ids_bytes() const;
  void set_fields(page& p, const block_size& all) const;
  void put_hashed(page& p) const;
  [[nodiscard]] page_ptr make_whole(const block_size& all) const;
  [[nodiscard]] page::source make_added(const block_size& added) const;
  [[nodiscard]] page_ptr make_of_runs(layout l) const;

  page_kind kind_;
  std::string_view id_;
  std::optional<std::string_view> head_, next_, prev_;
  page_ptr from_;
  std::vector<part> parts_;
};

} // namespace flok
