#include "tools/output.hpp"

#include <chrono>

#include "tools/writing.hpp"

namespace flok::tools {

namespace {

constexpr std::chrono::milliseconds between_questions{100};
constexpr std::size_t kept_bytes = std::size_t{1}
                                   << 20U; ///< of a buffer, for the next text

} // namespace

output::output(int fd) : fd_{fd}, thread_{[this] { run(); }} {}

output::~output() { close(); }

void output::close() {
  {
    const std::lock_guard lock{mutex_};
    ending_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable())
    thread_.join();
}

void output::print(std::string_view text) {
  const std::lock_guard lock{mutex_};
  if (broken_ || ending_)
    return;
  const bool idle = waiting() == 0;
  queued_ += text;
  if (!idle)
    return;
  last_taken_ = std::chrono::steady_clock::now();
  changed_.notify_all();
}

bool output::ready(std::size_t bytes) {
  const std::lock_guard lock{mutex_};
  if (broken_ || waiting() <= bytes)
    return true;
  awaited_ = bytes;
  return false;
}

void output::on_room(std::function<void()> then) {
  const std::lock_guard lock{mutex_};
  on_room_ = std::move(then);
}

bool output::break_beyond(std::size_t bytes) {
  const std::lock_guard lock{mutex_};
  if (broken_ || ending_ || waiting() <= bytes)
    return false;
  broken_ = true;
  queued_ = {};
  changed_.notify_all();
  return true;
}

bool output::broken() {
  const std::lock_guard lock{mutex_};
  return broken_;
}

bool output::wait_for_room(std::size_t bytes, const std::function<bool()>& give_up) {
  const auto settled = [&] { return broken_ || waiting() <= bytes; };
  std::unique_lock lock{mutex_};
  while (!changed_.wait_for(lock, between_questions, settled)) {
    lock.unlock();
    if (give_up && give_up())
      return false;
    lock.lock();
  }
  return !broken_;
}

void output::run() {
  std::string text;
  std::unique_lock lock{mutex_};
  while (true) {
    changed_.wait(lock, [&] { return ending_ || !queued_.empty(); });
    if (queued_.empty())
      return;
    text.clear();
    if (text.capacity() > kept_bytes)
      text = {};
    text.swap(queued_);
    writing_ = text.size();
    lock.unlock();
    const auto taken = [this] { last_taken_ = std::chrono::steady_clock::now(); };
    const bool ok = write_all(fd_, text, -1, taken) == 0;
    lock.lock();
    writing_ = 0;
    if (!ok) {
      broken_ = true;
      queued_.clear();
    }
    changed_.notify_all();
    if (!awaited_ || (waiting() > *awaited_ && !broken_))
      continue;
    awaited_.reset();
    const auto then = on_room_;
    lock.unlock();
    if (then)
      then();
    lock.lock();
  }
}

} // namespace flok::tools
