#include "tools/shell_rules.hpp"

namespace flok::tools {

using kind = shell_schedule::kind;

kind kind_of(const shell_op& op) {
  if (op.wrong)
    return kind::free;
  switch (op.kind) {
  case op_kind::hash:
  case op_kind::diff:
  case op_kind::replay:
    return kind::free;
  case op_kind::watch:
    return op.sync ? kind::load : kind::page;
  case op_kind::unwatch:
    return kind::page;
  case op_kind::read:
  case op_kind::read_sync:
    return kind::load;
  case op_kind::write:
  case op_kind::edit:
  case op_kind::erase:
  case op_kind::invalidate:
    return kind::write;
  case op_kind::controller: // what waits before it must still find no controller of that
                            // name
  case op_kind::disconnect:
  case op_kind::pageout:
  case op_kind::drain:
  case op_kind::stats:
  case op_kind::log:
  case op_kind::list:
  case op_kind::stall:
  case op_kind::crash:
  case op_kind::fault:
  case op_kind::cache_write:
    return kind::barrier;
  }
  return kind::barrier;
}

bool causes_events(const shell_op& op) {
  if (op.wrong)
    return false;
  switch (op.kind) {
  case op_kind::watch:
  case op_kind::unwatch:
  case op_kind::write:
  case op_kind::edit:
  case op_kind::erase:
  case op_kind::invalidate:
  case op_kind::cache_write:
    return true;
  default:
    return false;
  }
}

bool answers_at_length(const shell_op& op) {
  if (op.wrong)
    return false;
  switch (op.kind) {
  case op_kind::read:
  case op_kind::read_sync:
  case op_kind::list:
  case op_kind::hash:
  case op_kind::diff:
  case op_kind::replay:
  case op_kind::log:
    return true;
  default:
    return false;
  }
}

bool reads_a_page(const shell_op& op) {
  return op.kind == op_kind::read || op.kind == op_kind::read_sync;
}

/// What `hash`, `diff` and `replay` answer is made of their lines.
std::optional<std::size_t> bytes_of_answer(const shell_op& op) {
  return kind_of(op) == kind::free ? std::optional{op.bytes} : std::nullopt;
}

std::string page_key(const shell_op& op) {
  return std::to_string(op.ns.size()) + ':' + op.ns + op.id;
}

} // namespace flok::tools
