// `flok shell --connect`: standard streams, relayed to and from a running system.
#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tools/commands.hpp"
#include "tools/stop_signal.hpp"
#include "tools/unix_socket.hpp"

namespace flok::tools {

namespace {

constexpr std::size_t chunk_bytes = std::size_t{64} << 10U;

int complain(const std::string& message, int code) {
  std::fprintf(stderr, "flok shell: %s\n", message.c_str());
  return code;
}

/// 0 once all is written, or an errno; ECANCELED where `stop` is readable, and where one
/// would have to wait.
int write_all(int fd, const char* bytes, std::size_t size, int stop) {
  while (size != 0) {
    const auto done = ::write(fd, bytes, size);
    if (done > 0) {
      bytes += done;
      size -= static_cast<std::size_t>(done);
    } else if (errno == EAGAIN) {
      std::array<pollfd, 2> fds{{{fd, POLLOUT, 0}, {stop, POLLIN, 0}}};
      if (::poll(fds.data(), fds.size(), -1) > 0 && fds[0].revents == 0)
        return ECANCELED;
    } else if (errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

/// How one direction has ended: all zero and false at the end of the input.
struct ending {
  int read_error = 0;
  int write_error = 0;
  bool stopped = false; ///< by a signal
  bool over = false;    ///< the other direction has ended
};

/// When something was copied last.
using progress_time = std::atomic<std::chrono::steady_clock::time_point>;

/// Copies until the input ends.
ending copy(int from, int to, progress_time& last, int stop = -1, int over = -1) {
  const auto chunk = std::make_unique_for_overwrite<char[]>(chunk_bytes);
  for (;;) {
    std::array<pollfd, 3> fds{{{from, POLLIN, 0}, {stop, POLLIN, 0}, {over, POLLIN, 0}}};
    if (::poll(fds.data(), fds.size(), -1) < 0)
      continue;
    if (fds[1].revents != 0 || fds[2].revents != 0)
      return {0, 0, fds[1].revents != 0, fds[2].revents != 0};
    const auto got = ::read(from, chunk.get(), chunk_bytes);
    if (got == 0)
      return {};
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
      continue;
    if (got < 0)
      return {errno, 0, false, false};
    last = std::chrono::steady_clock::now();
    const int failed = write_all(to, chunk.get(), static_cast<std::size_t>(got), stop);
    if (failed != 0)
      return {0, failed == ECANCELED ? 0 : failed, failed == ECANCELED, false};
    last = std::chrono::steady_clock::now();
  }
}

/// Waits for the other direction's end; false where a signal has asked to end, and nothing
/// has been copied for as long as the patience is.
bool wait_for(int over, bool stopped, const progress_time& last) {
  constexpr std::chrono::milliseconds between_looks{100};
  constexpr std::chrono::seconds patience{3};
  const auto asked = std::chrono::steady_clock::now();
  pollfd p{over, POLLIN, 0};
  while (::poll(&p, 1, between_looks.count()) != 1)
    if (stopped &&
        std::chrono::steady_clock::now() - std::max(asked, last.load()) > patience)
      return false;
  return true;
}

int report(const ending& sent, const ending& received) {
  if (received.write_error != 0)
    return complain("the output cannot be written", exit_failed);
  if (sent.read_error != 0)
    return complain(std::string{"the input cannot be read: "} +
                        std::strerror(sent.read_error),
                    exit_failed);
  if (sent.over || sent.write_error != 0 || received.read_error != 0)
    return complain("the system has ended the connection", exit_failed);
  return exit_ok;
}

} // namespace

int run_connected_shell(const std::string& path) {
  std::optional<stop_signal> stop{std::in_place};
  const auto socket = connect_to(path, stop->fd());
  if (!socket)
    return stop->stopped() ? exit_ok : complain(socket.error().message, exit_usage);
  ::fcntl(socket->get(), F_SETFL, O_NONBLOCK); // a signal is heeded while it takes nothing
  const unique_fd over{::eventfd(0, EFD_CLOEXEC)};
  progress_time last = std::chrono::steady_clock::now();
  ending received;
  std::thread receiver{[&] {
    received = copy(socket->get(), STDOUT_FILENO, last);
    if (received.write_error != 0) // nobody reads: the system takes nothing more, either
      ::shutdown(socket->get(), SHUT_RDWR);
    (void)::eventfd_write(over.get(), 1);
  }};
  const auto sent = copy(STDIN_FILENO, socket->get(), last, stop->fd(), over.get());
  ::shutdown(socket->get(), SHUT_WR);
  stop.reset(); // who will not read the rest may be ended by a signal
  if (!wait_for(over.get(), sent.stopped, last)) {
    complain("the rest is lost: the system says nothing more, or nobody reads the output",
             exit_failed);
    std::_Exit(exit_failed); // the thread that writes may wait for a reader for ever
  }
  receiver.join();
  return report(sent, received);
}

} // namespace flok::tools
