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
  /// False where the controller has ended.
  bool add(posted_work work) {
    const std::lock_guard lock{mutex_};
    if (open_)
      posted_.push_back(std::move(work));
    return open_;
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
