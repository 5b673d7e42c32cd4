#include "tests/tools/serve_home.hpp"

#include <array>
#include <cerrno>
#include <stdexcept>

#include <poll.h>
#include <sys/socket.h>

#include "tests/tools/child.hpp"
#include "tools/unix_socket.hpp"

namespace flok::testing {

std::unique_ptr<tool_process> serve_home::serve() const {
  auto tool = std::make_unique<tool_process>(strings{"serve", "--config", config});
  if (tool->read_line() != "listening at " + socket.string())
    throw std::runtime_error("flok serve says something else");
  return tool;
}

std::unique_ptr<shell_process> serve_home::connect() const {
  return std::make_unique<shell_process>(strings{"shell", "--connect", socket});
}

tool_result serve_home::run(strings words, std::string_view input) const {
  words.insert(words.end(), {"--connect", socket});
  return run_tool(words, input);
}

raw_peer::raw_peer(const std::filesystem::path& socket) {
  auto fd = tools::connect_to(socket);
  if (!fd)
    throw std::runtime_error(fd.error().message);
  fd_ = std::move(*fd);
}

void raw_peer::send_bytes(std::string_view bytes) const {
  while (!bytes.empty()) {
    const auto put = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (put < 0 && errno != EINTR)
      fail_with_errno("send");
    bytes.remove_prefix(put < 0 ? 0 : static_cast<std::size_t>(put));
  }
}

/// False at the end.
bool raw_peer::read_some() {
  pollfd p{fd_.get(), POLLIN, 0};
  if (::poll(&p, 1, 60'000) == 0)
    throw std::runtime_error("nothing came for a minute");
  std::array<char, 65536> chunk; // NOLINT: filled by recv
  const auto got = ::recv(fd_.get(), chunk.data(), chunk.size(), 0);
  if (got > 0)
    unread_.append(chunk.data(), static_cast<std::size_t>(got));
  return got > 0;
}

std::string raw_peer::read_line() {
  std::size_t searched = 0;
  auto end = unread_.find('\n');
  while (end == std::string::npos) {
    searched = unread_.size();
    if (!read_some())
      throw std::runtime_error("the connection has ended; unread: " + unread_);
    end = unread_.find('\n', searched);
  }
  std::string line = unread_.substr(0, end);
  unread_.erase(0, end + 1);
  return line;
}

std::string raw_peer::read_rest() {
  while (read_some())
    continue;
  return std::exchange(unread_, {});
}

void raw_peer::end_input() const { ::shutdown(fd_.get(), SHUT_WR); }

} // namespace flok::testing
