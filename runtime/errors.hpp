// Error codes and the result type of every boundary of flok.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

namespace flok {

/// What went wrong, as it is spelled in the shell protocol (docs/protocol.md).
enum class errc : std::uint8_t {
  bad_request,
  bad_config,
  unknown_op,
  unknown_namespace,
  unknown_controller,
  invalid_page,
  bad_index,
  no_such_page,
  id_too_long,
  conflict,
  unsupported,
  pager_down,
  storage_failure,
  shutting_down,
  controller_down, ///< a handler threw, or was too slow for `close`: told in the process
  connection_lost, ///< to another process (remote/connection.hpp)
};

/// The number of error codes; an `errc` is always below it.
inline constexpr std::uint8_t errc_count = 16;

/// The code's name in the protocol, e.g. "no_such_page".
[[nodiscard]] std::string_view to_string(errc code) noexcept;

/// A failure: a code for programs, a sentence for people that says what and where.
struct error {
  errc code = errc::bad_request;
  std::string message;
  std::string hash{}; ///< of a `conflict`: the `_hash` that is there, empty for no page

  friend bool operator==(const error&, const error&) = default;
};

template <class T>
using expected = tl::expected<T, error>;

/// The failed alternative of any `expected`.
[[nodiscard]] inline tl::unexpected<error> failure(errc code, std::string message) {
  return tl::unexpected<error>(error{code, std::move(message)});
}

/// Passes a failure on, whatever the type of the value that it replaces.
[[nodiscard]] inline tl::unexpected<error> failure(error e) {
  return tl::unexpected<error>(std::move(e));
}

} // namespace flok
