#include "bench/server_process.hpp"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <sstream>
#include <stdexcept>
#include <system_error>
#include <thread>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace flok::bench {

namespace {

constexpr std::chrono::milliseconds look_again{10};
constexpr std::chrono::seconds longest_start{10};
constexpr std::chrono::seconds longest_end{5};

[[noreturn]] void fail(const std::string& doing) {
  throw std::system_error{errno, std::generic_category(), doing};
}

/// An open socket, closed at the end.
class tcp_socket {
public:
  tcp_socket() : fd_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
    if (fd_ < 0)
      fail("socket");
  }
  ~tcp_socket() { ::close(fd_); }
  tcp_socket(const tcp_socket&) = delete;
  tcp_socket& operator=(const tcp_socket&) = delete;
  [[nodiscard]] int get() const { return fd_; }

private:
  int fd_;
};

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  return address;
}

bool listens(int port) {
  const tcp_socket s;
  const auto address = loopback(port);
  return ::connect(s.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) ==
         0;
}

std::string path_of(const std::string& program) {
  const char* path = std::getenv("PATH");
  std::istringstream folders{std::string{path != nullptr ? path : ""} + ":/usr/sbin"};
  for (std::string folder; std::getline(folders, folder, ':');)
    if (const auto file = folder + "/" + program; ::access(file.c_str(), X_OK) == 0)
      return file;
  throw std::runtime_error{program + " is not installed"};
}

/// In the child: becomes the program, quietly, and ends when the parent does.
[[noreturn]] void become(const char* file, char* const* arguments, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent)
    ::_exit(1);
  const int nothing = ::open("/dev/null", O_RDWR);
  for (const int stream : {0, 1, 2})
    ::dup2(nothing, stream);
  ::execv(file, arguments);
  ::_exit(127);
}

} // namespace

int free_port() {
  const tcp_socket s;
  auto address = loopback(0);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (::bind(s.get(), generic, size) != 0 || ::getsockname(s.get(), generic, &size) != 0)
    fail("a port for a server");
  return ntohs(address.sin_port);
}

server_process::server_process(const std::string& program,
                               std::vector<std::string> arguments, int port) {
  const auto file = path_of(program);
  arguments.insert(arguments.begin(), program);
  std::vector<char*> pointers;
  for (auto& a : arguments)
    pointers.push_back(a.data());
  pointers.push_back(nullptr);
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ < 0)
    fail("starting " + program);
  if (pid_ == 0)
    become(file.c_str(), pointers.data(), parent);
  const auto until = std::chrono::steady_clock::now() + longest_start;
  while (!listens(port)) {
    if (ended())
      throw std::runtime_error{program + " ended at once"};
    if (std::chrono::steady_clock::now() > until) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
      throw std::runtime_error{program + " does not listen"};
    }
    std::this_thread::sleep_for(look_again);
  }
}

bool server_process::ended() {
  if (pid_ > 0 && ::waitpid(pid_, nullptr, WNOHANG) == pid_)
    pid_ = -1;
  return pid_ < 0;
}

server_process::~server_process() {
  if (ended())
    return;
  ::kill(pid_, SIGTERM);
  const auto until = std::chrono::steady_clock::now() + longest_end;
  while (!ended()) {
    if (std::chrono::steady_clock::now() > until)
      ::kill(pid_, SIGKILL);
    std::this_thread::sleep_for(look_again);
  }
}

} // namespace flok::bench
