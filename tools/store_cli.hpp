// The command lines of the subcommands for those who look after a store.
#pragma once

#include <functional>

namespace CLI { // NOLINT(readability-identifier-naming): the library's name
class App;
}

namespace flok::tools {

/// Adds them to `app`. The one that is given is in `chosen` once the line is parsed, with
/// its arguments, which `chosen` owns.
void add_store_commands(CLI::App& app, std::function<int()>& chosen);

} // namespace flok::tools
