// The actor behind a shell session. Private to the session.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "actors/controller_actor.hpp"
#include "actors/system.hpp"
#include "tools/shell_op.hpp"
#include "tools/shell_pace.hpp"
#include "tools/shell_room.hpp"
#include "tools/shell_schedule.hpp"
#include "tools/shell_session.hpp"

namespace flok::tools {

/// Told that there are operations in the inbox.
using session_actor = interface<handles<wake_up>>;

/// What the session, its actor and its controllers share.
struct session_shared {
  system* sys = nullptr;
  config services;
  session_sink sink;

  std::atomic<bool> ready_again = false; ///< what waits for the output's reader may go on
  std::atomic<bool> ending = false;      ///< no operation follows: nobody is waited for

  std::mutex mutex;
  std::condition_variable changed;  ///< `unanswered` has become less
  std::size_t unanswered = 0;       ///< guarded by `mutex`, as is what follows
  std::size_t unanswered_bytes = 0; ///< of their lines
  std::deque<shell_op> inbox;

  /// Whether anybody reads what is printed.
  [[nodiscard]] bool heard() const { return !sink.heard || sink.heard(); }

  void answered(const shell_op& op) {
    const std::lock_guard lock{mutex};
    --unanswered;
    unanswered_bytes -= op.bytes;
    changed.notify_all();
  }
};

/// The state of the actor. All requests to the vms are sent from here, so that they arrive
/// in order.
class session_state {
public:
  static inline const char* name = "flok.shell"; // CAF's name for the actor
  using pointer = session_actor::stateful_pointer<session_state>;

  explicit session_state(pointer self) : self_{self} {}
  session_state(const session_state&) = delete;
  session_state& operator=(const session_state&) = delete;
  ~session_state();

  session_actor::behavior_type start(std::shared_ptr<session_shared> shared);

private:
  using op_ptr = std::shared_ptr<const shell_op>;

  struct known_controller {
    controller_ref ref;
    std::shared_ptr<std::atomic<bool>> every; ///< it has asked for every version of a page
  };

  void wake();
  void take_inbox();
  void let_go_on();
  void begin_answering(const op_ptr& op);
  void admit(shell_op op);
  void begin(const op_ptr& op);
  void perform(const op_ptr& op);
  void answer(const op_ptr& op, std::string line);
  void reply(const op_ptr& op, std::string_view fields = {});
  void refuse(const op_ptr& op, const error& why);
  void conclude(const op_ptr& op, const expected<void>& result);

  void spawn_controller(const op_ptr& op);
  void watch(const op_ptr& op);
  void unwatch(const op_ptr& op);
  void expect_every(const op_ptr& op);
  void expect_changes(const op_ptr& op, bool wanted);
  void stall(const op_ptr& op);
  void crash(const op_ptr& op);
  void crashed(const caf::actor_addr& pager);
  void written_as(const op_ptr& op, const written& w);
  void write(const op_ptr& op);
  void edit(const op_ptr& op);
  void read(const op_ptr& op);
  void remove(const op_ptr& op);
  void list(const op_ptr& op);
  void diff(const op_ptr& op);
  void replay(const op_ptr& op);
  void disconnect(const op_ptr& op);
  void page_out(const op_ptr& op);
  void drain(const op_ptr& op);
  void stats(const op_ptr& op);
  void log(const op_ptr& op);

  [[nodiscard]] controller_actor watcher(const op_ptr& op);

  template <class Reply, class Request, class Then>
  void ask_vm(const op_ptr& op, Request request, Then then);
  template <class Reply, class Request>
  void ask_each(const op_ptr& op, const Request& request,
                std::function<void(std::vector<Reply>)> then);
  void pass_controller(const controller_actor& who, std::function<void()> then);
  void pass_controllers(std::function<void()> then, bool stalled_too);

  pointer self_;
  std::shared_ptr<session_shared> shared_;
  std::vector<vm_actor> vms_;
  std::map<std::string, known_controller, std::less<>> controllers_;
  std::set<std::string, std::less<>> stalled_; ///< controllers that are not waited for
  std::map<caf::actor_addr, op_ptr> crashing_; ///< by pager: ops that wait for its end
  shell_schedule schedule_;
  shell_pace pace_{
      [this](std::function<void()> then) { pass_controllers(std::move(then), false); }};
  shell_room room_{[this] { return !shared_->sink.ready || shared_->sink.ready(false); }};
};

} // namespace flok::tools
