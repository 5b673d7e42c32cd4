#include "runtime/errors.hpp"

#include <array>

namespace flok {

std::string_view to_string(errc code) noexcept {
  static constexpr std::array<std::string_view, errc_count> names = {
      "bad_request",        "bad_config",    "unknown_op",      "unknown_namespace",
      "unknown_controller", "invalid_page",  "bad_index",       "no_such_page",
      "id_too_long",        "conflict",      "unsupported",     "pager_down",
      "storage_failure",    "shutting_down", "controller_down", "connection_lost",
  };
  return names.at(static_cast<std::size_t>(code));
}

} // namespace flok
