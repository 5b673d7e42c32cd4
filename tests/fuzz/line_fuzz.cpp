// Lines of the shell: operations are read exactly where the protocol says so, and every
// answer is one line of JSON with the operation's name and tag.
#include <algorithm>
#include <array>
#include <initializer_list>

#include "runtime/codec_json.hpp"
#include "runtime/diff.hpp"
#include "runtime/json_text.hpp"
#include "runtime/limits.hpp"
#include "tests/fuzz/oracles.hpp"
#include "tools/shell_op.hpp"

using namespace flok;
using namespace flok::fuzz;
using flok::tools::shell_op;

namespace {

struct shape {
  std::string_view name;
  std::string_view fields; ///< each with a space behind it; "?" before what may be left out
};

constexpr std::array shapes = {
    shape{"controller", "controller "},
    shape{"disconnect", "controller "},
    shape{"watch", "controller ns id ?sync ?changes ?every "},
    shape{"unwatch", "controller ns id ?sync "},
    shape{"write", "ns page ?if_hash ?durable "},
    shape{"edit", "ns id edits ?create ?if_hash ?durable "},
    shape{"delete", "ns id ?if_hash ?durable "},
    shape{"invalidate", "ns id "},
    shape{"read", "ns id ?keep "},
    shape{"read_sync", "ns id ?keep "},
    shape{"list", "ns ?prefix ?after ?limit "},
    shape{"hash", "page "},
    shape{"diff", "from to ?form "},
    shape{"replay", "page diff "},
    shape{"pageout", ""},
    shape{"drain", ""},
    shape{"stats", ""},
    shape{"log", "ns "},
    shape{"stall", "controller ms "},
    shape{"crash", "ns "},
    shape{"fault", "kind "},
    shape{"cache_write", "ns pages ?pending "},
};

/// A whole number that 64 bits hold, without a sign, a fraction or an exponent.
bool is_number(std::string_view text) {
  constexpr std::string_view most = "18446744073709551615";
  return text.find_first_not_of("0123456789") == text.npos &&
         (text.size() < most.size() || (text.size() == most.size() && text <= most));
}

bool is_one_of(const tree& field, std::initializer_list<std::string_view> words) {
  return field.what == tree::kind::string &&
         std::find(words.begin(), words.end(), field.text) != words.end();
}

bool is_field(std::string_view name, const tree& field, std::string_view text) {
  const auto any_of = [&](std::initializer_list<std::string_view> names) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  if (any_of({"page", "from", "to"}))
    return is_page(field);
  if (name == "pages")
    return field.what == tree::kind::array &&
           std::all_of(field.elements.begin(), field.elements.end(), is_page);
  if (name == "edits")
    return parse_edits(text).has_value();
  if (name == "diff")
    return parse_changes(text).has_value();
  if (any_of({"sync", "changes", "every", "durable", "pending", "keep"}))
    return text == "true" || text == "false";
  if (name == "limit")
    return is_number(text);
  if (name == "ms")
    return is_number(text) && std::stoull(std::string{text}) <= 86'400'000;
  if (any_of({"prefix", "after"}))
    return field.what == tree::kind::string;
  if (name == "create")
    return is_one_of(field, {"array", "hash"});
  if (name == "form")
    return is_one_of(field, {"full", "basic"});
  if (name == "kind")
    return is_one_of(field, {"none", "commit_fails", "read_fails", "slow"});
  if (name == "if_hash" && field.what == tree::kind::null)
    return text == "null";
  return field.what == tree::kind::string && !field.text.empty();
}

/// Whether the operation's own fields are right.
bool has_fields(const shape& op, const tree& line, const std::vector<json::member>& parts) {
  for (auto rest = op.fields; !rest.empty(); rest.remove_prefix(rest.find(' ') + 1)) {
    auto name = rest.substr(0, rest.find(' '));
    const bool optional = name.starts_with('?');
    name.remove_prefix(optional ? 1 : 0);
    const auto at = std::find(line.keys.begin(), line.keys.end(), name);
    const auto index = static_cast<std::size_t>(at - line.keys.begin());
    if (at == line.keys.end() ? !optional
                              : !is_field(name, line.elements[index], parts[index].value))
      return false;
  }
  return true;
}

bool is_op(const tree& line, std::string_view text) {
  if (line.what != tree::kind::object || depth_of(line) > limits::line_depth ||
      !unique_keys(line) || line.all("op").empty())
    return false;
  const auto parts = json::members(text);
  require(parts && parts->size() == line.keys.size(), "a line is taken apart");
  const auto* name = line.all("op")[0];
  return std::any_of(shapes.begin(), shapes.end(), [&](const shape& s) {
    return name->what == tree::kind::string && name->text == s.name &&
           has_fields(s, line, *parts);
  });
}

/// An answer, which must be one line of JSON; none where nlohmann cannot read its tag.
std::optional<nlohmann::json> answer(const std::string& line) {
  require(line.ends_with('\n') && line.find_first_of("\r\n") == line.size() - 1,
          "an answer is one line");
  const auto opinion = testing::parse(line);
  if (opinion.out_of_range)
    return std::nullopt;
  require(opinion.value && opinion.value->what == tree::kind::object &&
              unique_keys(*opinion.value),
          "an answer is a JSON object");
  return value_of(line);
}

void check_answers(const shell_op& op, const nlohmann::json* tag) {
  const error why = op.wrong.value_or(error{errc::no_such_page, "\"x\"\n\\\x01"});
  const auto refusal = answer(error_line(op, why));
  const auto reply = answer(reply_line(op, R"(,"id":)" + json::quoted(op.id)));
  const auto event = answer(tools::problem_line(why));
  require(event && (*event)["message"] == why.message, "a problem's message arrives");
  if (!refusal || !reply)
    return;
  for (const std::string hash : {"", "12"}) {
    const auto conflict = answer(error_line(op, error{errc::conflict, "x", hash}));
    const auto told = hash.empty() ? nlohmann::json() : nlohmann::json(hash);
    require(conflict && (*conflict)["hash"] == told && (*conflict)["error"]["hash"] == told,
            "a conflict tells the page's hash");
  }
  require((*refusal)["error"]["code"] == to_string(why.code) &&
              (*refusal)["error"]["message"] == why.message,
          "an error arrives");
  require((*refusal)["op"] ==
                  (op.name.empty() ? nlohmann::json() : nlohmann::json(op.name)) &&
              (*reply)["reply"] == op.name && (*reply)["id"] == op.id,
          "an answer names its operation");
  for (const auto* line : {&*refusal, &*reply})
    require(tag == nullptr ? !line->contains("tag")
                           : line->contains("tag") && line->at("tag") == *tag,
            "an answer has its operation's tag");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = text_of(data, size);
  const auto op = tools::parse_op(text);
  require(one_line(text).find(op.tag) != std::string::npos, "a tag keeps its bytes");
  if (op.wrong)
    require(json::is_utf8(op.wrong->message), "a refusal can be printed");
  for (const auto& page : {op.page, op.from, op.to})
    if (!op.wrong && page)
      check_page(*page);
  for (const auto& page : op.pages)
    if (!op.wrong)
      check_page(*page);
  const auto opinion = testing::parse(text);
  if (opinion.out_of_range) {
    (void)answer(error_line(op, {errc::conflict, "x"}));
    return 0;
  }
  require(!op.wrong == (opinion.value && is_op(*opinion.value, text)),
          "a line is an operation exactly where the protocol says so");
  const bool is_object = opinion.value && opinion.value->what == tree::kind::object &&
                         depth_of(*opinion.value) <= limits::line_depth;
  const auto value = is_object ? value_of(text) : nlohmann::json();
  check_answers(op, value.contains("tag") ? &value.at("tag") : nullptr);
  return 0;
}
