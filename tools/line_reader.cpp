#include "tools/line_reader.hpp"

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

/// Whether there is input, rather than a request to stop.
bool line_reader::wait() const {
  std::array<pollfd, 2> fds{{{fd_, POLLIN, 0}, {stop_fd_, POLLIN, 0}}};
  while (::poll(fds.data(), fds.size(), -1) < 0)
    if (errno != EINTR)
      return true; // let read say what is wrong
  return fds[1].revents == 0;
}

std::vector<line_reader::line> line_reader::next() {
  std::vector<line> out;
  const auto chunk = std::make_unique_for_overwrite<char[]>(chunk_bytes);
  while (out.empty() && !ended_) {
    ssize_t got = 0;
    if (wait())
      do
        got = ::read(fd_, chunk.get(), chunk_bytes);
      while (got < 0 && errno == EINTR);
    if (got < 0 && errno == EAGAIN)
      continue; // somebody else has read what there was
    if (got > 0) {
      split(chunk.get(), static_cast<std::size_t>(got), out);
    } else {
      ended_ = true;
      if (!rest_.empty() || skipping_)
        end_line(out);
    }
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
    }
    if (!skipping_)
      rest_.append(bytes, piece);
    if (newline == nullptr)
      return;
    end_line(out);
    bytes = newline + 1;
  }
}

void line_reader::end_line(std::vector<line>& out) {
  out.push_back({std::exchange(rest_, {}), std::exchange(skipping_, false)});
}

} // namespace flok::tools
