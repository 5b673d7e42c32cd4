// The tool as a child process: what shell_process and tool_process start it with.
#pragma once

#include <string>
#include <vector>

#include <spawn.h>
#include <sys/types.h>

namespace flok::testing {

/// Throws errno as an exception that says what failed.
[[noreturn]] void fail_with_errno(const char* what);

/// Closes what is open, and forgets it.
void close_fd(int& fd);

/// What the child does with its descriptors before it begins.
class spawn_actions {
public:
  spawn_actions();
  ~spawn_actions();
  spawn_actions(const spawn_actions&) = delete;
  spawn_actions& operator=(const spawn_actions&) = delete;

  [[nodiscard]] posix_spawn_file_actions_t* get() { return &actions_; }

private:
  posix_spawn_file_actions_t actions_{};
};

/// Starts a program with SIGPIPE as it is by default. Throws where it cannot be started.
[[nodiscard]] pid_t start_program(std::string path, std::vector<std::string> arguments,
                                  spawn_actions& actions);

/// Starts the tool so.
[[nodiscard]] pid_t start_tool(std::vector<std::string> arguments, spawn_actions& actions);

} // namespace flok::testing
