#include "actors/log.hpp"

#include <string>

#include <spdlog/logger.h>

#include "runtime/json_text.hpp"

namespace flok {

namespace {

spdlog::level::level_enum of(log_level level) {
  switch (level) {
  case log_level::info:
    return spdlog::level::info;
  case log_level::warning:
    return spdlog::level::warn;
  case log_level::error:
    return spdlog::level::err;
  }
  return spdlog::level::err;
}

} // namespace

bool event_log::wants(log_level level) const { return to_ && to_->should_log(of(level)); }

void event_log::write(log_level level, std::string_view event,
                      std::initializer_list<field> fields) const {
  if (!wants(level))
    return;
  std::string line{event};
  for (const auto& [name, value] : fields) {
    line += ' ';
    line += name;
    line += '=';
    if (const auto* text = std::get_if<std::string_view>(&value))
      json::append_string(line, *text);
    else
      line += std::to_string(std::get<std::uint64_t>(value));
  }
  to_->log(of(level), line);
}

} // namespace flok
