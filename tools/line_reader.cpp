#include "tools/line_reader.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include <poll.h>
#include <unistd.h>

namespace flok::tools {

namespace {

constexpr std::size_t chunk_bytes = std::size_t{64} << 10U;

} // namespace

/// Whether there is input, rather than a request to stop, or no more time.
bool line_reader::wait() {
  using std::chrono::milliseconds;
  std::array<pollfd, 2> fds{{{fd_, POLLIN, 0}, {stop_fd_, POLLIN, 0}}};
  for (;;) {
    int ms = -1;
    if (until_) {
      const auto left = *until_ - std::chrono::steady_clock::now();
      ms = std::max(0, static_cast<int>(std::chrono::ceil<milliseconds>(left).count()));
    }
    if (ms == 0) { // also where there is always some input
      error_ = ETIMEDOUT;
      return false;
    }
    const int ready = ::poll(fds.data(), fds.size(), ms);
    if (fds[1].revents != 0)
      return false;
    if (ready > 0 || (ready < 0 && errno != EINTR))
      return true; // let read say what is wrong
  }
}

/// The number of bytes read; 0 at the end of the input; negative where it was cut off.
ssize_t line_reader::read_some(char* to) {
  for (;;) {
    if (!wait())
      return -1;
    const ssize_t got = ::read(fd_, to, chunk_bytes);
    if (got >= 0)
      return got;
    if (errno == EINTR || errno == EAGAIN) // or somebody else has read what there was
      continue;
    error_ = errno;
    return -1;
  }
}

std::vector<line_reader::line> line_reader::next() {
  std::vector<line> out;
  const auto chunk = std::make_unique_for_overwrite<char[]>(chunk_bytes);
  while (out.empty() && !ended_) {
    const ssize_t got = read_some(chunk.get());
    if (got > 0) {
      split(chunk.get(), static_cast<std::size_t>(got), out);
      continue;
    }
    ended_ = true;
    if (got == 0 && !rest_.empty())
      out.push_back({std::exchange(rest_, {}), false, false});
  }
  return out;
}

void line_reader::split(const char* bytes, std::size_t size, std::vector<line>& out) {
  const char* end = bytes + size;
  while (bytes != end) {
    const auto* newline = static_cast<const char*>(
        std::memchr(bytes, '\n', static_cast<std::size_t>(end - bytes)));
    const char* stop = newline != nullptr ? newline : end;
    const auto piece = static_cast<std::size_t>(stop - bytes);
    if (!skipping_ && rest_.size() + piece > longest_) {
      skipping_ = true;
      rest_ = {};
      out.push_back({{}, true});
    }
    if (!skipping_)
      rest_.append(bytes, piece);
    if (newline == nullptr)
      return;
    if (!std::exchange(skipping_, false))
      out.push_back({std::exchange(rest_, {}), false});
    bytes = newline + 1;
  }
}

} // namespace flok::tools
