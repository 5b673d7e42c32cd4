#include "tools/stop_signal.hpp"

#include <array>

#include <poll.h>
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

} // namespace

stop_signal::stop_signal() {
  std::signal(SIGPIPE, SIG_IGN);
  // Threads that are started later inherit the mask.
  const auto set = stopping_signals();
  pthread_sigmask(SIG_BLOCK, &set, &before_);
  fd_ = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

stop_signal::~stop_signal() {
  release();
  if (fd_ >= 0)
    ::close(fd_);
}

void stop_signal::release() {
  signalfd_siginfo heeded{}; // what has come must not end the process below
  while (::read(fd_, &heeded, sizeof heeded) > 0)
    continue;
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

bool stop_signal::stopped() const {
  pollfd p{fd_, POLLIN, 0};
  return ::poll(&p, 1, 0) == 1;
}

} // namespace flok::tools
