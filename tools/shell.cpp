#include <cstdio>
#include <cstring>
#include <mutex>
#include <optional>

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include "flok.hpp"
#include "runtime/limits.hpp"
#include "tools/commands.hpp"
#include "tools/line_reader.hpp"
#include "tools/output.hpp"
#include "tools/shell_session.hpp"
#include "tools/stop_signal.hpp"

namespace flok::tools {

namespace {

/// Feeds lines to the session until they end, or nobody reads the answers. False where the
/// input could not be read to its end.
bool converse(shell_session& session, output& out, const stop_signal& stop) {
  line_reader in{STDIN_FILENO, limits::line_bytes, stop.fd()};
  for (auto lines = in.next(); !lines.empty(); lines = in.next())
    for (auto& line : lines) {
      if (!out.wait_for_room(limits::unread_output_bytes, [&] { return stop.stopped(); }))
        return true;
      shell_op op;
      if (line.too_long)
        op.wrong =
            error{errc::bad_request, "the line is longer than " +
                                         std::to_string(limits::line_bytes) + " bytes"};
      else
        op = parse_op(line.text);
      session.add(std::move(op));
    }
  if (in.error() != 0)
    std::fprintf(stderr, "flok shell: the input cannot be read: %s\n",
                 std::strerror(in.error()));
  return in.error() == 0;
}

} // namespace

int run_shell(const shell_arguments& arguments) {
  spdlog::set_default_logger(spdlog::stderr_logger_mt("flok"));
  std::optional<stop_signal> stop{std::in_place};
  output out{STDOUT_FILENO};
  const auto print = [&](const std::string& text) { out.print(text); };
  open_options options{arguments.config, arguments.data, {}};
  options.on_problem = [&](const error& what) {
    spdlog::error("{}: {}", to_string(what.code), what.message);
    print(problem_line(what));
  };
  const auto pagers = builtin_pagers();
  auto sys = open(options, pagers);
  if (!sys) {
    std::fprintf(stderr, "flok shell: %s\n", sys.error().message.c_str());
    return exit_usage;
  }
  bool heard = false;
  {
    shell_session session{**sys, (*sys)->configuration(), print};
    heard = converse(session, out, *stop);
    session.finish();
  }
  const auto committed = (*sys)->close();
  stop.reset(); // all is kept: who will not read the rest may be ended by a signal
  const bool printed = out.flush();
  if (!printed)
    std::fprintf(stderr, "flok shell: the output cannot be written\n");
  if (!committed)
    std::fprintf(stderr, "flok shell: pages were not kept: %s\n",
                 committed.error().message.c_str());
  return heard && committed && printed ? exit_ok : exit_failed;
}

} // namespace flok::tools
