// What a `spec` pager has heard.
#pragma once

#include <string_view>

#include <nlohmann/json.hpp>

namespace flok {
class service;
}

namespace flok::testing {

class virtual_system;

/// The record of the `spec` pager that owns the namespace, as the shell's `log` prints it:
///
///     {"init": {"ns": NS, "options": {}}, "watch": [{"id": ID, "page": PAGE}, ...],
///      "unwatch": [ID, ...], "write": [PAGE, ...]}
///
/// Throws `failed` where another pager owns it, or none.
nlohmann::json spec_log(virtual_system& sys, std::string_view ns);

/// The same with real threads; it blocks until the pager answers.
nlohmann::json spec_log(service& sys, std::string_view ns);

} // namespace flok::testing
