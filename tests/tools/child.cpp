#include "tests/tools/child.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <iterator>
#include <system_error>
#include <utility>

#include <unistd.h>

namespace flok::testing {

void fail_with_errno(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

void close_fd(int& fd) {
  if (fd >= 0)
    ::close(fd);
  fd = -1;
}

spawn_actions::spawn_actions() { posix_spawn_file_actions_init(&actions_); }

spawn_actions::~spawn_actions() { posix_spawn_file_actions_destroy(&actions_); }

pid_t start_tool(std::vector<std::string> arguments, spawn_actions& actions) {
  return start_program(FLOK_TOOL, std::move(arguments), actions);
}

pid_t start_program(std::string path, std::vector<std::string> arguments,
                    spawn_actions& actions) {
  std::vector<char*> argv{path.data()};
  std::transform(arguments.begin(), arguments.end(), std::back_inserter(argv),
                 [](std::string& text) { return text.data(); });
  argv.push_back(nullptr);

  posix_spawnattr_t attributes{};
  posix_spawnattr_init(&attributes);
  sigset_t defaults;
  sigemptyset(&defaults);
  sigaddset(&defaults, SIGPIPE);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  pid_t child = -1;
  errno =
      ::posix_spawn(&child, path.c_str(), actions.get(), &attributes, argv.data(), environ);
  posix_spawnattr_destroy(&attributes);
  if (errno != 0)
    fail_with_errno(path.c_str());
  return child;
}

} // namespace flok::testing
