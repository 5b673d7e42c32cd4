// Lines to a file descriptor, without making an actor wait for whoever reads them.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace flok::tools {

/// Queues text, which a thread of its own writes. Any thread may call.
class output {
public:
  /// Does not own `fd`.
  explicit output(int fd);
  ~output(); ///< writes what is queued
  output(const output&) = delete;
  output& operator=(const output&) = delete;

  /// Queues `text`; what one call queues stays together. Never waits.
  void print(std::string_view text);

  /// Waits until at most `bytes` are queued. False where nobody reads any more, or where
  /// `give_up`, which is asked several times a second while there is no room, says so.
  bool wait_for_room(std::size_t bytes, const std::function<bool()>& give_up = {});

  /// Waits until all is written. False where nobody reads any more.
  bool flush() { return wait_for_room(0); }

private:
  void run();
  [[nodiscard]] bool write_all(std::string_view text) const;

  int fd_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string queued_;
  std::size_t writing_ = 0; ///< bytes taken from the queue and not written yet
  bool broken_ = false;
  bool ending_ = false;
  std::thread thread_;
};

} // namespace flok::tools
