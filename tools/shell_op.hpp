// Operations of the shell protocol (docs/protocol.md), read from their lines.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "actors/store_fault.hpp"
#include "runtime/diff.hpp"
#include "runtime/edits.hpp"
#include "runtime/effects.hpp"
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
  invalidate,
  erase, // "delete"
  list,
  hash,
  diff,
  replay,
  pageout,
  drain,
  stats,
  log,
  stall, // where debug is on, to try faults: this one and those below
  crash,
  fault,
  cache_write,
};

/// One operation, or what is wrong with its line.
struct shell_op {
  std::string name;           ///< as written; empty where the line has none
  std::string tag;            ///< JSON text to be echoed; empty where there is none
  bool quiet = false;         ///< the session's own: it is not answered on paper
  std::size_t bytes = 0;      ///< of its line
  std::optional<error> wrong; ///< then nothing below is of use
  op_kind kind = op_kind::stats;
  std::string controller;
  std::string ns;
  std::string id;
  bool sync = false;
  bool changes = false;
  bool every = false;
  bool keep = true;
  page_ptr page;
  std::vector<page_ptr> pages;
  page_ptr from, to;
  std::vector<flok::edit> edits;
  std::vector<change> changed; ///< of `replay`
  diff_form form = diff_form::full;
  std::optional<page_kind> create;
  write_rule rule;
  id_range range;
  bool pending = false;
  std::uint64_t ms = 0;
  store_fault fault = store_fault::none;
};

/// Reads a line. Never fails: what is wrong with it is in the result.
[[nodiscard]] shell_op parse_op(std::string_view line);

/// The answers, each a line with its end. `fields` is empty or begins with a comma.
[[nodiscard]] std::string reply_line(const shell_op& op, std::string_view fields = {});
[[nodiscard]] std::string error_line(const shell_op& op, const error& why);

/// The event of a failure that nobody asked for, a line with its end.
[[nodiscard]] std::string problem_line(const error& what);

} // namespace flok::tools
