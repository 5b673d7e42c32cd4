// `flok shell` and `flok serve`: a running system, over standard streams and a socket.
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <optional>

#include <poll.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include "flok.hpp"
#ifdef FLOK_PROMETHEUS
#include "actors/prometheus.hpp"
#endif
#include "tools/commands.hpp"
#include "tools/conversation.hpp"
#include "tools/shell_op.hpp"
#include "tools/shell_server.hpp"
#include "tools/stop_signal.hpp"
#include "tools/unix_socket.hpp"

namespace flok::tools {

namespace {

/// A system that one of the two runs, and those who reach it by its socket.
class running_system {
public:
  explicit running_system(std::string command) : command_{std::move(command)} {}

  /// False, having said why, where nothing was started.
  bool start(const shell_arguments& a, bool must_listen) {
    const auto pagers = builtin_pagers();
    auto options = read_options({a.config, a.data, {}}, *pagers);
    if (!options)
      return complain(options.error().message);
    spdlog::set_level(spdlog::level::from_str(a.log_level));
    options->logger = spdlog::default_logger();
    options->on_problem = [this](const error& what) {
      listeners_.tell(problem_line(what));
    };
#ifdef FLOK_PROMETHEUS
    options->exporter = prometheus_exporter();
#endif
    const auto& listen = options->config.listen;
    if (must_listen && !listen)
      return complain(a.config + ": /listen: missing; it says where the system is reached");
    if (listen && !open_socket(a.config, listen->unix_path))
      return false;
    auto started = system::start(std::move(*options), *pagers);
    if (!started)
      return complain(started.error().message);
    sys_ = std::move(*started);
    if (socket_)
      server_.emplace(*sys_, *socket_, listeners_);
    return true;
  }

  /// Ends what connections ask for, then pages out; false, having said why, where pages
  /// could not be kept. Connections get what is printed for them until this one goes.
  bool close() {
    if (server_)
      server_->end_input();
    const auto committed = sys_->close();
    return committed || complain("pages were not kept: " + committed.error().message);
  }

  [[nodiscard]] system& sys() { return *sys_; }
  [[nodiscard]] audience& listeners() { return listeners_; }
  [[nodiscard]] const std::string& socket_path() const { return socket_->path(); }

  /// Returns false.
  bool complain(const std::string& message) const { // NOLINT: reads well where it is used
    std::fprintf(stderr, "flok %s: %s\n", command_.c_str(), message.c_str());
    return false;
  }

private:
  bool open_socket(const std::string& config_file, const std::string& path) {
    auto opened = listening_socket::open(
        (std::filesystem::path{config_file}.parent_path() / path).string());
    if (!opened)
      return complain(config_file + ": /listen/unix: " + opened.error().message);
    socket_.emplace(std::move(*opened));
    return true;
  }

  std::string command_;
  audience listeners_;
  std::optional<listening_socket> socket_; ///< its file goes last
  std::unique_ptr<system> sys_;
  std::optional<shell_server> server_; ///< goes before what it serves
};

} // namespace

int run_shell(const shell_arguments& arguments) {
  spdlog::set_default_logger(spdlog::stderr_logger_mt("flok"));
  std::optional<stop_signal> stop{std::in_place};
  const auto out = std::make_shared<output>(STDOUT_FILENO);
  running_system running{"shell"};
  running.listeners().add(out);
  if (!running.start(arguments, false))
    return exit_usage;
  const int failed = converse(running.sys(), {STDIN_FILENO, out, stop->fd()});
  if (failed != 0)
    running.complain(std::string{"the input cannot be read: "} + std::strerror(failed));
  const bool kept = running.close();
  stop.reset(); // all is kept: who will not read the rest may be ended by a signal
  const bool printed = out->flush() || running.complain("the output cannot be written");
  return failed == 0 && kept && printed ? exit_ok : exit_failed;
}

int run_serve(const shell_arguments& arguments) {
  spdlog::set_default_logger(spdlog::stderr_logger_mt("flok"));
  std::optional<stop_signal> stop{std::in_place};
  running_system running{"serve"};
  if (!running.start(arguments, true))
    return exit_usage;
  std::printf("listening at %s\n", running.socket_path().c_str());
  std::fflush(stdout);
  pollfd p{stop->fd(), POLLIN, 0};
  while (::poll(&p, 1, -1) != 1)
    continue;
  const bool kept = running.close();
  stop.reset();
  return kept ? exit_ok : exit_failed;
}

} // namespace flok::tools
