// The manual page, made from the command line's description.
#pragma once

#include <string>

namespace CLI { // NOLINT(readability-identifier-naming): the library's name
class App;
}

namespace flok::tools {

/// flok(1) as roff, with every subcommand and option that --help tells of.
[[nodiscard]] std::string man_page(const CLI::App& app, const std::string& version);

} // namespace flok::tools
