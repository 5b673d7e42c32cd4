// How a measuring thread learns that others have been told.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>

namespace flok::bench {

/// Counts what watchers on other threads are told.
class told_count {
public:
  void add(std::size_t n = 1);

  /// Waits until that many were told since the start. Throws where they never are.
  void wait(std::size_t until);

private:
  std::mutex mutex_;
  std::condition_variable enough_;
  std::size_t count_ = 0;
  std::size_t until_ = 0;
};

} // namespace flok::bench
