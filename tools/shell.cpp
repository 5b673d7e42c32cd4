// `flok shell` and `flok serve`: a running system, over standard streams and a socket.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>

#include <poll.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include "flok.hpp"
#ifdef FLOK_PROMETHEUS
#include "actors/prometheus.hpp"
#endif
#include "tools/commands.hpp"
#include "tools/conversation.hpp"
#include "tools/open_store.hpp"
#include "tools/shell_op.hpp"
#include "tools/shell_server.hpp"
#include "tools/stderr_sink.hpp"
#include "tools/stop_signal.hpp"
#include "tools/unix_socket.hpp"
#include "tools/writing.hpp"

namespace flok::tools {

namespace {

/// A system that one of the two runs, and those who reach it by its socket.
class running_system {
public:
  explicit running_system(std::string command) : command_{std::move(command)} {}

  /// Reads the configuration and opens the socket, for which others may have to be waited
  /// for; starts nothing yet. False, having said why.
  bool prepare(const shell_arguments& a, bool must_listen) {
    auto options = read_options({a.config, a.data, {}}, *pagers_);
    if (!options)
      return complain(options.error().message);
    const auto& listen = options->config.listen;
    if (must_listen && !listen)
      return complain(a.config + ": /listen: missing; it says where the system is reached");
    if (listen && !open_socket(a.config, listen->unix_path))
      return false;
    options_ = std::move(*options);
    spdlog::set_level(spdlog::level::from_str(a.log_level));
    tells_ = a.log_level != "off";
    return true;
  }

  /// Fails where nothing was started.
  expected<void> start() {
    options_.logger = spdlog::default_logger();
    options_.on_problem = [this](const error& what) {
      listeners_.tell(problem_line(what));
    };
#ifdef FLOK_PROMETHEUS
    options_.exporter = prometheus_exporter();
#endif
    auto started = system::start(std::move(options_), *pagers_);
    if (!started)
      return failure(started.error());
    sys_ = std::move(*started);
    if (const auto metrics = sys_->metrics_address(); metrics && tells_)
      (void)write_at_once(STDERR_FILENO, "flok " + command_ + ": metrics at http://" +
                                             *metrics + "/metrics\n"); // whatever its port
    if (socket_)
      server_.emplace(*sys_, *socket_, listeners_);
    return {};
  }

  /// Ends what connections ask for, then pages out; fails where pages could not be kept.
  /// Connections get what is printed for them until this one goes.
  expected<void> close() {
    if (server_)
      server_->end_input();
    const auto committed = sys_->close();
    if (!committed)
      return failure(committed.error().code,
                     "pages were not kept: " + committed.error().message);
    return {};
  }

  [[nodiscard]] system& sys() { return *sys_; }
  [[nodiscard]] audience& listeners() { return listeners_; }
  [[nodiscard]] const std::string& socket_path() const { return socket_->path(); }

private:
  /// Returns false.
  bool complain(const std::string& message) const { // NOLINT: reads well where it is used
    tools::complain(command_, message, exit_usage);
    return false;
  }

  bool open_socket(const std::string& config_file, const std::string& path) {
    auto opened = listening_socket::open(
        (std::filesystem::path{config_file}.parent_path() / path).string());
    if (!opened)
      return complain(config_file + ": /listen/unix: " + opened.error().message);
    socket_.emplace(std::move(*opened));
    return true;
  }

  std::string command_;
  std::shared_ptr<const pager_source> pagers_ = builtin_pagers();
  system_options options_; ///< until it has started
  bool tells_ = true;
  audience listeners_;
  std::optional<listening_socket> socket_; ///< its file goes last
  std::unique_ptr<system> sys_;
  std::optional<shell_server> server_; ///< goes before what it serves
};

/// How long the output's reader is waited for once a signal has asked to end: as long as it
/// takes something now and then.
class reader_patience {
public:
  reader_patience(const stop_signal& stop, const output& out) : stop_{stop}, out_{out} {}

  [[nodiscard]] bool over() {
    const auto now = std::chrono::steady_clock::now();
    if (!asked_ && stop_.stopped())
      asked_ = now;
    return asked_ && now - std::max(*asked_, out_.last_taken()) > longest_unread;
  }

private:
  static constexpr std::chrono::seconds longest_unread{3};

  const stop_signal& stop_;
  const output& out_;
  std::optional<std::chrono::steady_clock::time_point> asked_;
};

} // namespace

int run_shell(const shell_arguments& arguments) {
  log_to_stderr();
  std::optional<running_system> running{std::in_place, "shell"};
  if (!running->prepare(arguments, false))
    return exit_usage;
  stop_signal stop;
  const auto out = std::make_shared<output>(STDOUT_FILENO);
  running->listeners().add(out);
  if (auto ok = running->start(); !ok)
    return complain_unless_stopped(stop, "shell", ok.error());
  reader_patience patience{stop, *out};
  const auto unread = [&] { return patience.over(); };
  const int failed = converse(running->sys(), {STDIN_FILENO, out, stop.fd(), {}, unread});
  const auto kept = running->close();
  (void)unread(); // it notices a signal while that can still be asked for
  stop.release(); // all is kept: who will not read the rest may be ended by a signal
  const auto fail = [](const std::string& why) {
    return complain("shell", why, exit_failed);
  };
  if (failed != 0)
    fail(std::string{"the input cannot be read: "} + std::strerror(failed));
  if (!kept)
    fail(kept.error().message);
  if (out->flush(unread))
    return failed == 0 && kept ? exit_ok : exit_failed;
  fail(patience.over() ? "nobody reads the output: the rest is lost"
                       : "the output cannot be written");
  running.reset();
  std::_Exit(exit_failed); // the thread that writes may wait for a reader for ever
}

int run_serve(const shell_arguments& arguments) {
  log_to_stderr();
  running_system running{"serve"};
  if (!running.prepare(arguments, true))
    return exit_usage;
  stop_signal stop;
  if (auto ok = running.start(); !ok)
    return complain_unless_stopped(stop, "serve", ok.error());
  (void)write_all(STDOUT_FILENO, "listening at " + running.socket_path() + "\n",
                  stop.fd()); // whoever is to read it may be gone: it serves all the same
  pollfd p{stop.fd(), POLLIN, 0};
  while (::poll(&p, 1, -1) != 1)
    continue;
  const auto kept = running.close();
  stop.release();
  return kept ? exit_ok : complain("serve", kept.error().message, exit_failed);
}

} // namespace flok::tools
