#include "tests/remote/peer_process.hpp"

#include <array>
#include <csignal>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/actors/live.hpp"
#include "tests/tools/child.hpp"

namespace flok::testing {

peer_process::peer_process(const std::string& mode, std::uint16_t port,
                           const std::optional<tls_options>& tls) {
  std::array<int, 2> in{};
  std::array<int, 2> out{};
  REQUIRE(::pipe2(in.data(), O_CLOEXEC) == 0);
  REQUIRE(::pipe2(out.data(), O_CLOEXEC) == 0);
  spawn_actions actions;
  posix_spawn_file_actions_adddup2(actions.get(), in[0], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(actions.get(), out[1], STDOUT_FILENO);
  std::vector<std::string> arguments{mode, std::to_string(port)};
  if (tls)
    arguments.insert(arguments.end(), {tls->certificate, tls->key, tls->authorities});
  child_ = start_program(FLOK_REMOTE_PEER, arguments, actions);
  close_fd(in[0]);
  close_fd(out[1]);
  to_ = in[1];
  from_ = out[0];
}

peer_process::~peer_process() {
  kill();
  close_fd(to_);
  close_fd(from_);
}

std::string peer_process::line() {
  for (;;) {
    if (const auto end = read_.find('\n'); end != std::string::npos) {
      const auto first = read_.substr(0, end);
      read_.erase(0, end + 1);
      return first;
    }
    pollfd waiting{from_, POLLIN, 0};
    REQUIRE(::poll(&waiting, 1, static_cast<int>(patience.count()) * 1000) == 1);
    std::array<char, 256> some{};
    const auto size = ::read(from_, some.data(), some.size());
    REQUIRE(size > 0); // else it has ended
    read_.append(some.data(), static_cast<std::size_t>(size));
  }
}

void peer_process::tell(const std::string& what) {
  const auto text = what + "\n";
  REQUIRE(::write(to_, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
}

void peer_process::stop() const {
  REQUIRE(::kill(child_, SIGSTOP) == 0);
  siginfo_t stopped{};
  REQUIRE(::waitid(P_PID, static_cast<id_t>(child_), &stopped, WSTOPPED) == 0);
}

void peer_process::kill() {
  if (child_ <= 0)
    return;
  (void)::kill(child_, SIGKILL);
  (void)::waitpid(child_, nullptr, 0);
  child_ = -1;
}

} // namespace flok::testing
