// One conversation in the shell protocol.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "actors/system.hpp"
#include "tools/shell_op.hpp"

namespace flok::tools {

/// Where a session's answers and events go. Its functions are called by several actors, may
/// outlive the session by a moment, and must not block.
struct session_sink {
  /// Gets one or more whole lines.
  std::function<void(std::string)> print;

  /// Whether there is room for more; after false, the session's `waker` is to be called
  /// once there is. `must`: an event cannot wait, since its controller asks for every
  /// version, and true is expected. Null: always.
  std::function<bool(bool must)> ready = {};

  /// Whether anybody reads still, for whom it is worth making lines. Null: always.
  std::function<bool()> heard = {};
};

/// Performs operations in an actor of its own, with controllers of its own. Many sessions
/// may run over one system.
class shell_session {
public:
  shell_session(system& sys, const config& c, session_sink sink);
  shell_session(const shell_session&) = delete;
  shell_session& operator=(const shell_session&) = delete;
  ~shell_session(); ///< ends its controllers; call `finish` before to have all answers

  /// Gives up a wait; asked several times a second.
  using give_up = std::function<bool()>;

  /// Adds an operation behind those before it; waits where too many are unanswered
  /// (`limits::unanswered_ops`, and `unanswered_bytes` of their lines). False where it gave
  /// up. One thread, not an actor's.
  bool add(shell_op op, const give_up& stop = {});

  /// Waits until all operations are answered and all events that they caused are printed:
  /// for as long as the sink is not ready, that is. False where it gave up.
  bool finish(const give_up& stop = {});

  /// To be called once the sink is ready again. Any thread may, also after the session's
  /// end.
  [[nodiscard]] std::function<void()> waker() const;

private:
  class impl;
  std::unique_ptr<impl> impl_;
};

} // namespace flok::tools
