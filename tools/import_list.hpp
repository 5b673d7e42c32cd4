// A JSON array as a list of pages.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/draft.hpp"
#include "runtime/errors.hpp"
#include "runtime/page.hpp"

namespace flok::tools {

struct list_options {
  std::string list;     ///< id of the head page
  std::string id_field; ///< member that becomes `_id`; empty: ids are kept, or made
  std::size_t per_page = 64;
};

/// The ids of entries that are there already, by what else the entries say: an import
/// without an id field gives the same entries the same ids again. Of several that say the
/// same, the first gets the first one's.
class known_ids {
public:
  void add(const page& p);

  /// The id of an entry that says the same, each given once, or an empty text.
  [[nodiscard]] std::string take(std::string_view entry);

private:
  std::multimap<std::string, std::string> ids_;
};

/// The elements of the array that `pointer` names in `text`. Fails with `bad_request`.
[[nodiscard]] expected<std::vector<std::string_view>>
list_entries(std::string_view text, std::string_view pointer);

/// The list's pages: the head page first, whose `_next` is `LIST-1`, then the chain, linked
/// by `_head`, `_next` and `_prev`. Every entry as it was, plus `_id` and `_sig`. Fails
/// with `invalid_page`, naming the entry.
[[nodiscard]] expected<std::vector<page_ptr>>
make_list(const std::vector<std::string_view>& entries, const list_options& options,
          known_ids known, const id_source& ids);

} // namespace flok::tools
