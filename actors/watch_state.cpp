#include "actors/watch_state.hpp"

#include <string>
#include <utility>

#include "actors/subscription.hpp"

namespace flok {

subscription& subscription::operator=(subscription&& other) noexcept {
  const auto old = std::exchange(state_, std::move(other.state_));
  if (old && old != state_)
    old->stop();
  return *this;
}

subscription::~subscription() { stop(); }

void subscription::stop() {
  if (state_)
    state_->stop();
}

bool subscription::active() const { return state_ && state_->open(); }

/// One callback's time.
class watch_state::running {
public:
  explicit running(watch_state& state) : state_{state} {
    const std::lock_guard lock{state_.mutex_};
    if (state_.open_)
      state_.runs_on_ = std::this_thread::get_id();
    may_ = state_.open_;
  }

  ~running() {
    if (!may_)
      return;
    std::unique_lock lock{state_.mutex_};
    if (!state_.open_) {
      state_.drop(lock);
    } else {
      state_.runs_on_ = {};
      state_.idle_.notify_all();
    }
  }

  running(const running&) = delete;
  running& operator=(const running&) = delete;

  [[nodiscard]] bool may() const { return may_; }

private:
  watch_state& state_;
  bool may_ = false;
};

watch_state::watch_state(update_handler on_update,
                         std::function<void(const removed_page&)> on_removed)
    : callbacks_{{std::move(on_update), std::move(on_removed)}} {}

std::function<void(controller&)>
watch_state::body(const std::shared_ptr<watch_state>& state, std::string_view ns,
                  std::string_view id, watch_options options) {
  // Goes with the controller's last handler, however it ends.
  const std::shared_ptr<watch_state> held{state.get(),
                                          [state](watch_state* s) { s->ended(); }};
  return [held, ns = std::string{ns}, id = std::string{id}, options](controller& self) {
    self.on_removed([s = held](const removed_page& r) {
      s->run([&](const callbacks& c) {
        if (c.removed)
          c.removed(r);
      });
    });
    self.watch(
        ns, id,
        [s = held](const update& u) {
          s->run([&](const callbacks& c) {
            if (c.updated)
              c.updated(u);
          });
        },
        {}, options);
  };
}

void watch_state::started(controller_ref by) {
  const std::lock_guard lock{mutex_};
  if (open_)
    by_ = std::move(by);
}

template <class Call>
void watch_state::run(Call call) {
  const running now{*this};
  if (now.may())
    call(*callbacks_); // which stay while this runs
}

void watch_state::stop() {
  std::optional<controller_ref> by; // may be the last to hold it: let go unlocked
  std::unique_lock lock{mutex_};
  if (std::exchange(open_, false) && by_) {
    by_->stop(); // locked: the system cannot be gone before its controllers have been here
    by.swap(by_);
  }
  if (runs_on_ == std::this_thread::get_id())
    return; // what runs drops them
  idle_.wait(lock, [this] { return runs_on_ == std::thread::id{}; });
  drop(lock);
}

void watch_state::ended() {
  std::optional<controller_ref> by;
  std::unique_lock lock{mutex_};
  open_ = false;
  by.swap(by_);
  if (runs_on_ == std::thread::id{})
    drop(lock);
}

bool watch_state::open() const {
  const std::lock_guard lock{mutex_};
  return open_;
}

void watch_state::drop(std::unique_lock<std::mutex>& lock) {
  std::optional<callbacks> gone;
  gone.swap(callbacks_);
  if (gone) {
    runs_on_ = std::this_thread::get_id();
    lock.unlock();
    gone.reset();
    lock.lock();
  }
  runs_on_ = {};
  idle_.notify_all();
}

} // namespace flok
