#include "tests/runtime/json_fuzz.hpp"

#include <nlohmann/json.hpp>

namespace flok::testing {

namespace {

const strings atoms = {"0",     "-0",    "1",    "-12",  "3.25",
                       "1e5",   "1E-7",  "true", "null", "false",
                       "\"\"",  "\"a\"", "[]",   "{}",   "18446744073709551616",
                       "0.1e+1"};
const strings escapes = {
    "\\n",     "\\u0041", "\\\"", "\\\\", "\\/", "\\ud83d\\ude00", "é", "\xf0\x9f\x98\x80",
    "\\u0000", "{",       "]",    ",",    ":"};
const strings spaces = {"", "", "", "", " ", "\n", "\t", "\r\n", "  "};
const strings tokens = {"{",
                        "}",
                        "[",
                        "]",
                        ",",
                        ":",
                        "\"",
                        "\\",
                        "\\u",
                        "\\ud800",
                        "01",
                        "-",
                        ".",
                        "e",
                        "E400",
                        "tru",
                        "null",
                        "nul",
                        "\n",
                        "\xff",
                        "\xc3",
                        "\x01",
                        "/",
                        " ",
                        "\"a\":",
                        "1 2",
                        "//",
                        "\\udc00",
                        "+",
                        "\x7f",
                        "\xef\xbb\xbf",
                        "NaN",
                        "'",
                        "\"_id\"",
                        "\"\""};

std::string random_string(dice& roll) {
  std::string text = "\"";
  for (std::size_t n = roll.below(5); n != 0; --n) {
    if (roll.chance(20))
      text += roll.pick(escapes);
    else
      text += static_cast<char>('a' + roll.below(26));
  }
  return text + '"';
}

/// Builds a tree from nlohmann's events.
class tree_builder {
public:
  bool null() { return add({}); }
  bool boolean(bool) { return add_other(); }
  bool number_integer(std::int64_t) { return add_other(); }
  bool number_unsigned(std::uint64_t) { return add_other(); }
  bool number_float(double, const std::string&) { return add_other(); }
  bool binary(const std::vector<std::uint8_t>&) { return add_other(); }
  bool string(std::string& value) { return add({tree::kind::string, value, {}, {}}); }
  bool start_object(std::size_t) { return open(tree::kind::object); }
  bool start_array(std::size_t) { return open(tree::kind::array); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }

  bool key(std::string& name) {
    open_.back().keys.push_back(name);
    return true;
  }

  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception& e) {
    constexpr int number_overflow = 406;
    out_of_range = e.id == number_overflow;
    return false;
  }

  tree root;
  bool out_of_range = false;

private:
  bool add_other() { return add({tree::kind::other, {}, {}, {}}); }

  bool add(tree t) {
    if (open_.empty())
      root = std::move(t);
    else
      open_.back().elements.push_back(std::move(t));
    return true;
  }

  bool open(tree::kind what) {
    open_.push_back({what, {}, {}, {}});
    return true;
  }

  bool close() {
    tree done = std::move(open_.back());
    open_.pop_back();
    return add(std::move(done));
  }

  std::vector<tree> open_;
};

} // namespace

std::string random_object(dice& roll, std::size_t depth, std::size_t most) {
  std::string text = "{" + roll.pick(spaces);
  for (std::size_t i = 0, n = roll.below(most + 1); i != n; ++i) {
    text += i == 0 ? "" : ",";
    text += roll.pick(spaces) + random_string(roll) + roll.pick(spaces) + ':';
    text += roll.pick(spaces) + random_value(roll, depth - 1) + roll.pick(spaces);
  }
  return text + '}';
}

std::string random_value(dice& roll, std::size_t depth) {
  if (depth == 0 || roll.chance(60))
    return roll.chance(50) ? roll.pick(atoms) : random_string(roll);
  if (roll.chance(50))
    return random_object(roll, depth);
  std::string text = "[" + roll.pick(spaces);
  for (std::size_t i = 0, n = roll.below(5); i != n; ++i)
    text += (i == 0 ? "" : ",") + roll.pick(spaces) + random_value(roll, depth - 1) +
            roll.pick(spaces);
  return text + ']';
}

std::string mutated(std::string text, dice& roll) {
  for (std::size_t n = 1 + roll.below(2); n != 0; --n) {
    const std::size_t at = roll.below(text.size() + 1);
    const std::size_t size = std::min(1 + roll.below(4), text.size() - at);
    switch (roll.below(6)) {
    case 0:
      text.erase(at, size);
      break;
    case 1:
      text.insert(at, text.substr(roll.below(text.size() + 1), 1 + roll.below(8)));
      break;
    case 2:
      text.replace(at, size, roll.pick(tokens));
      break;
    case 3:
      if (at < text.size())
        text[at] = static_cast<char>(roll.below(256));
      break;
    case 4:
      text.resize(at);
      break;
    default:
      text.insert(at, roll.pick(tokens));
    }
  }
  return text;
}

std::vector<const tree*> tree::all(std::string_view key) const {
  std::vector<const tree*> found;
  for (std::size_t i = 0; i < keys.size(); ++i)
    if (keys[i] == key)
      found.push_back(&elements[i]);
  return found;
}

second_opinion parse(std::string_view text) {
  // nlohmann's parser takes a zero byte for the end of the text and skips a byte order
  // mark; neither is JSON (RFC 8259, sections 2 and 8.1).
  if (text.find('\0') != std::string_view::npos || text.starts_with("\xef\xbb\xbf"))
    return {};
  tree_builder builder;
  if (nlohmann::json::sax_parse(text, &builder))
    return {std::move(builder.root), false};
  return {std::nullopt, builder.out_of_range};
}

} // namespace flok::testing
