// One conversation in the shell protocol.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "actors/system.hpp"
#include "tools/shell_op.hpp"

namespace flok::tools {

/// Performs operations in an actor of its own, and gives each answer and event, as one or
/// more whole lines, to `print`, which must not block and may be called from several
/// actors.
class shell_session {
public:
  shell_session(system& sys, const config& c, std::function<void(std::string)> print);
  shell_session(const shell_session&) = delete;
  shell_session& operator=(const shell_session&) = delete;
  ~shell_session(); ///< ends its controllers; call `finish` before to have all answers

  /// Adds an operation behind those before it; waits where too many are unanswered
  /// (`limits::unanswered_ops`). One thread, which must not be an actor's.
  void add(shell_op op);

  /// Waits until all operations are answered and all events that they caused are printed.
  void finish();

private:
  class impl;
  std::unique_ptr<impl> impl_;
};

} // namespace flok::tools
