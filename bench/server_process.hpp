// Servers of peers: started and stopped with the workload, on a port of their own.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace flok::bench {

/// A port of loopback that nobody listens on.
[[nodiscard]] int free_port();

/// A server that runs as long as this object, and never longer than this process.
class server_process {
public:
  /// Starts the program, found where the shell would or in /usr/sbin, and waits until it
  /// listens on the port. Throws where it is not installed or does not start.
  server_process(const std::string& program, std::vector<std::string> arguments, int port);
  ~server_process();
  server_process(const server_process&) = delete;
  server_process& operator=(const server_process&) = delete;

private:
  [[nodiscard]] bool ended();

  pid_t pid_ = -1;
};

} // namespace flok::bench
