#include "tools/writing.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>

#include <poll.h>
#include <unistd.h>

namespace flok::tools {

int write_all(int fd, std::string_view text, int stop, const std::function<void()>& taken) {
  while (!text.empty()) {
    std::array<pollfd, 2> fds{{{fd, POLLOUT, 0}, {stop, POLLIN, 0}}};
    if (::poll(fds.data(), fds.size(), -1) < 0)
      continue;
    if (fds[0].revents == 0)
      return ECANCELED;
    // A pipe that is writable takes so much at once.
    const auto size = std::min<std::size_t>(text.size(), PIPE_BUF);
    if (const auto put = ::write(fd, text.data(), size); put >= 0) {
      text.remove_prefix(static_cast<std::size_t>(put));
      if (taken)
        taken();
    } else if (errno != EINTR && errno != EAGAIN) {
      return errno;
    }
  }
  return 0;
}

bool write_at_once(int fd, std::string line) {
  if (line.size() > PIPE_BUF)
    line.replace(PIPE_BUF - 1, std::string::npos, "\n");
  pollfd p{fd, POLLOUT, 0};
  return ::poll(&p, 1, 0) == 1 && ::write(fd, line.data(), line.size()) >= 0;
}

} // namespace flok::tools
