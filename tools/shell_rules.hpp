// What the shell's operations are to those that order and pace them.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "tools/shell_op.hpp"
#include "tools/shell_schedule.hpp"

namespace flok::tools {

[[nodiscard]] shell_schedule::kind kind_of(const shell_op& op);

/// Whether watchers may hear of it, or it undoes what they may hear of: that must not
/// overtake a watch that waits for its wave.
[[nodiscard]] bool causes_events(const shell_op& op);

/// Whether its answer has pages, or whatever else may be large: it waits for room.
[[nodiscard]] bool answers_at_length(const shell_op& op);

/// Whether that is the page that it names.
[[nodiscard]] bool reads_a_page(const shell_op& op);

/// Of others, how large the answer will be at most, about; none where that is not known.
[[nodiscard]] std::optional<std::size_t> bytes_of_answer(const shell_op& op);

/// Names a page among all namespaces'.
[[nodiscard]] std::string page_key(const shell_op& op);

} // namespace flok::tools
