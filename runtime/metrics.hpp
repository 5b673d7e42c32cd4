// What a system has counted and timed, as of one look (docs/metrics.md).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "errors.hpp"
#include "histogram.hpp"
#include "stats.hpp"

namespace flok {

struct namespace_metrics {
  std::string ns;
  namespace_stats stats;   ///< how it is now
  namespace_totals totals; ///< what happened so far

  latencies read;   ///< from when the vm takes a read up until it answers
  latencies write;  ///< of a write or an edit, likewise; a durable one's commit included
  latencies notify; ///< from when the vm sends a change until its last watcher takes it up
  latencies load;   ///< from when storage is asked for a page until the vm has its answer
};

struct metrics {
  std::vector<namespace_metrics> namespaces; ///< in the order of the configuration
  latencies page_out; ///< from when a batch is handed over until it is on disk

  /// What `on_problem` was told so far, by `errc`.
  std::array<std::uint64_t, errc_count> problems{};

  [[nodiscard]] std::uint64_t problems_of(errc code) const {
    return problems.at(static_cast<std::size_t>(code));
  }
};

} // namespace flok
