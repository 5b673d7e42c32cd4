// Lines to a file descriptor, without making an actor wait for whoever reads them.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

namespace flok::tools {

/// Queues text, which a thread of its own writes. Any thread may call.
class output {
public:
  /// Does not own `fd`.
  explicit output(int fd);
  ~output(); ///< as `close`
  output(const output&) = delete;
  output& operator=(const output&) = delete;

  /// Queues `text`; what one call queues stays together. Never waits; after `close`, or
  /// where nobody reads any more, it does nothing.
  void print(std::string_view text);

  /// Whether at most `bytes` are queued, or nobody reads any more. After false, what was
  /// given to `on_room` is called once that is so, by the thread that writes.
  [[nodiscard]] bool ready(std::size_t bytes);
  void on_room(std::function<void()> then);

  /// Where more than `bytes` are queued, they are dropped, and nobody reads any more from
  /// now on; true the once that this happens.
  bool break_beyond(std::size_t bytes);

  /// Waits until at most `bytes` are queued. False where nobody reads any more, or where
  /// `give_up`, which is asked several times a second while there is no room, says so.
  bool wait_for_room(std::size_t bytes, const std::function<bool()>& give_up = {});

  /// Waits until all is written. False as above.
  bool flush(const std::function<bool()>& give_up = {}) {
    return wait_for_room(0, give_up);
  }

  /// Whether nobody reads any more.
  [[nodiscard]] bool broken();

  /// When the reader has last taken something; where more was queued only later, then.
  [[nodiscard]] std::chrono::steady_clock::time_point last_taken() const {
    return last_taken_;
  }

  /// Writes what is queued, and ends. One thread.
  void close();

private:
  void run();
  [[nodiscard]] std::size_t waiting() const { return queued_.size() + writing_; }

  int fd_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string queued_;
  std::size_t writing_ = 0; ///< bytes taken from the queue and not written yet
  std::function<void()> on_room_;
  std::optional<std::size_t> awaited_; ///< so many may be queued for `on_room`
  std::atomic<std::chrono::steady_clock::time_point> last_taken_ =
      std::chrono::steady_clock::time_point::min();
  bool broken_ = false;
  bool ending_ = false;
  std::thread thread_;
};

} // namespace flok::tools
