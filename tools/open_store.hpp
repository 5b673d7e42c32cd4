// From a subcommand's arguments to a store, and what these subcommands share.
#pragma once

#include <string>
#include <string_view>

#include "runtime/errors.hpp"
#include "tools/stop_signal.hpp"
#include "tools/store_commands.hpp"

namespace flok::tools {

/// The data directory. Fails with `bad_config`.
[[nodiscard]] expected<std::string> directory_of(const store_arguments& a);

/// From here on, damage in LMDB's own pages that ends this process is told as such, for a
/// command of that name, which then fails.
void expect_damage(const std::string& command, const std::string& where);

/// "flok COMMAND: MESSAGE" on stderr. Returns `code`.
int complain(std::string_view command, std::string_view message, int code);

/// The same of what could not be begun: `exit_usage`, or `exit_failed` where the running
/// system has ended the connection meanwhile.
int complain(std::string_view command, const error& why);

/// The same, where a signal has not asked to end meanwhile: `exit_ok` then, and nothing is
/// said; or where nobody reads the output any more: then that is said. From here on signals
/// end the process.
int complain_unless_stopped(stop_signal& stop, std::string_view command, const error& why);

/// Text on standard output.
class printer {
public:
  /// With a `stop`, whoever reads is not waited for any longer once that is readable.
  explicit printer(std::string command, int stop = -1)
      : command_{std::move(command)}, stop_{stop} {}

  /// False where it can no longer be written.
  bool print(std::string_view text);

  /// Writes what waits. False where that cannot be.
  bool flush();

  /// The same at the end. Returns `code`, or, having said why, `exit_failed` where any of
  /// it could not be written.
  [[nodiscard]] int finish(int code);

  /// The same of a subcommand that goes on until a signal tells it to end: `exit_ok` then.
  /// Where it ended otherwise, or nobody reads the output any more, why is said:
  /// `exit_failed`. From here on signals end the process.
  [[nodiscard]] int finish(stop_signal& stop, const expected<void>& ended);

private:
  std::string command_;
  int stop_;
  std::string text_; ///< that waits, where there is a `stop`
  int error_ = 0;
};

/// An id or namespace as people read it: as it is, or as a JSON string where it holds
/// control characters or begins like one.
[[nodiscard]] std::string readable(std::string_view name);

/// A number of bytes as people read it: "17.5 MiB".
[[nodiscard]] std::string readable_bytes(std::uint64_t bytes);

/// "1 page", "2 pages".
[[nodiscard]] std::string counted(std::uint64_t count, std::string_view what);

} // namespace flok::tools
