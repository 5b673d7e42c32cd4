#include "tools/shell_session.hpp"

#include <condition_variable>
#include <mutex>
#include <utility>

#include "runtime/json_text.hpp"
#include "runtime/limits.hpp"
#include "tools/shell_actor.hpp"

namespace flok::tools {

class shell_session::impl {
public:
  impl(system& sys, const config& c, std::function<void(std::string)> print)
      : shared_{std::make_shared<session_shared>()} {
    shared_->sys = &sys;
    shared_->services = c;
    shared_->print = std::move(print);
    shared_->answered = [this] { answered(); };
    actor_ = spawn_function(sys.actors(), [shared = shared_](session_state::pointer self) {
      return state_of(self).start(shared);
    });
  }

  void add(shell_op op) {
    {
      std::unique_lock lock{mutex_};
      changed_.wait(lock, [&] { return unanswered_ < limits::unanswered_ops; });
      ++unanswered_;
    }
    bool idle = false;
    {
      const std::lock_guard lock{shared_->mutex};
      idle = shared_->inbox.empty();
      shared_->inbox.push_back(std::move(op));
    }
    if (idle)
      send_from_outside(actor_, wake_up{});
  }

  void finish() {
    shell_op op; // a drain that nobody sees the answer of
    op.kind = op_kind::drain;
    op.quiet = true;
    add(std::move(op));
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [&] { return unanswered_ == 0; });
  }

  void end() { caf::anon_send_exit(actor_, caf::exit_reason::user_shutdown); }

private:
  void answered() {
    const std::lock_guard lock{mutex_};
    --unanswered_;
    changed_.notify_all();
  }

  std::shared_ptr<session_shared> shared_;
  session_actor actor_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t unanswered_ = 0;
};

shell_session::shell_session(system& sys, const config& c,
                             std::function<void(std::string)> print)
    : impl_{std::make_unique<impl>(sys, c, std::move(print))} {}

shell_session::~shell_session() { impl_->end(); }

void shell_session::add(shell_op op) { impl_->add(std::move(op)); }

void shell_session::finish() { impl_->finish(); }

} // namespace flok::tools
