#include "bench/temp_directory.hpp"

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <string_view>
#include <system_error>

#include <unistd.h>

namespace flok::bench {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view prefix = "flok-bench-";

fs::path parent() {
  const char* wanted = std::getenv("TMPDIR");
  return wanted != nullptr && *wanted != '\0' ? wanted : FLOK_BENCH_BUILD_FOLDER;
}

/// The process that made a directory, whose number is in the name.
pid_t maker_of(std::string_view name) {
  pid_t pid = 0;
  if (name.starts_with(prefix))
    std::from_chars(name.data() + prefix.size(), name.data() + name.size(), pid);
  return pid;
}

void remove_left_ones(const fs::path& from) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator{from, ignored}) {
    const pid_t pid = maker_of(entry.path().filename().string());
    if (pid > 0 && ::kill(pid, 0) != 0 && errno == ESRCH)
      fs::remove_all(entry.path(), ignored);
  }
}

} // namespace

temp_directory::temp_directory() {
  remove_left_ones(parent());
  path_ = parent() / (std::string{prefix} + std::to_string(::getpid()) + "-XXXXXX");
  if (::mkdtemp(path_.data()) == nullptr)
    throw std::system_error{errno, std::generic_category(), "cannot make " + path_};
}

temp_directory::~temp_directory() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

} // namespace flok::bench
