// What people read about a system: one line for each event, in a form that programs read
// too (docs/decisions/logging.md). Private to flok; who embeds it gives a logger
// (system.hpp).
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string_view>
#include <utility>
#include <variant>

namespace spdlog {
class logger;
} // namespace spdlog

namespace flok {

enum class log_level : std::uint8_t { info, warning, error };

/// Writes lines such as `pager_restart namespace="user" after_ms=10` to a logger of
/// spdlog's, or, without one, nowhere. Any thread may call; what the logger throws is its
/// own error handler's.
class event_log {
public:
  struct field {
    std::string_view name;
    std::variant<std::string_view, std::uint64_t> value; ///< texts are quoted as in JSON
  };

  explicit event_log(std::shared_ptr<spdlog::logger> to = nullptr) : to_{std::move(to)} {}

  /// Whether a line of that level goes anywhere.
  [[nodiscard]] bool wants(log_level level) const;

  void write(log_level level, std::string_view event,
             std::initializer_list<field> fields) const;

private:
  std::shared_ptr<spdlog::logger> to_;
};

} // namespace flok
