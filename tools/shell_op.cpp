#include "tools/shell_op.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "runtime/codec.hpp"
#include "runtime/codec_json.hpp"
#include "runtime/json_text.hpp"

namespace flok::tools {

namespace {

enum field : unsigned {
  f_controller = 1,
  f_ns = 2,
  f_id = 4,
  f_sync = 8,
  f_page = 16,
  f_edits = 32,
  f_create = 64,
};

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
    shape{"watch", op_kind::watch, f_controller | f_ns | f_id, f_sync},
    shape{"unwatch", op_kind::unwatch, f_controller | f_ns | f_id, f_sync},
    shape{"write", op_kind::write, f_ns | f_page, 0},
    shape{"edit", op_kind::edit, f_ns | f_id | f_edits, f_create},
    shape{"read", op_kind::read, f_ns | f_id, 0},
    shape{"read_sync", op_kind::read_sync, f_ns | f_id, 0},
    shape{"hash", op_kind::hash, f_page, 0},
    shape{"pageout", op_kind::pageout, 0, 0},
    shape{"drain", op_kind::drain, 0, 0},
    shape{"stats", op_kind::stats, 0, 0},
    shape{"log", op_kind::log, f_ns, 0},
};

constexpr std::array<std::pair<field, std::string_view>, 7> field_names = {{
    {f_controller, "controller"},
    {f_ns, "ns"},
    {f_id, "id"},
    {f_sync, "sync"},
    {f_page, "page"},
    {f_edits, "edits"},
    {f_create, "create"},
}};

/// Ends the reading of a line; caught in `parse_op`, never leaves this file.
struct refusal {
  error why;
};

[[noreturn]] void refuse(errc code, std::string why) {
  throw refusal{{code, std::move(why)}};
}

std::string string_of(const json::member& m) {
  if (json::kind_of(m.value) != json::kind::string)
    refuse(errc::bad_request, m.key + ": a string was expected");
  auto text = json::string_value(m.value);
  if (!text)
    refuse(errc::bad_request, m.key + ": " + text.error().message);
  if (text->empty())
    refuse(errc::bad_request, m.key + ": must not be empty");
  return std::move(*text);
}

bool boolean_of(const json::member& m) {
  if (json::kind_of(m.value) != json::kind::boolean)
    refuse(errc::bad_request, m.key + ": true or false was expected");
  return m.value == "true";
}

page_ptr page_of(const json::member& m) {
  if (json::kind_of(m.value) != json::kind::object)
    refuse(errc::invalid_page, "page: an object was expected");
  auto page = decode_page(m.value, checked::grammar);
  if (!page)
    refuse(page.error().code, "page: " + page.error().message);
  return std::move(*page);
}

page_kind kind_of(const json::member& m) {
  const auto text = string_of(m);
  if (text != "array" && text != "hash")
    refuse(errc::bad_request, "create: \"array\" or \"hash\" was expected");
  return text == "array" ? page_kind::array : page_kind::hash;
}

void take(shell_op& op, field f, const json::member& m) {
  switch (f) {
  case f_controller:
    op.controller = string_of(m);
    break;
  case f_ns:
    op.ns = string_of(m);
    break;
  case f_id:
    op.id = string_of(m);
    break;
  case f_sync:
    op.sync = boolean_of(m);
    break;
  case f_page:
    op.page = page_of(m);
    op.id = op.page->id();
    break;
  case f_create:
    op.create = kind_of(m);
    break;
  case f_edits: {
    auto edits = parse_edits(m.value);
    if (!edits)
      refuse(edits.error().code, edits.error().message);
    op.edits = std::move(*edits);
  }
  }
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
  line += R"(","message":)" + json::quoted(why.message) + R"(},"op":)";
  line += op.name.empty() ? "null" : json::quoted(op.name);
  return line + end_of_line(op);
}

std::string problem_line(const error& what) {
  std::string line = R"({"event":"error","code":")";
  line += to_string(what.code);
  line += R"(","message":)" + json::quoted(what.message) + "}\n";
  return line;
}

} // namespace flok::tools
