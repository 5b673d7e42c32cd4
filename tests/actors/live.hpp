// Systems with real threads, and waiting for them without sleeping.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "actors/controller.hpp"
#include "actors/system.hpp"
#include "tests/catch.hpp"
#include "tests/runtime/pages.hpp"

namespace flok::testing {

/// Much longer than anything here takes; only a test that fails waits for it.
inline constexpr std::chrono::seconds patience{60};

/// What other threads have to tell, in order. Any thread may put; one takes.
template <class T>
class inbox {
public:
  void put(T what) {
    const std::lock_guard lock{mutex_};
    there_.push_back(std::move(what));
    came_.notify_all();
  }

  /// The next one, once it is there.
  T next() {
    std::unique_lock lock{mutex_};
    REQUIRE(came_.wait_for(lock, patience, [&] { return !there_.empty(); }));
    T what = std::move(there_.front());
    there_.pop_front();
    return what;
  }

  /// All that is there now.
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

template <class T>
T soon(std::future<T> f) {
  REQUIRE(f.wait_for(patience) == std::future_status::ready);
  return f.get();
}

/// Asks again and again until it is so.
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

/// What `version` makes, for any thread: Catch2's assertions are for the test's own.
page_ptr a_page(std::string_view id, std::string_view signature);

/// Options of a system with these namespaces, each served by `pager`.
system_options options_for(const strings& namespaces = {"user"},
                           const std::string& pager = "mem");

/// A system with the built-in pagers.
std::unique_ptr<system> started(system_options options);
std::unique_ptr<system> started(std::optional<std::string> data = std::nullopt);

/// Waits until the controller has dealt with all that it was sent. False where it has
/// ended.
bool settled(const controller_ref& c);

/// An update in words: "a=1 disk", "a=1 pager ?".
std::string in_words(const update& u);

/// A handler that tells an inbox in words; a failure as its code.
update_handler telling(inbox<std::string>& to);
answer_handler<void> answering(inbox<std::string>& to);
answer_handler<page_ptr> answering_page(inbox<std::string>& to);

/// Pairs of page and watcher in all namespaces.
std::uint64_t watchers(system& sys);

} // namespace flok::testing
