// SIGINT, SIGTERM and SIGHUP as the end of input, so that a stopped shell pages out first.
#pragma once

#include <csignal>

#include "tools/unique_fd.hpp"

namespace flok::tools {

/// While it lives, SIGINT, SIGTERM and SIGHUP make `fd` readable instead of ending the
/// process; those that come later end it again. From the first one on, a write to a closed
/// pipe is an error instead of a signal. One at a time in a process, in its first thread,
/// before there are others.
class stop_signal {
public:
  /// With an `output`, which it does not own, `fd` becomes readable also once nobody reads
  /// there any more.
  explicit stop_signal(int output = -1);
  ~stop_signal();
  stop_signal(const stop_signal&) = delete;
  stop_signal& operator=(const stop_signal&) = delete;

  [[nodiscard]] int fd() const { return both_ ? both_.get() : signals_.get(); }

  /// Whether a signal has come.
  [[nodiscard]] bool stopped() const;

  /// Whether nobody reads the output any more.
  [[nodiscard]] bool unread() const;

  /// From here on a signal ends the process again, as where all that is left to do may wait
  /// for a reader for ever; one that has come is forgotten.
  void release();

private:
  sigset_t before_{}; ///< the thread's mask
  int output_;
  unique_fd signals_;
  unique_fd both_; ///< an epoll instance, where there is an output that can be left unread
};

} // namespace flok::tools
