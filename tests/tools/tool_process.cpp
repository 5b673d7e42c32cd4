#include "tests/tools/tool_process.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <stdexcept>

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/tools/child.hpp"

namespace flok::testing {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// Where the tool holds its end of the pipe that tells of its life.
constexpr int life_fd = 3;

steady_clock::time_point in_a_minute() {
  return steady_clock::now() + std::chrono::seconds{60};
}

/// Milliseconds until then, for poll; 0 when it is past.
int left(steady_clock::time_point until) {
  const auto span = std::chrono::ceil<milliseconds>(until - steady_clock::now());
  return static_cast<int>(std::max<milliseconds::rep>(span.count(), 0));
}

} // namespace

/// Both ends of each pipe: [0] is read, [1] is written.
struct tool_process::pipes {
  pipes() {
    for (auto* p : {&in, &out, &life})
      if (::pipe2(p->data(), O_CLOEXEC) != 0)
        fail_with_errno("pipe2");
  }
  ~pipes() {
    ::close(in[0]);
    ::close(out[1]);
    ::close(life[1]);
  }
  pipes(const pipes&) = delete;
  pipes& operator=(const pipes&) = delete;

  std::array<int, 2> in{};
  std::array<int, 2> out{};
  std::array<int, 2> life{};
};

tool_process::tool_process(const strings& arguments, const stream_setup& setup) {
  std::signal(SIGPIPE, SIG_IGN); // a tool that died shows as its status
  err_ = ::memfd_create("flok-stderr", MFD_CLOEXEC);
  if (err_ < 0)
    fail_with_errno("memfd_create");
  if (setup.errors_to_terminal)
    open_terminal();
  if (setup.errors_unread)
    fill_unread_errors();
  const pipes ends;
  in_ = ends.in[1];
  out_ = ends.out[0];
  life_ = ends.life[0];
  ::fcntl(in_, F_SETFL, O_NONBLOCK);
  ::fcntl(out_, F_SETFL, O_NONBLOCK);
  if (setup.output_nonblocking)
    ::fcntl(ends.out[1], F_SETFL, O_NONBLOCK);
  start(arguments, ends, setup);
}

tool_process::~tool_process() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  for (int* fd : {&in_, &out_, &life_, &err_, &terminal_, unread_errors_.data(),
                  unread_errors_.data() + 1})
    close_fd(*fd);
}

void tool_process::open_terminal() {
  terminal_ = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (terminal_ < 0 || ::grantpt(terminal_) != 0 || ::unlockpt(terminal_) != 0)
    fail_with_errno("a pseudo-terminal");
  std::array<char, 128> name{};
  if (::ptsname_r(terminal_, name.data(), name.size()) != 0)
    fail_with_errno("ptsname");
  terminal_name_ = name.data();
  ::fcntl(terminal_, F_SETFL, O_NONBLOCK);
}

void tool_process::fill_unread_errors() {
  if (::pipe2(unread_errors_.data(), O_CLOEXEC | O_NONBLOCK) != 0)
    fail_with_errno("pipe2");
  const std::array<char, 4096> filler{};
  while (::write(unread_errors_[1], filler.data(), filler.size()) > 0)
    continue;
  ::fcntl(unread_errors_[1], F_SETFL, 0);
}

void tool_process::start(const strings& arguments, const pipes& theirs,
                         const stream_setup& setup) {
  spawn_actions actions;
  posix_spawn_file_actions_adddup2(actions.get(), theirs.in[0], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(actions.get(), theirs.out[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(
      actions.get(), unread_errors_[1] >= 0 ? unread_errors_[1] : err_, STDERR_FILENO);
  if (terminal_ >= 0)
    posix_spawn_file_actions_addopen(actions.get(), STDERR_FILENO, terminal_name_.c_str(),
                                     O_WRONLY | O_NOCTTY, 0);
  posix_spawn_file_actions_adddup2(actions.get(), theirs.life[1], life_fd);
  for (const int fd : setup.closed)
    posix_spawn_file_actions_addclose(actions.get(), fd);
  pid_ = start_tool(arguments, actions);
}

void tool_process::give_up(const std::string& why) const {
  throw std::runtime_error("flok: " + why + "; stderr: " + errors());
}

std::string tool_process::errors() const {
  std::string text = terminal_text_;
  std::array<char, 4096> chunk{};
  for (off_t at = 0;;) {
    const auto got = ::pread(err_, chunk.data(), chunk.size(), at);
    if (got <= 0)
      return text;
    text.append(chunk.data(), static_cast<std::size_t>(got));
    at += got;
  }
}

std::size_t tool_process::push(std::string_view bytes, milliseconds patience) {
  std::size_t pushed = 0;
  while (pushed != bytes.size()) {
    pollfd p{in_, POLLOUT, 0};
    if (::poll(&p, 1, static_cast<int>(patience.count())) == 0)
      break;
    const auto put = ::write(in_, bytes.data() + pushed, bytes.size() - pushed);
    if (put >= 0)
      pushed += static_cast<std::size_t>(put);
    else if (errno != EAGAIN && errno != EINTR)
      break;
  }
  return pushed;
}

/// Appends what there is; false, and closes, where there will be no more.
bool tool_process::read_from(int& fd, std::string& into) {
  std::array<char, 65536> chunk; // NOLINT: filled by read
  const auto got = ::read(fd, chunk.data(), chunk.size());
  if (got > 0)
    into.append(chunk.data(), static_cast<std::size_t>(got));
  else if (got == 0 || (errno != EAGAIN && errno != EINTR))
    close_fd(fd);
  return fd >= 0;
}

/// Waits until something can be read or written, and does so.
void tool_process::pump(std::string_view& unsent, deadline until) {
  std::array<pollfd, 3> fds{pollfd{out_, POLLIN, 0}, pollfd{terminal_, POLLIN, 0},
                            pollfd{unsent.empty() ? -1 : in_, POLLOUT, 0}};
  if (::poll(fds.data(), fds.size(), left(until)) == 0)
    give_up("nothing came for a minute");
  if (fds[0].revents != 0)
    read_from(out_, unread_);
  if (fds[1].revents != 0)
    read_from(terminal_, terminal_text_);
  if (fds[2].revents == 0)
    return;
  const auto put = ::write(in_, unsent.data(), unsent.size());
  if (put >= 0)
    unsent.remove_prefix(static_cast<std::size_t>(put));
  else if (errno != EAGAIN && errno != EINTR)
    unsent = {}; // nobody reads any more: the output tells why
}

std::string tool_process::exchange(std::string_view bytes) {
  while (!bytes.empty())
    pump(bytes, in_a_minute());
  close_input();
  return read_rest();
}

std::string tool_process::read_rest() {
  std::string_view nothing;
  while (out_ >= 0)
    pump(nothing, in_a_minute());
  while (terminal_ >= 0)
    pump(nothing, in_a_minute());
  return std::exchange(unread_, {});
}

std::string tool_process::read_line() {
  std::string_view nothing;
  const auto until = in_a_minute();
  while (unread_.find('\n') == std::string::npos) {
    if (out_ < 0)
      give_up("its output ended too early");
    pump(nothing, until);
  }
  const auto end = unread_.find('\n');
  std::string line = unread_.substr(0, end);
  unread_.erase(0, end + 1);
  return line;
}

void tool_process::close_input() { close_fd(in_); }

void tool_process::close_output() { close_fd(out_); }

void tool_process::signal(int number) const { ::kill(pid_, number); }

bool tool_process::ends_within(milliseconds time) const {
  pollfd p{life_, POLLIN, 0};
  return ::poll(&p, 1, static_cast<int>(time.count())) != 0;
}

int tool_process::wait() {
  if (!ends_within(std::chrono::minutes{1}))
    give_up("it has not ended for a minute");
  int status = 0;
  if (::waitpid(pid_, &status, 0) != pid_)
    fail_with_errno("waitpid");
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

std::size_t tool_process::resident_bytes() const {
  std::ifstream sizes{"/proc/" + std::to_string(pid_) + "/statm"};
  std::size_t all = 0;
  std::size_t resident = 0;
  sizes >> all >> resident;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

std::size_t tool_process::most_resident_bytes() const {
  std::ifstream status{"/proc/" + std::to_string(pid_) + "/status"};
  constexpr std::string_view mark = "VmHWM:";
  for (std::string line; std::getline(status, line);)
    if (line.starts_with(mark))
      return std::stoul(line.substr(mark.size())) * 1024;
  return 0;
}

tool_result run_tool(const strings& arguments, std::string_view input,
                     const stream_setup& setup) {
  tool_process tool{arguments, setup};
  tool_result result;
  result.output = tool.exchange(input);
  result.status = tool.wait();
  result.errors = tool.errors();
  return result;
}

} // namespace flok::testing
