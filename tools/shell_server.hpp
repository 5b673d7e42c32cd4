// Connections to a running system, each a conversation in the shell protocol.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <list>
#include <memory>
#include <mutex>
#include <thread>

#include "actors/system.hpp"
#include "tools/conversation.hpp"
#include "tools/unix_socket.hpp"

namespace flok::tools {

/// Accepts connections, in a thread of its own, and serves each in two: one reads, one
/// writes (docs/decisions/connections.md).
class shell_server {
public:
  /// All of these outlive it; the system must be there until `end_input` has returned.
  shell_server(system& sys, const listening_socket& at, audience& listeners);
  shell_server(const shell_server&) = delete;
  shell_server& operator=(const shell_server&) = delete;

  /// Waits a few seconds for those who still read what was printed for them.
  ~shell_server();

  /// No connection is accepted any more, and the inputs of those that are there count as
  /// ended. Waits until what they asked for is done, but not for long where it never is.
  void end_input();

private:
  struct connection {
    std::shared_ptr<unique_fd> fd;
    std::thread thread;
  };

  void accept_all();
  void accept_one();
  void refuse(const unique_fd& fd) const;
  void start(unique_fd fd);
  void serve(const std::shared_ptr<unique_fd>& fd);
  void talk(const std::shared_ptr<unique_fd>& fd, const std::shared_ptr<output>& out);
  void join_ended();
  [[nodiscard]] bool stopped_for(std::chrono::seconds time);

  system& sys_;
  const listening_socket& at_;
  audience& listeners_;
  unique_fd stop_;  ///< an eventfd, readable once all is to end
  unique_fd ended_; ///< one that tells that a connection has ended

  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t talking_ = 0;      ///< connections whose sessions have not ended
  std::list<connection> open_;   ///< guarded by `mutex_`, as are the others here
  std::list<connection> closed_; ///< their threads are about to end
  std::chrono::steady_clock::time_point stopped_at_ =
      std::chrono::steady_clock::time_point::max();

  std::thread acceptor_; ///< last: it uses all of these
};

} // namespace flok::tools
