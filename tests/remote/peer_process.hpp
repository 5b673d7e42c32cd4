// tests/remote/peer.cpp as a child process.
#pragma once

#include <optional>
#include <string>

#include <sys/types.h>

#include "remote/networking.hpp"

namespace flok::testing {

/// Killed and waited for at the end.
class peer_process {
public:
  peer_process(const std::string& mode, std::uint16_t port,
               const std::optional<tls_options>& tls);
  ~peer_process();
  peer_process(const peer_process&) = delete;
  peer_process& operator=(const peer_process&) = delete;

  /// The next line that it prints.
  [[nodiscard]] std::string line();

  /// Gives it a line.
  void tell(const std::string& what);

  /// Stops it (SIGSTOP), and waits until it has stopped.
  void stop() const;

  /// SIGKILL, and waits until it has gone.
  void kill();

private:
  pid_t child_ = -1;
  int to_ = -1;
  int from_ = -1;
  std::string read_;
};

} // namespace flok::testing
