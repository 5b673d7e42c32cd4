// The tool as a child process, with its standard streams in the test's hands.
#pragma once

#include <array>
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "tests/tools/shell_process.hpp"

namespace flok::testing {

/// How the tool's standard streams are to be.
struct stream_setup {
  std::vector<int> closed;         ///< those that it does not get at all
  bool output_nonblocking = false; ///< its output is a pipe that says EAGAIN when full
  bool errors_to_terminal = false; ///< its stderr is a terminal, read with the output
  bool errors_unread = false;      ///< its stderr is a full pipe that nobody reads
};

/// The tool with pipes as its input and output. Other than `shell_process` it moves no byte
/// unless it is told to, so that a reader that does not read, a closed stream, or a signal
/// can be played. Waits that are to succeed have a deadline of a minute; passing it throws
/// `std::runtime_error` with what the tool wrote to stderr. One thread only.
class tool_process {
public:
  using milliseconds = std::chrono::milliseconds;

  explicit tool_process(const strings& arguments, const stream_setup& setup = {});
  ~tool_process(); ///< a tool that still runs is killed
  tool_process(const tool_process&) = delete;
  tool_process& operator=(const tool_process&) = delete;

  /// Writes without reading, until all is written or nothing more is taken for as long as
  /// `patience`. Returns how many bytes were written.
  std::size_t push(std::string_view bytes, milliseconds patience);

  /// Writes the bytes, reads meanwhile, closes the input, and returns all output.
  std::string exchange(std::string_view bytes);

  /// Reads until the output ends, the input left open.
  std::string read_rest();

  /// The next line of the output, without its end.
  std::string read_line();

  void close_input();
  void close_output();
  void signal(int number) const;

  /// Whether the tool ends within that time.
  bool ends_within(milliseconds time) const;

  /// Its exit status, or 128 and the signal's number.
  int wait();

  /// What it wrote to stderr so far.
  [[nodiscard]] std::string errors() const;

  /// Its resident memory, now and at its most.
  [[nodiscard]] std::size_t resident_bytes() const;
  [[nodiscard]] std::size_t most_resident_bytes() const;

private:
  struct pipes;
  using deadline = std::chrono::steady_clock::time_point;

  void start(const strings& arguments, const pipes& theirs, const stream_setup& setup);
  void open_terminal();
  void fill_unread_errors();
  void pump(std::string_view& unsent, deadline until);
  bool read_from(int& fd, std::string& into);
  [[noreturn]] void give_up(const std::string& why) const;

  pid_t pid_ = -1;
  int in_ = -1;
  int out_ = -1;
  int life_ = -1; ///< ends when the tool does
  int err_ = -1;  ///< a file
  int terminal_ = -1;
  std::array<int, 2> unread_errors_{-1, -1}; ///< both ends of a full pipe
  std::string terminal_name_;
  std::string terminal_text_;
  std::string unread_; ///< output that nobody took
};

struct tool_result {
  int status = 0;
  std::string output;
  std::string errors;
};

/// Runs the tool to its end.
tool_result run_tool(const strings& arguments, std::string_view input = {},
                     const stream_setup& setup = {});

} // namespace flok::testing
