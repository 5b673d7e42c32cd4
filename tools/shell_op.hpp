// Operations of the shell protocol (docs/protocol.md), read from their lines.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/edits.hpp"
#include "runtime/errors.hpp"
#include "runtime/page.hpp"

namespace flok::tools {

enum class op_kind : std::uint8_t {
  controller,
  disconnect,
  watch,
  unwatch,
  write,
  edit,
  read,
  read_sync,
  hash,
  pageout,
  drain,
  stats,
  log,
};

/// One operation, or what is wrong with its line.
struct shell_op {
  std::string name;           ///< as written; empty where the line has none
  std::string tag;            ///< JSON text to be echoed; empty where there is none
  bool quiet = false;         ///< the session's own: it is not answered on paper
  std::optional<error> wrong; ///< then nothing below is of use
  op_kind kind = op_kind::stats;
  std::string controller;
  std::string ns;
  std::string id;
  bool sync = false;
  page_ptr page;
  std::vector<flok::edit> edits;
  std::optional<page_kind> create;
};

/// Reads a line. Never fails: what is wrong with it is in the result.
[[nodiscard]] shell_op parse_op(std::string_view line);

/// The answers, each a line with its end. `fields` is empty or begins with a comma.
[[nodiscard]] std::string reply_line(const shell_op& op, std::string_view fields = {});
[[nodiscard]] std::string error_line(const shell_op& op, const error& why);

/// The event of a failure that nobody asked for, a line with its end.
[[nodiscard]] std::string problem_line(const error& what);

} // namespace flok::tools
