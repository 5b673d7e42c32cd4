// Waiting for other threads without sleeping.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>
#include <thread>
#include <vector>

#include "failed.hpp"

namespace flok::testing {

/// Much longer than anything in a test takes; only a failing test waits that long.
inline constexpr std::chrono::seconds patience{60};

/// What other threads have to say, in order. Any thread may put; one thread takes.
template <class T>
class inbox {
public:
  void put(T what) {
    const std::lock_guard lock{mutex_};
    there_.push_back(std::move(what));
    came_.notify_all();
  }

  /// Waits for the next one and returns it. Throws `failed` if none comes.
  T next() {
    std::unique_lock lock{mutex_};
    if (!came_.wait_for(lock, patience, [&] { return !there_.empty(); }))
      throw failed{"what the test waits for does not come"};
    T what = std::move(there_.front());
    there_.pop_front();
    return what;
  }

  /// Takes all that are there now.
  std::vector<T> take() {
    const std::lock_guard lock{mutex_};
    std::vector<T> all{there_.begin(), there_.end()};
    there_.clear();
    return all;
  }

private:
  std::mutex mutex_;
  std::condition_variable came_;
  std::deque<T> there_;
};

/// Waits for a future and returns its value. Throws `failed` if it never has one.
template <class T>
T soon(std::future<T> f) {
  if (f.wait_for(patience) != std::future_status::ready)
    throw failed{"the future that the test waits for gives nothing"};
  return f.get();
}

/// Asks again and again until the condition holds; false if it never does.
template <class Condition>
bool eventually(Condition condition) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end)
      return false;
    std::this_thread::yield();
  }
  return true;
}

} // namespace flok::testing
