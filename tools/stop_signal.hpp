// SIGINT, SIGTERM and SIGHUP as the end of input, so that a stopped shell pages out first.
#pragma once

#include <csignal>

namespace flok::tools {

/// While it lives, SIGINT, SIGTERM and SIGHUP make `fd` readable instead of ending the
/// process; those that come later end it again. From the first one on, a write to a closed
/// pipe is an error instead of a signal. One at a time in a process, in its first thread,
/// before there are others.
class stop_signal {
public:
  stop_signal();
  ~stop_signal();
  stop_signal(const stop_signal&) = delete;
  stop_signal& operator=(const stop_signal&) = delete;

  [[nodiscard]] int fd() const { return fd_; }

  /// Whether one has come.
  [[nodiscard]] bool stopped() const;

  /// From here on a signal ends the process again, as where all that is left to do may wait
  /// for a reader for ever; one that has come is forgotten, and `fd` stays silent.
  void release();

private:
  sigset_t before_{}; ///< the thread's mask
  int fd_ = -1;
};

} // namespace flok::tools
