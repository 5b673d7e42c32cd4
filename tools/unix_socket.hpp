// Unix sockets: one that a system is reached at, and connections to it.
#pragma once

#include <memory>
#include <string>

#include <sys/types.h>

#include "runtime/errors.hpp"
#include "tools/unique_fd.hpp"

namespace flok::tools {

/// A socket that this process listens on. Its file goes with it.
class listening_socket {
public:
  /// Makes the file, which only its owner may use (mode 0600). One that a dead process has
  /// left is replaced. Fails with `bad_config`, naming the path, where a living process
  /// listens there, where something else is there, where the path is too long or its folder
  /// is not there or may not be written.
  [[nodiscard]] static expected<listening_socket> open(std::string path);

  listening_socket(listening_socket&&) = default;
  listening_socket& operator=(listening_socket&&) = delete;
  ~listening_socket();

  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] const std::string& path() const { return path_; }

private:
  listening_socket(std::string path, unique_fd fd)
      : path_{std::move(path)}, fd_{std::move(fd)} {}

  std::string path_;
  unique_fd fd_;
  ino_t file_ = 0; ///< of the path: only this one is removed
  dev_t device_ = 0;
};

/// Connects to where a system listens. Fails with `bad_config`, saying what to do, also
/// where no connection is taken for five seconds; with `shutting_down` where `stop` becomes
/// readable meanwhile.
[[nodiscard]] expected<unique_fd> connect_to(const std::string& path, int stop = -1);

} // namespace flok::tools
