// From a configuration file to a running system.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "system.hpp"

namespace flok {

struct open_options {
  std::string config_file;

  /// The data directory; stands over the configuration's `storage.path`, which is relative
  /// to the configuration's folder. Without either, nothing is kept.
  std::optional<std::string> data = {};

  /// Gets failures that nobody waits for; without it they go to
  /// stderr (system.hpp).
  std::function<void(const error&)> on_problem = {};

  /// Serves metrics where the configuration has `metrics` (system.hpp).
  metrics_exporter exporter = {};
  preparation prepare{}; ///< system.hpp

  /// Gets lines for people (system.hpp).
  std::shared_ptr<spdlog::logger> logger = {};
};

/// Starts a system with these pagers (`builtin_pagers()`, or a registry of one's own).
/// Fails with `bad_config` (file, path, reason) or `storage_failure` before anything has
/// started.
[[nodiscard]] expected<std::unique_ptr<system>>
open(const open_options& options, const std::shared_ptr<const pager_source>& pagers);

/// Reads the configuration file as `open` does.
[[nodiscard]] expected<system_options> read_options(const open_options& options,
                                                    const pager_source& pagers);

} // namespace flok
