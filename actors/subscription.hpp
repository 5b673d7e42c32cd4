// A page that a program's own callback watches, without a controller.
#pragma once

#include <memory>
#include <utility>

namespace flok {

class watch_state;

/// A watch, made by `service::watch`. It ends with this handle, or with `stop`.
///
/// - The callbacks of one watch run one at a time, in the order of the events, on the actor
///   system's threads; those of several watches may run at once. One that blocks holds up
///   what that thread would have run.
/// - The first may run before `watch` has returned.
/// - When `stop` or the destructor returns, no callback runs or will run, and what they had
///   is destroyed. It waits for one that is running: let the calling thread hold nothing
///   that the callback waits for.
/// - Within the watch's own callback both return at once: it is the last, and what it holds
///   goes when it returns.
/// - A callback that throws ends its watch alone; `on_problem` is told `controller_down`.
/// - It may outlive what it watches, which ends the watch when it is closed.
class [[nodiscard]] subscription {
public:
  subscription() = default; ///< of nothing
  explicit subscription(std::shared_ptr<watch_state> state) : state_{std::move(state)} {}
  subscription(subscription&& other) noexcept = default;
  subscription& operator=(subscription&& other) noexcept; ///< ends the one that was here
  ~subscription();

  /// Ends the watch; again does nothing. Any thread, but one at a time with a move.
  void stop();

  /// False once the watch has ended, whatever has ended it. Any thread.
  [[nodiscard]] bool active() const;

private:
  std::shared_ptr<watch_state> state_;
};

} // namespace flok
