// Parts of what the shell prints.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "actors/controller.hpp"
#include "runtime/metrics.hpp"

namespace flok::tools {

/// A further field of an answer: a comma, the key, and the value's JSON text.
[[nodiscard]] std::string field(std::string_view key, std::string_view json);

/// The lines of one message to a controller.
[[nodiscard]] std::string event_lines(const std::string& controller,
                                      std::span<const update> updates);

/// The line that tells a controller of a page that is gone.
[[nodiscard]] std::string removed_line(const std::string& controller,
                                       const removed_page& r);

/// One namespace's counts.
[[nodiscard]] std::string stats_text(const namespace_stats& s);

/// What `stats` says of all that was counted and timed: further fields of its answer.
[[nodiscard]] std::string metrics_fields(const metrics& m);

} // namespace flok::tools
