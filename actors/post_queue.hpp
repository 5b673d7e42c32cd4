// What is posted to a controller. Private to it.
#pragma once

#include <deque>
#include <functional>
#include <mutex>
#include <utility>

namespace flok {

class controller;

using posted_work = std::function<void(controller&)>;

/// What was posted and has not run yet. Shared by the actor and the handles to it.
class post_queue {
public:
  /// Adds the work and calls `wake`, unless the controller has ended.
  template <class Wake>
  void add(posted_work work, Wake wake) {
    while_open([&] {
      posted_.push_back(std::move(work));
      wake();
    });
  }

  /// Calls `send`, unless the controller has ended; it cannot end meanwhile. A handle may
  /// outlive the actor system, to which nothing may be sent by then.
  template <class Send>
  void while_open(Send send) {
    const std::lock_guard lock{mutex_};
    if (open_)
      send();
  }

  /// The first of what waits, or none.
  posted_work take() {
    const std::lock_guard lock{mutex_};
    if (posted_.empty())
      return {};
    auto work = std::move(posted_.front());
    posted_.pop_front();
    return work;
  }

  /// Drops what waits and what will come: it may hold a handle, and so this queue.
  void close() {
    std::deque<posted_work> dropped; // destroyed unlocked: it is the user's
    const std::lock_guard lock{mutex_};
    open_ = false;
    dropped.swap(posted_);
  }

private:
  std::mutex mutex_;
  std::deque<posted_work> posted_;
  bool open_ = true;
};

} // namespace flok
