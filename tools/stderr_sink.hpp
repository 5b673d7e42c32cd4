// Where the tool's log goes.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include "tools/writing.hpp"

namespace flok::tools {

/// Standard error. A line for which there is no room, since nobody reads, is dropped and
/// counted: whoever logs waits for nobody. Any thread may call.
class stderr_sink final : public spdlog::sinks::base_sink<std::mutex> {
private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    std::string text{line.data(), line.size()};
    if (dropped_ != 0)
      text = "(" + std::to_string(dropped_) + " lines before were not read)\n" + text;
    dropped_ = write_at_once(STDERR_FILENO, std::move(text)) ? 0 : dropped_ + 1;
  }
  void flush_() override {}

  std::uint64_t dropped_ = 0;
};

/// Has spdlog's default logger write there.
inline void log_to_stderr() {
  spdlog::set_default_logger(
      std::make_shared<spdlog::logger>("flok", std::make_shared<stderr_sink>()));
}

} // namespace flok::tools
