// A subscription's inside, shared by its handle and its controller. Private to services.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <thread>

#include "controller.hpp"

namespace flok {

/// Callbacks, and whether they may run. Any thread may call.
class watch_state {
public:
  watch_state(update_handler on_update,
              std::function<void(const removed_page&)> on_removed);

  /// What the controller does that watches for it.
  static std::function<void(controller&)> body(const std::shared_ptr<watch_state>& state,
                                               std::string_view ns, std::string_view id,
                                               watch_options options);

  void started(controller_ref by);

  /// Ends the watch; waits for a callback that is running, unless this is within it.
  void stop();

  [[nodiscard]] bool open() const;

private:
  struct callbacks {
    update_handler updated;
    std::function<void(const removed_page&)> removed;
  };
  class running;

  /// The controller has ended.
  void ended();

  template <class Call>
  void run(Call call);

  /// Destroys the callbacks, which may come here again; nobody else gets past meanwhile.
  void drop(std::unique_lock<std::mutex>& lock);

  mutable std::mutex mutex_;
  std::condition_variable idle_;
  std::optional<callbacks> callbacks_;
  std::optional<controller_ref> by_;
  std::thread::id runs_on_; ///< none: nothing runs
  bool open_ = true;
};

} // namespace flok
