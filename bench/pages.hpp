// Pages to measure with.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "runtime/page.hpp"

namespace flok::bench {

/// A page's JSON: `entries` entries named "entry-0" on, each with a signature of 16
/// characters and a field that makes the entry about `entry_bytes` long. `version` shows in
/// each entry.
[[nodiscard]] std::string page_json(page_kind kind, const std::string& id,
                                    std::size_t entries, std::size_t entry_bytes = 64,
                                    std::size_t version = 0);

/// The same, as a page.
[[nodiscard]] page_ptr make_page(page_kind kind, const std::string& id, std::size_t entries,
                                 std::size_t entry_bytes = 64, std::size_t version = 0);

/// How many entries pages have where it is measured how a cost grows with them.
[[nodiscard]] std::vector<std::size_t> page_sizes();

} // namespace flok::bench
