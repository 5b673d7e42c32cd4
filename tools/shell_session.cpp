#include "tools/shell_session.hpp"

#include <chrono>
#include <utility>

#include "runtime/limits.hpp"
#include "tools/shell_actor.hpp"

namespace flok::tools {

namespace {

constexpr std::chrono::milliseconds between_questions{100};

} // namespace

class shell_session::impl {
public:
  impl(system& sys, const config& c, session_sink sink)
      : shared_{std::make_shared<session_shared>()} {
    shared_->sys = &sys;
    shared_->services = c;
    shared_->sink = std::move(sink);
    actor_ = spawn_function(sys.actors(), [shared = shared_](session_state::pointer self) {
      return state_of(self).start(shared);
    });
  }

  bool add(shell_op op, const give_up& stop) {
    const auto room = [&] {
      return shared_->unanswered < limits::unanswered_ops &&
             shared_->unanswered_bytes <= limits::unanswered_bytes;
    };
    if (!wait_until(room, stop))
      return false;
    put(std::move(op));
    return true;
  }

  bool finish(const give_up& stop) {
    shell_op op; // a drain that nobody sees the answer of
    op.kind = op_kind::drain;
    op.quiet = true;
    put(std::move(op)); // however many are unanswered: some may wait for it
    return wait_until([&] { return shared_->unanswered == 0; }, stop);
  }

  [[nodiscard]] std::function<void()> waker() const {
    return [shared = shared_, actor = actor_] {
      shared->ready_again = true;
      send_from_outside(actor, wake_up{});
    };
  }

  void end() { caf::anon_send_exit(actor_, caf::exit_reason::user_shutdown); }

private:
  void put(shell_op op) {
    bool idle = false;
    {
      const std::lock_guard lock{shared_->mutex};
      ++shared_->unanswered;
      shared_->unanswered_bytes += op.bytes;
      idle = shared_->inbox.empty();
      shared_->inbox.push_back(std::move(op));
    }
    if (idle)
      send_from_outside(actor_, wake_up{});
  }

  /// False where `stop` said so first.
  template <class Condition>
  bool wait_until(Condition met, const give_up& stop) {
    std::unique_lock lock{shared_->mutex};
    while (!shared_->changed.wait_for(lock, between_questions, met)) {
      lock.unlock();
      if (stop && stop())
        return false;
      lock.lock();
    }
    return true;
  }

  std::shared_ptr<session_shared> shared_;
  session_actor actor_;
};

shell_session::shell_session(system& sys, const config& c, session_sink sink)
    : impl_{std::make_unique<impl>(sys, c, std::move(sink))} {}

shell_session::~shell_session() { impl_->end(); }

bool shell_session::add(shell_op op, const give_up& stop) {
  return impl_->add(std::move(op), stop);
}

bool shell_session::finish(const give_up& stop) { return impl_->finish(stop); }

std::function<void()> shell_session::waker() const { return impl_->waker(); }

} // namespace flok::tools
