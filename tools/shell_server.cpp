#include "tools/shell_server.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <poll.h>
#include <spdlog/spdlog.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include "runtime/limits.hpp"
#include "tools/shell_op.hpp"

namespace flok::tools {

namespace {

using std::chrono::steady_clock;

/// How long those are waited for who do not read, and pagers that do not answer.
constexpr std::chrono::seconds longest_flush{3};
constexpr std::chrono::seconds longest_finish{10};

/// Where there is no descriptor for a connection now, there may be one then.
constexpr int ms_until_accepting_again = 100;

unique_fd event() { return unique_fd{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)}; }

void notify(const unique_fd& event) { (void)::eventfd_write(event.get(), 1); }

} // namespace

shell_server::shell_server(system& sys, const listening_socket& at, audience& listeners)
    : sys_{sys}, at_{at}, listeners_{listeners}, stop_{event()}, ended_{event()},
      acceptor_{[this] { accept_all(); }} {}

shell_server::~shell_server() {
  end_input();
  std::unique_lock lock{mutex_};
  changed_.wait(lock, [&] { return open_.empty(); });
  lock.unlock();
  join_ended();
}

void shell_server::end_input() {
  {
    const std::lock_guard lock{mutex_};
    stopped_at_ = std::min(stopped_at_, steady_clock::now());
  }
  notify(stop_);
  if (acceptor_.joinable())
    acceptor_.join();
  std::unique_lock lock{mutex_};
  changed_.wait(lock, [&] { return talking_ == 0; });
}

bool shell_server::stopped_for(std::chrono::seconds time) {
  const std::lock_guard lock{mutex_};
  return stopped_at_ < steady_clock::now() - time;
}

void shell_server::accept_all() {
  for (;;) {
    std::array<pollfd, 3> fds{
        {{stop_.get(), POLLIN, 0}, {ended_.get(), POLLIN, 0}, {at_.fd(), POLLIN, 0}}};
    if (::poll(fds.data(), fds.size(), -1) < 0)
      continue;
    if (fds[0].revents != 0)
      return;
    if (fds[1].revents != 0)
      join_ended();
    if (fds[2].revents != 0)
      accept_one();
  }
}

void shell_server::accept_one() {
  unique_fd fd{::accept4(at_.fd(), nullptr, nullptr, SOCK_CLOEXEC)};
  if (!fd) {
    if (errno == EINTR || errno == ECONNABORTED)
      return;
    spdlog::warn("a connection cannot be accepted: {}", std::strerror(errno));
    pollfd p{stop_.get(), POLLIN, 0};
    (void)::poll(&p, 1, ms_until_accepting_again);
    return;
  }
  std::unique_lock lock{mutex_};
  const bool full = open_.size() >= limits::connections;
  lock.unlock();
  if (full)
    return refuse(fd);
  try {
    start(std::move(fd));
  } catch (const std::system_error& e) { // no thread can be had; the connection is closed
    spdlog::warn("a connection cannot be served: {}", e.what());
  }
}

/// The line fits into the socket's empty buffer.
void shell_server::refuse(const unique_fd& fd) const {
  const auto line = problem_line({errc::unsupported, std::to_string(limits::connections) +
                                                         " connections are open already"});
  (void)::send(fd.get(), line.data(), line.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

void shell_server::start(unique_fd fd) {
  const auto shared = std::make_shared<unique_fd>(std::move(fd));
  const std::lock_guard lock{mutex_};
  open_.push_back({shared, {}});
  const auto self = std::prev(open_.end());
  try {
    self->thread = std::thread{[this, self] {
      serve(self->fd);
      self->fd.reset();
      {
        const std::lock_guard inner{mutex_};
        closed_.splice(closed_.end(), open_, self);
        changed_.notify_all();
      }
      notify(ended_);
    }};
    ++talking_;
  } catch (...) {
    open_.erase(self);
    throw;
  }
}

/// Speaks with one peer to the end.
void shell_server::serve(const std::shared_ptr<unique_fd>& fd) {
  std::shared_ptr<output> out;
  try {
    out = std::make_shared<output>(fd->get());
  } catch (const std::system_error& e) {
    spdlog::warn("a connection cannot be served: {}", e.what());
  }
  if (out)
    talk(fd, out);
  {
    const std::lock_guard lock{mutex_};
    --talking_;
    changed_.notify_all();
  }
  if (out)
    out->flush([this] { return stopped_for(longest_flush); });
  ::shutdown(fd->get(), SHUT_RDWR); // ends a write that nobody reads, too
  if (out)
    out->close();
}

void shell_server::talk(const std::shared_ptr<unique_fd>& fd,
                        const std::shared_ptr<output>& out) {
  const auto cut = [fd] {
    spdlog::warn("a connection is ended: what it must be sent is not read");
    ::shutdown(fd->get(), SHUT_RDWR);
  };
  listeners_.add(out);
  converse(sys_,
           {fd->get(), out, stop_.get(), cut, [this] { return stopped_for(longest_flush); },
            [this] { return stopped_for(longest_finish); }});
  listeners_.remove(out);
}

void shell_server::join_ended() {
  eventfd_t count = 0;
  (void)::eventfd_read(ended_.get(), &count);
  std::list<connection> ended;
  {
    const std::lock_guard lock{mutex_};
    ended.swap(closed_);
  }
  for (auto& c : ended)
    c.thread.join();
}

} // namespace flok::tools
