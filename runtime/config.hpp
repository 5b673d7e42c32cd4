// The configuration, services.json (docs/configuration.md).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "errors.hpp"
#include "limits.hpp"

namespace flok {

/// One namespace and the pager that owns it.
struct pager_config {
  std::string name;           ///< the kind of pager, as the registry knows it
  std::string ns;             ///< the namespace, unique in the configuration
  std::string options = "{}"; ///< JSON text of an object, given to the pager's `init`
};

struct pageout_config {
  std::uint64_t interval_ms = limits::interval_ms_default;
  std::uint64_t max_dirty = limits::max_dirty_default; ///< pages; at this many, at once
};

struct cache_config {
  std::uint64_t max_bytes = 0; ///< of pages in memory; 0, not to be written: no bound
};

/// Where other processes reach a system that the flok command runs.
struct listen_config {
  std::string unix_path; ///< of a Unix socket, as written
};

struct metrics_config {
  /// Where metrics are served, `HOST:PORT`: an IPv4 address, or an IPv6 one in brackets,
  /// and a port, 0 for a free one. Empty: nowhere.
  std::string listen;
};

struct config {
  std::vector<pager_config> pagers;
  std::optional<std::string> storage_path; ///< as written; none: nothing is kept
  pageout_config pageout;
  cache_config cache;
  std::optional<listen_config> listen; ///< for the flok command; none: nobody does
  metrics_config metrics;
  bool debug = false;
};

/// A kind of pager that a configuration may name.
struct pager_kind {
  std::string name;
  bool debug_only = false;

  /// Checks its options, the JSON text of an object; none: any will do. What it says of a
  /// failure is told with the file and the path.
  std::function<expected<void>(std::string_view)> check = {};
};

/// Reads a configuration. `file` only names it in errors, which read
/// `FILE: /path/to/field: reason` and have the code `bad_config`.
[[nodiscard]] expected<config> parse_config(std::string_view text, std::string_view file,
                                            std::span<const pager_kind> known);

/// Checks what `parse_config` does, for a configuration that was made in a program.
[[nodiscard]] expected<void> check_config(const config& c, std::string_view file,
                                          std::span<const pager_kind> known);

} // namespace flok
