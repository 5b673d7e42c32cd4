#include "actors/why_not_listening.hpp"

#include <cerrno>
#include <cstring>
#include <memory>

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

namespace flok {

namespace {

using addresses = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

/// The address in numbers or, where it is a name, what that stands for; null for neither.
addresses look_up(const std::string& host, const std::string& port) {
  const bool numeric = host.find_first_not_of("0123456789.") == std::string::npos ||
                       host.find(':') != std::string::npos;
  addrinfo hints{};
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV | (numeric ? AI_NUMERICHOST : 0);
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const char* name = host.empty() ? nullptr : host.c_str();
  const bool known = ::getaddrinfo(name, port.c_str(), &hints, &found) == 0;
  return {known ? found : nullptr, ::freeaddrinfo};
}

/// 0, or an errno.
int try_to_listen(const addrinfo& at) {
  const int fd = ::socket(at.ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0)
    return errno;
  const int yes = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  const bool listens = ::bind(fd, at.ai_addr, at.ai_addrlen) == 0 && ::listen(fd, 1) == 0;
  const int code = listens ? 0 : errno;
  ::close(fd);
  return code;
}

} // namespace

std::string why_not_listening(const std::string& host, const std::string& port) {
  const auto found = look_up(host, port);
  if (!found)
    return host + " is no IP address; take 127.0.0.1 for this machine alone, 0.0.0.0 for "
                  "all that reach it";
  const int code = try_to_listen(*found);
  if (code == 0)
    return {};
  if (code == EADDRINUSE)
    return "something listens there already; take another port, or 0 for a free one";
  if (code == EADDRNOTAVAIL)
    return host + " is no address of this machine's; 0.0.0.0 is all of them";
  if (code == EAFNOSUPPORT)
    return "this machine has no IPv6; take an IPv4 address";
  if (code == EACCES)
    return "that port is for root alone; take one from 1024 on";
  return std::strerror(code);
}

} // namespace flok
