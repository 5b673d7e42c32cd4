#include "tools/open_store.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <utility>

#include <unistd.h>

#include "flok.hpp"
#include "runtime/json_text.hpp"
#include "tools/commands.hpp"
#include "tools/writing.hpp"

namespace flok::tools {

namespace {

/// What is printed when a signal tells of damage: nothing can be put together then.
std::string damage_message; // NOLINT: a signal handler has no other place to look

void tell_damage(int) {
  const auto ignored = ::write(STDERR_FILENO, damage_message.data(), damage_message.size());
  (void)ignored;
  ::_exit(exit_failed);
}

int complain_unwritten(std::string_view command, int error) {
  return complain(command,
                  std::string{"the output cannot be written: "} + std::strerror(error),
                  exit_failed);
}

} // namespace

void expect_damage(const std::string& command, const std::string& where) {
  damage_message =
      "flok " + command + ": " + where + ": data.mdb is damaged; flok check tells more\n";
  for (const int number : {SIGBUS, SIGSEGV, SIGABRT, SIGFPE})
    std::signal(number, tell_damage);
}

expected<std::string> directory_of(const store_arguments& a) {
  if (!a.config && !a.data)
    return failure(errc::bad_config, "which store? Give its --data or --config");
  if (!a.config)
    return *a.data;
  const auto pagers = builtin_pagers();
  const auto options = read_options({*a.config, a.data, {}}, *pagers);
  if (!options)
    return failure(options.error().code,
                   options.error().message +
                       "; --data alone works on a directory, whatever its pagers are");
  if (!options->data)
    return failure(errc::bad_config,
                   *a.config + ": it has no storage.path; give --data as well");
  return *options->data;
}

int complain(std::string_view command, std::string_view message, int code) {
  std::fflush(stdout); // what was printed before stands before
  std::fprintf(stderr, "flok %.*s: %.*s\n", static_cast<int>(command.size()),
               command.data(), static_cast<int>(message.size()), message.data());
  return code;
}

int complain(std::string_view command, const error& why) {
  return complain(command, why.message,
                  why.code == errc::shutting_down ? exit_failed : exit_usage);
}

int complain_unless_stopped(stop_signal& stop, std::string_view command, const error& why) {
  const bool asked = stop.stopped();
  stop.release(); // what is said waits for its reader
  if (asked)
    return exit_ok;
  return why.code == errc::shutting_down && stop.unread()
             ? complain_unwritten(command, EPIPE)
             : complain(command, why);
}

bool printer::print(std::string_view text) {
  if (stop_ >= 0)
    text_ += text;
  else if (error_ == 0 && std::fwrite(text.data(), 1, text.size(), stdout) != text.size())
    error_ = errno;
  return error_ == 0;
}

bool printer::flush() {
  if (error_ == 0)
    error_ = write_all(STDOUT_FILENO, std::exchange(text_, {}), stop_);
  if (std::fflush(stdout) != 0 && error_ == 0)
    error_ = errno;
  return error_ == 0;
}

int printer::finish(int code) {
  if (flush() || error_ == ECANCELED)
    return code;
  return complain_unwritten(command_, error_);
}

int printer::finish(stop_signal& stop, const expected<void>& ended) {
  const bool asked = stop.stopped();
  const bool cut_off =
      error_ == ECANCELED || (!ended && ended.error().code == errc::shutting_down);
  if (cut_off && !asked && stop.unread())
    error_ = EPIPE;
  stop.release(); // what is said waits for its reader
  if (!ended && !asked && error_ == 0)
    complain(command_, ended.error().message, exit_failed);
  return finish(ended || asked ? exit_ok : exit_failed);
}

std::string readable(std::string_view bytes) {
  const auto name = json::as_utf8(bytes);
  const bool plain = !name.empty() && name.front() != '"' &&
                     std::none_of(name.begin(), name.end(),
                                  [](unsigned char c) { return c < 0x20U || c == 0x7fU; });
  return plain ? name : json::quoted(name);
}

std::string readable_bytes(std::uint64_t bytes) {
  constexpr std::array units{"bytes", "KiB", "MiB", "GiB", "TiB"};
  auto size = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; size >= 1024 && unit + 1 < units.size(); ++unit)
    size /= 1024;
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), unit == 0 ? "%.0f %s" : "%.1f %s", size,
                units.at(unit));
  return text.data();
}

std::string counted(std::uint64_t count, std::string_view what) {
  return std::to_string(count) + " " + std::string{what} + (count == 1 ? "" : "s");
}

} // namespace flok::tools
