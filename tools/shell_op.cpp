#include "tools/shell_op.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

#include "runtime/codec.hpp"
#include "runtime/codec_json.hpp"
#include "runtime/json_text.hpp"

namespace flok::tools {

namespace {

enum field : unsigned {
  f_controller = 1U << 0U,
  f_ns = 1U << 1U,
  f_id = 1U << 2U,
  f_sync = 1U << 3U,
  f_page = 1U << 4U,
  f_edits = 1U << 5U,
  f_create = 1U << 6U,
  f_changes = 1U << 7U,
  f_every = 1U << 8U,
  f_if_hash = 1U << 9U,
  f_durable = 1U << 10U,
  f_prefix = 1U << 11U,
  f_after = 1U << 12U,
  f_limit = 1U << 13U,
  f_from = 1U << 14U,
  f_to = 1U << 15U,
  f_form = 1U << 16U,
  f_diff = 1U << 17U,
  f_pages = 1U << 18U,
  f_pending = 1U << 19U,
  f_ms = 1U << 20U,
  f_kind = 1U << 21U,
  f_keep = 1U << 22U,
};

constexpr unsigned f_rule = f_if_hash | f_durable;

/// What an operation is called, must have, and may have.
struct shape {
  std::string_view name;
  op_kind kind;
  unsigned needed;
  unsigned optional;
};

constexpr std::array shapes = {
    shape{"controller", op_kind::controller, f_controller, 0},
    shape{"disconnect", op_kind::disconnect, f_controller, 0},
    shape{"watch", op_kind::watch, f_controller | f_ns | f_id,
          f_sync | f_changes | f_every},
    shape{"unwatch", op_kind::unwatch, f_controller | f_ns | f_id, f_sync},
    shape{"write", op_kind::write, f_ns | f_page, f_rule},
    shape{"edit", op_kind::edit, f_ns | f_id | f_edits, f_create | f_rule},
    shape{"read", op_kind::read, f_ns | f_id, f_keep},
    shape{"read_sync", op_kind::read_sync, f_ns | f_id, f_keep},
    shape{"invalidate", op_kind::invalidate, f_ns | f_id, 0},
    shape{"delete", op_kind::erase, f_ns | f_id, f_rule},
    shape{"list", op_kind::list, f_ns, f_prefix | f_after | f_limit},
    shape{"hash", op_kind::hash, f_page, 0},
    shape{"diff", op_kind::diff, f_from | f_to, f_form},
    shape{"replay", op_kind::replay, f_page | f_diff, 0},
    shape{"pageout", op_kind::pageout, 0, 0},
    shape{"drain", op_kind::drain, 0, 0},
    shape{"stats", op_kind::stats, 0, 0},
    shape{"log", op_kind::log, f_ns, 0},
    shape{"stall", op_kind::stall, f_controller | f_ms, 0},
    shape{"crash", op_kind::crash, f_ns, 0},
    shape{"fault", op_kind::fault, f_kind, 0},
    shape{"cache_write", op_kind::cache_write, f_ns | f_pages, f_pending},
};

constexpr std::array<std::pair<field, std::string_view>, 23> field_names = {{
    {f_controller, "controller"},
    {f_ns, "ns"},
    {f_id, "id"},
    {f_sync, "sync"},
    {f_page, "page"},
    {f_edits, "edits"},
    {f_create, "create"},
    {f_changes, "changes"},
    {f_every, "every"},
    {f_if_hash, "if_hash"},
    {f_durable, "durable"},
    {f_prefix, "prefix"},
    {f_after, "after"},
    {f_limit, "limit"},
    {f_from, "from"},
    {f_to, "to"},
    {f_form, "form"},
    {f_diff, "diff"},
    {f_pages, "pages"},
    {f_pending, "pending"},
    {f_ms, "ms"},
    {f_kind, "kind"},
    {f_keep, "keep"},
}};

/// Ends the reading of a line; caught in `parse_op`, never leaves this file.
struct refusal {
  error why;
};

[[noreturn]] void refuse(errc code, std::string why) {
  throw refusal{{code, std::move(why)}};
}

std::string text_of(const json::member& m) {
  if (json::kind_of(m.value) != json::kind::string)
    refuse(errc::bad_request, m.key + ": a string was expected");
  auto text = json::string_value(m.value);
  if (!text)
    refuse(errc::bad_request, m.key + ": " + text.error().message);
  return std::move(*text);
}

std::string string_of(const json::member& m) {
  auto text = text_of(m);
  if (text.empty())
    refuse(errc::bad_request, m.key + ": must not be empty");
  return text;
}

bool boolean_of(const json::member& m) {
  if (json::kind_of(m.value) != json::kind::boolean)
    refuse(errc::bad_request, m.key + ": true or false was expected");
  return m.value == "true";
}

std::uint64_t number_of(const json::member& m) {
  std::uint64_t n = 0;
  const auto end = m.value.data() + m.value.size();
  const auto done = std::from_chars(m.value.data(), end, n);
  if (done.ec != std::errc{} || done.ptr != end)
    refuse(errc::bad_request, m.key + ": a whole number from 0 on was expected");
  return n;
}

std::uint64_t duration_of(const json::member& m) {
  const auto ms = number_of(m);
  if (ms > limits::interval_ms_max)
    refuse(errc::bad_request, m.key + ": at most " +
                                  std::to_string(limits::interval_ms_max) +
                                  " was expected");
  return ms;
}

page_ptr page_of(const std::string& where, std::string_view text) {
  if (json::kind_of(text) != json::kind::object)
    refuse(errc::invalid_page, where + ": an object was expected");
  auto page = decode_page(text, checked::grammar);
  if (!page)
    refuse(page.error().code, where + ": " + page.error().message);
  return std::move(*page);
}

std::vector<page_ptr> pages_of(const json::member& m) {
  const auto parts = json::kind_of(m.value) == json::kind::array
                         ? json::elements(m.value)
                         : failure(errc::bad_request, "an array was expected");
  if (!parts)
    refuse(errc::bad_request, m.key + ": " + parts.error().message);
  std::vector<page_ptr> pages;
  for (const auto& part : *parts)
    pages.push_back(page_of(m.key + "/" + std::to_string(pages.size()), part));
  return pages;
}

/// One of two words.
bool is_first(const json::member& m, std::string_view first, std::string_view second) {
  const auto text = text_of(m);
  if (text != first && text != second)
    refuse(errc::bad_request, m.key + ": " + json::quoted(first) + " or " +
                                  json::quoted(second) + " was expected");
  return text == first;
}

store_fault fault_of(const json::member& m) {
  const auto fault = fault_called(text_of(m));
  if (!fault)
    refuse(errc::bad_request,
           m.key + ": commit_fails, read_fails, slow or none was expected");
  return *fault;
}

/// A page's `_hash`, or, as an empty text, that there is to be no page.
std::string hash_of(const json::member& m) {
  return json::kind_of(m.value) == json::kind::null ? std::string{} : string_of(m);
}

template <class T>
T parsed(expected<T> value) {
  if (!value)
    refuse(value.error().code, value.error().message);
  return std::move(*value);
}

/// Fields that several operations share.
bool take_common(shell_op& op, field f, const json::member& m) {
  switch (f) {
  case f_controller:
    op.controller = string_of(m);
    return true;
  case f_ns:
    op.ns = string_of(m);
    return true;
  case f_id:
    op.id = string_of(m);
    return true;
  case f_page:
    op.page = page_of(m.key, m.value);
    op.id = op.page->id();
    return true;
  case f_if_hash:
    op.rule.if_hash = hash_of(m);
    return true;
  case f_durable:
    op.rule.durable = boolean_of(m);
    return true;
  default:
    return false;
  }
}

/// Those of watches, edits and lists.
bool take_special(shell_op& op, field f, const json::member& m) {
  switch (f) {
  case f_sync:
    op.sync = boolean_of(m);
    return true;
  case f_changes:
    op.changes = boolean_of(m);
    return true;
  case f_every:
    op.every = boolean_of(m);
    return true;
  case f_keep:
    op.keep = boolean_of(m);
    return true;
  case f_create:
    op.create = is_first(m, "array", "hash") ? page_kind::array : page_kind::hash;
    return true;
  case f_edits:
    op.edits = parsed(parse_edits(m.value));
    return true;
  case f_prefix:
    op.range.prefix = text_of(m);
    return true;
  case f_after:
    op.range.after = text_of(m);
    return true;
  case f_limit:
    op.range.limit = number_of(m);
    return true;
  default:
    return false;
  }
}

void take(shell_op& op, field f, const json::member& m) {
  if (take_common(op, f, m) || take_special(op, f, m))
    return;
  if (f == f_from)
    op.from = page_of(m.key, m.value);
  else if (f == f_to)
    op.to = page_of(m.key, m.value);
  else if (f == f_form)
    op.form = is_first(m, "full", "basic") ? diff_form::full : diff_form::basic;
  else if (f == f_diff)
    op.changed = parsed(parse_changes(m.value));
  else if (f == f_pages)
    op.pages = pages_of(m);
  else if (f == f_pending)
    op.pending = boolean_of(m);
  else if (f == f_ms)
    op.ms = duration_of(m);
  else if (f == f_kind)
    op.fault = fault_of(m);
}

/// `op` and `tag` come first, so that whatever else is wrong is answered with them.
void take_names(shell_op& op, const std::vector<json::member>& members) {
  for (auto m = members.begin(); m != members.end(); ++m) {
    if (m->key == "tag") {
      op.tag = m->value;
      json::to_one_line(op.tag.data(), op.tag.data() + op.tag.size());
    } else if (m->key == "op" && json::kind_of(m->value) == json::kind::string) {
      op.name = json::string_value(m->value).value_or(std::string{});
    }
  }
  std::set<std::string_view> seen;
  for (const auto& m : members)
    if (!seen.insert(m.key).second)
      refuse(errc::bad_request, json::quoted(m.key) + " is given twice");
  if (op.name.empty())
    refuse(errc::bad_request, "op: missing, or no name");
}

void take_fields(shell_op& op, const std::vector<json::member>& members) {
  const auto known = std::find_if(shapes.begin(), shapes.end(),
                                  [&](const shape& s) { return s.name == op.name; });
  if (known == shapes.end())
    refuse(errc::unknown_op, "no operation is called " + json::quoted(op.name));
  op.kind = known->kind;
  unsigned seen = 0;
  for (const auto& m : members)
    for (const auto& [f, name] : field_names)
      if (m.key == name)
        seen |= f;
  for (const auto& [f, name] : field_names)
    if ((known->needed & f) != 0 && (seen & f) == 0)
      refuse(errc::bad_request, std::string{name} + ": missing");
  for (const auto& m : members)
    for (const auto& [f, name] : field_names)
      if (m.key == name && ((known->needed | known->optional) & f) != 0)
        take(op, f, m);
}

/// The hash that stands in the way of a conditional write.
std::string hash_field(const error& why) {
  return R"(,"hash":)" + (why.hash.empty() ? "null" : json::quoted(why.hash));
}

std::string end_of_line(const shell_op& op) {
  return op.tag.empty() ? "}\n" : R"(,"tag":)" + op.tag + "}\n";
}

} // namespace

shell_op parse_op(std::string_view line) {
  shell_op op;
  const auto members = json::members(line);
  if (!members) {
    op.wrong =
        error{errc::bad_request, "the line is no JSON object: " + members.error().message};
    return op;
  }
  try {
    take_names(op, *members);
    take_fields(op, *members);
  } catch (const refusal& r) {
    op.wrong = r.why;
  }
  return op;
}

std::string reply_line(const shell_op& op, std::string_view fields) {
  std::string line = R"({"reply":)" + json::quoted(op.name);
  line += fields;
  return line + end_of_line(op);
}

std::string error_line(const shell_op& op, const error& why) {
  std::string line = R"({"error":{"code":")";
  line += to_string(why.code);
  line += R"(","message":)" + json::quoted(why.message);
  if (why.code == errc::conflict)
    line += hash_field(why);
  line += R"(},"op":)";
  line += op.name.empty() ? "null" : json::quoted(op.name);
  if (why.code == errc::conflict)
    line += hash_field(why); // where a write's reply has it
  return line + end_of_line(op);
}

std::string problem_line(const error& what) {
  std::string line = R"({"event":"error","code":")";
  line += to_string(what.code);
  line += R"(","message":)" + json::quoted(what.message) + "}\n";
  return line;
}

} // namespace flok::tools
