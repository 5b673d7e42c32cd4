// `flok shell --connect`: standard streams, relayed to and from a running system.
#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <thread>

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tools/commands.hpp"
#include "tools/open_store.hpp"
#include "tools/stop_signal.hpp"
#include "tools/unix_socket.hpp"
#include "tools/writing.hpp"

namespace flok::tools {

namespace {

constexpr std::size_t chunk_bytes = std::size_t{64} << 10U;

int fail(const std::string& why) { return complain("shell", why, exit_failed); }

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
  const auto taken = [&] { last = std::chrono::steady_clock::now(); };
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
    taken();
    const int failed =
        write_all(to, {chunk.get(), static_cast<std::size_t>(got)}, stop, taken);
    if (failed != 0)
      return {0, failed == ECANCELED ? 0 : failed, failed == ECANCELED, false};
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
    return fail("the output cannot be written");
  if (sent.read_error != 0)
    return fail(std::string{"the input cannot be read: "} + std::strerror(sent.read_error));
  if (sent.over || sent.write_error != 0 || received.read_error != 0)
    return fail("the system has ended the connection");
  return exit_ok;
}

} // namespace

int run_connected_shell(const std::string& path) {
  stop_signal stop;
  const auto socket = connect_to(path, stop.fd());
  if (!socket)
    return complain_unless_stopped(stop, "shell", socket.error());
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
  const auto sent = copy(STDIN_FILENO, socket->get(), last, stop.fd(), over.get());
  ::shutdown(socket->get(), SHUT_WR);
  stop.release(); // who will not read the rest may be ended by a signal
  if (!wait_for(over.get(), sent.stopped, last)) {
    fail("the rest is lost: the system says nothing more, or nobody reads the output");
    std::_Exit(exit_failed); // the thread that writes may wait for a reader for ever
  }
  receiver.join();
  return report(sent, received);
}

} // namespace flok::tools
