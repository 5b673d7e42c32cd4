// Pages of a running system, over its socket.
#pragma once

#include <memory>
#include <string>

#include "tools/page_source.hpp"

namespace flok::tools {

/// Both fail as `shell_client::connect` does.
[[nodiscard]] expected<std::unique_ptr<page_source>>
open_connected_source(const std::string& socket);
[[nodiscard]] expected<std::unique_ptr<page_target>>
open_connected_target(const std::string& socket);

} // namespace flok::tools
