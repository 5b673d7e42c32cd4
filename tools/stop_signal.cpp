#include "tools/stop_signal.hpp"

#include <array>
#include <utility>

#include <poll.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace flok::tools {

namespace {

sigset_t stopping_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : std::array{SIGINT, SIGTERM, SIGHUP})
    sigaddset(&set, signal);
  return set;
}

/// Readable once a signal is, or nobody reads the output any more; none where the output is
/// a file, which has no reader.
unique_fd either(int signals, int output) {
  unique_fd both{::epoll_create1(EPOLL_CLOEXEC)};
  epoll_event hung_up{}; // is always told
  epoll_event readable{};
  readable.events = EPOLLIN;
  const auto add = [&](int fd, epoll_event& what) {
    return ::epoll_ctl(both.get(), EPOLL_CTL_ADD, fd, &what) == 0;
  };
  return add(output, hung_up) && add(signals, readable) ? std::move(both) : unique_fd{};
}

} // namespace

stop_signal::stop_signal(int output) : output_{output} {
  std::signal(SIGPIPE, SIG_IGN);
  // Threads that are started later inherit the mask.
  const auto set = stopping_signals();
  pthread_sigmask(SIG_BLOCK, &set, &before_);
  signals_ = unique_fd{signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)};
  if (output >= 0)
    both_ = either(signals_.get(), output);
}

stop_signal::~stop_signal() { release(); }

void stop_signal::release() {
  signalfd_siginfo heeded{}; // what has come must not end the process below
  while (::read(signals_.get(), &heeded, sizeof heeded) > 0)
    continue;
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

bool stop_signal::stopped() const {
  pollfd p{signals_.get(), POLLIN, 0};
  return ::poll(&p, 1, 0) == 1;
}

bool stop_signal::unread() const {
  pollfd p{output_, 0, 0};
  return ::poll(&p, 1, 0) == 1;
}

} // namespace flok::tools
