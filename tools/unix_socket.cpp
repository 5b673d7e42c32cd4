#include "tools/unix_socket.hpp"

#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "runtime/limits.hpp"

namespace flok::tools {

namespace {

static_assert(sizeof(sockaddr_un{}.sun_path) > limits::socket_path_bytes);

tl::unexpected<error> cannot(const char* what, const std::string& path,
                             const std::string& why) {
  return failure(errc::bad_config, std::string{"cannot "} + what + " " + path + ": " + why);
}

expected<sockaddr_un> address_of(const char* what, const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() > limits::socket_path_bytes)
    return cannot(what, path,
                  path.empty() ? "the path is empty"
                               : "a socket's path has at most " +
                                     std::to_string(limits::socket_path_bytes) +
                                     " bytes; this one has " + std::to_string(path.size()));
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

unique_fd new_socket(int flags = 0) {
  return unique_fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0)};
}

/// 0, or an errno.
int try_to(int (*act)(int, const sockaddr*, socklen_t), int fd,
           const sockaddr_un& address) {
  int result = 0;
  do
    result = act(fd, reinterpret_cast<const sockaddr*>(&address), // NOLINT: its only use
                 sizeof address);
  while (result != 0 && errno == EINTR);
  return result == 0 ? 0 : errno;
}

/// Others are waited for so long.
constexpr std::chrono::seconds patience{5};
constexpr std::chrono::milliseconds between_attempts{10};

/// Tries until it gives something else than EAGAIN, or `stop` is readable, or for too long.
template <class Attempt>
int keep_trying(Attempt attempt, int stop = -1) {
  const auto end = std::chrono::steady_clock::now() + patience;
  pollfd p{stop, POLLIN, 0};
  for (;;) {
    const int result = attempt();
    if (result != EAGAIN || std::chrono::steady_clock::now() > end)
      return result;
    if (::poll(&p, 1, between_attempts.count()) == 1)
      return ECANCELED;
  }
}

/// The folder of a path, locked while it lives: of two processes that find a socket of a
/// dead one, only one replaces it. Where it is not, `errno` says why.
unique_fd lock_folder(const std::string& path) {
  auto folder = std::filesystem::path{path}.parent_path();
  if (folder.empty())
    folder = ".";
  unique_fd fd{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!fd)
    return {};
  const int failed = keep_trying([&] {
    return ::flock(fd.get(), LOCK_EX | LOCK_NB) == 0 ? 0 : errno == EINTR ? EAGAIN : errno;
  });
  if (failed == 0)
    return fd;
  fd = {};
  errno = failed;
  return {};
}

/// Removes what a dead process has left at the path; why it may not be taken, else.
std::string make_way(const std::string& path, const sockaddr_un& address) {
  struct stat there {};
  if (::lstat(path.c_str(), &there) != 0)
    return errno == ENOENT ? "" : std::strerror(errno);
  if (!S_ISSOCK(there.st_mode))
    return std::string{S_ISDIR(there.st_mode) ? "a folder" : "a file that is no socket"} +
           " is there: remove it, or give listen.unix another path";
  const auto probe = new_socket(SOCK_NONBLOCK); // whoever listens may be stopped
  const int result = try_to(::connect, probe.get(), address);
  if (result == 0 || result == EAGAIN) // or its queue is full
    return "a process listens there already; flok shell --connect reaches it";
  if (result != ECONNREFUSED && result != ENOENT)
    return std::strerror(result);
  return ::unlink(path.c_str()) == 0 || errno == ENOENT ? "" : std::strerror(errno);
}

} // namespace

expected<listening_socket> listening_socket::open(std::string path) {
  constexpr auto what = "listen at";
  const auto address = address_of(what, path);
  if (!address)
    return failure(address.error());
  const auto folder = lock_folder(path);
  if (!folder && errno == EAGAIN)
    return cannot(what, path,
                  "another process keeps its folder locked; end that, or give "
                  "listen.unix another folder");
  if (!folder)
    return cannot(what, path, std::string{"its folder: "} + std::strerror(errno));
  if (const auto why = make_way(path, *address); !why.empty())
    return cannot(what, path, why);
  auto fd = new_socket();
  if (!fd)
    return cannot(what, path, std::strerror(errno));
  ::fchmod(fd.get(), S_IRUSR | S_IWUSR); // the file that `bind` makes has it from the start
  if (const int failed = try_to(::bind, fd.get(), *address))
    return cannot(what, path, std::strerror(failed));
  listening_socket made{std::move(path), std::move(fd)};
  struct stat file {};
  if (::lstat(made.path_.c_str(), &file) == 0) {
    made.file_ = file.st_ino;
    made.device_ = file.st_dev;
  }
  if (::listen(made.fd(), SOMAXCONN) != 0)
    return cannot(what, made.path_, std::strerror(errno));
  return made;
}

listening_socket::~listening_socket() {
  if (!fd_)
    return; // moved from
  const auto folder = lock_folder(path_);
  if (!folder)
    return; // the next one to listen here replaces it
  struct stat now {};
  if (::lstat(path_.c_str(), &now) == 0 && now.st_ino == file_ && now.st_dev == device_)
    ::unlink(path_.c_str());
}

namespace {

/// What is there instead of a socket that somebody listens at.
std::string why_refused(const std::string& path) {
  struct stat there {};
  if (::stat(path.c_str(), &there) != 0 || S_ISSOCK(there.st_mode))
    return "nobody listens there; flok serve does";
  return S_ISDIR(there.st_mode)
             ? "it is a folder; for a data directory use --data"
             : "it is no socket; give the path that the configuration of a running "
               "system has as listen.unix";
}

} // namespace

expected<unique_fd> connect_to(const std::string& path, int stop) {
  constexpr auto what = "connect to";
  const auto address = address_of(what, path);
  if (!address)
    return failure(address.error());
  auto fd = new_socket(SOCK_NONBLOCK);
  const int failed =
      fd ? keep_trying([&] { return try_to(::connect, fd.get(), *address); }, stop) : errno;
  if (failed == ECANCELED)
    return failure(errc::shutting_down, "told to end");
  if (failed == EAGAIN) // its queue is full
    return cannot(what, path, "who listens there takes no connection");
  if (failed == ENOENT)
    return cannot(what, path, "no such socket; flok serve makes it");
  if (failed == ECONNREFUSED)
    return cannot(what, path, why_refused(path));
  if (failed != 0)
    return cannot(what, path, std::strerror(failed));
  ::fcntl(fd.get(), F_SETFL, 0); // from here on it may block
  return fd;
}

} // namespace flok::tools
