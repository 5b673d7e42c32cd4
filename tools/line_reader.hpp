// Lines from a file descriptor.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace flok::tools {

/// Splits what a file descriptor delivers into lines. One thread.
class line_reader {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// Does not own `fd`. A line may have at most `longest` bytes, its LF not counted. When
  /// `stop_fd`, if there is one, becomes readable, the input counts as ended.
  line_reader(int fd, std::size_t longest, int stop_fd = -1)
      : fd_{fd}, stop_fd_{stop_fd}, longest_{longest} {}

  struct line {
    std::string text;      ///< without its LF; a CR before that stays, JSON's white space
    bool too_long = false; ///< it is skipped, and `text` is empty: told at once
    bool ended = true;     ///< false for a last line without its LF
  };

  /// The next lines, as many as came together; none at the end of input. A last line
  /// without a line end is one too, but not one that a request to stop or an error cut off.
  [[nodiscard]] std::vector<line> next();

  [[nodiscard]] std::size_t longest() const { return longest_; }

  /// How long lines may be from now on, and until when one must have come: then the input
  /// counts as cut off, with the error ETIMEDOUT. None: for ever.
  void expect(std::size_t longest, std::optional<time_point> until) {
    longest_ = longest;
    until_ = until;
  }

  /// Why the input could not be read to its end, or 0: an `errno`.
  [[nodiscard]] int error() const { return error_; }

private:
  void split(const char* bytes, std::size_t size, std::vector<line>& out);
  [[nodiscard]] bool wait();
  [[nodiscard]] ssize_t read_some(char* to);

  int fd_;
  int stop_fd_;
  std::size_t longest_;
  std::optional<time_point> until_;
  std::string rest_;      ///< of a line whose end has not come yet
  bool skipping_ = false; ///< it is too long, and was told so
  bool ended_ = false;
  int error_ = 0;
};

} // namespace flok::tools
