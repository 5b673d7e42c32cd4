// What flok takes for a page against the design's rules written down a second time, over
// another parser's tree, on random texts that are pages or nearly so.
#include <algorithm>
#include <random>
#include <set>

#include "runtime/codec.hpp"
#include "runtime/codec_json.hpp"
#include "tests/catch.hpp"
#include "tests/runtime/json_fuzz.hpp"

namespace flok::testing {

namespace {

using kind = tree::kind;

bool once(const tree& t, std::string_view key, kind what) {
  const auto found = t.all(key);
  return found.size() == 1 && found[0]->what == what;
}

bool is_pointer(const tree& page, std::string_view field) {
  const auto found = page.all(field);
  return found.empty() || (found.size() == 1 &&
                           (found[0]->what == kind::null ||
                            (found[0]->what == kind::string && !found[0]->text.empty())));
}

bool is_entry(const tree& e, bool by_key) {
  if (e.what != kind::object || !(e.all("_sig").empty() || once(e, "_sig", kind::string)))
    return false;
  return by_key || (once(e, "_id", kind::string) && !e.all("_id")[0]->text.empty());
}

bool are_entries(const tree& entries, bool by_key) {
  if (entries.what != (by_key ? kind::object : kind::array))
    return false;
  std::set<std::string> names;
  for (std::size_t i = 0; i < entries.elements.size(); ++i) {
    const auto& e = entries.elements[i];
    if (!is_entry(e, by_key) ||
        !names.insert(by_key ? entries.keys[i] : e.all("_id")[0]->text).second)
      return false;
  }
  return true;
}

/// The rules of the design's section 2, but for sizes and nesting.
bool is_page(const tree& page) {
  static const std::set<std::string> known = {"_id",   "_type", "_head",  "_next",
                                              "_prev", "_hash", "entries"};
  if (page.what != kind::object || !once(page, "_id", kind::string) ||
      page.all("_id")[0]->text.empty() || !once(page, "_type", kind::string) ||
      page.all("_hash").size() > 1 || page.all("entries").size() != 1)
    return false;
  for (const auto& key : page.keys)
    if (!known.contains(key))
      return false;
  for (const char* field : {"_head", "_next", "_prev"})
    if (!is_pointer(page, field))
      return false;
  const auto& type = page.all("_type")[0]->text;
  return (type == "array" || type == "hash") &&
         are_entries(*page.all("entries")[0], type == "hash");
}

/// `right` mostly, and now and then another one.
std::string mostly(std::string right, const strings& others, dice& roll) {
  return roll.chance(97) ? right : roll.pick(others);
}

const strings values = {"null", "1", "\"\"", "[]", "{}", "\"x\"", "true", "\"hash\""};

std::string random_entry(dice& roll, bool by_key, const std::string& name) {
  strings members;
  if (by_key ? roll.chance(2) : roll.chance(98))
    members.push_back(mostly(R"("_id")", {R"("\u005fid")", R"("_ID")"}, roll) + ":" +
                      mostly('"' + name + '"', values, roll));
  if (roll.chance(50))
    members.push_back(R"("_sig":)" + mostly("\"s" + name + '"', values, roll));
  if (roll.chance(2))
    members.push_back(R"("_s\u0069g":"t")");
  if (roll.chance(50))
    members.push_back(R"("x": )" + random_value(roll, 3));
  std::shuffle(members.begin(), members.end(), std::mt19937{roll.below(1000)});
  std::string text = "{";
  for (const auto& m : members)
    text += (text.size() == 1 ? "" : " ,") + m;
  return mostly(text + '}', values, roll);
}

std::string random_entries(dice& roll, bool by_key) {
  std::string text(1, by_key ? '{' : '[');
  for (std::size_t i = 0, n = roll.below(4); i < n; ++i) {
    const std::string name(1, static_cast<char>('a' + (roll.chance(97) ? i : 0)));
    text += i == 0 ? "" : ",";
    if (by_key)
      text += '"' + name + "\" :";
    text += random_entry(roll, by_key, name);
  }
  return text + (by_key ? '}' : ']');
}

std::string random_page(dice& roll) {
  const bool by_key = roll.chance(50);
  strings fields;
  if (roll.chance(98))
    fields.push_back(R"("_id":)" + mostly(R"("p")", values, roll));
  if (roll.chance(98))
    fields.push_back(R"("_type":)" +
                     mostly(by_key ? "\"hash\"" : "\"array\"", values, roll));
  if (roll.chance(98))
    fields.push_back(R"("entries":)" +
                     mostly(random_entries(roll, roll.chance(98) == by_key), values, roll));
  for (const char* field : {"_head", "_next", "_prev", "_hash"})
    if (roll.chance(30))
      fields.push_back('"' + std::string{field} +
                       "\":" + mostly(roll.chance(50) ? "null" : R"("q")", values, roll));
  if (roll.chance(2))
    fields.push_back(fields.empty() || roll.chance(50) ? R"("unknown":1)" : fields.front());
  std::shuffle(fields.begin(), fields.end(), std::mt19937{roll.below(1000)});
  std::string text = "{";
  for (const auto& f : fields)
    text += (text.size() == 1 ? "" : ",\n") + f;
  return text + '}';
}

/// Checks a page that was accepted against the tree of its text.
void check_page(const page& p, const tree& expected) {
  CHECK(p.id() == expected.all("_id")[0]->text);
  const auto& entries = *expected.all("entries")[0];
  const bool by_key = p.kind() == page_kind::hash;
  REQUIRE(p.size() == entries.elements.size());
  for (std::size_t i = 0; i < p.size(); ++i) {
    const auto& e = entries.elements[i];
    CHECK(p.entry(i).name == (by_key ? entries.keys[i] : e.all("_id")[0]->text));
    const auto given = e.all("_sig");
    CHECK(p.entry(i).signature ==
          (given.empty() ? json::signature(p.entry(i).text).value() : given[0]->text));
    CHECK(parse(p.entry(i).text).value->all("_sig").size() == 1);
  }
  const auto again = page_of(p.json());
  CHECK(again->json() == p.json());
  CHECK(again->unmodified(p));
  CHECK(p.json_bytes_bound() >= p.json().size());
}

} // namespace

TEST_CASE("a text is a page exactly where the rules say so") {
  std::size_t accepted = 0;
  for (std::uint64_t seed = 0; seed < 20'000; ++seed) {
    dice roll{seed};
    auto text = random_page(roll);
    if (roll.chance(30))
      text = mutated(std::move(text), roll);
    const auto opinion = parse(text);
    if (opinion.out_of_range)
      continue;
    INFO("seed " << seed);
    INFO(text);
    const auto page = decode_page(text);
    const bool expected = opinion.value && is_page(*opinion.value);
    if (page.has_value() != expected)
      FAIL((page ? "it was accepted" : page.error().message));
    if (page)
      check_page(**page, *opinion.value);
    else
      CHECK_FALSE(page.error().message.empty());
    if (opinion.value) // its grammar holds: the same verdict without a second look
      CHECK(decode_page(text, checked::grammar).has_value() == expected);
    accepted += expected ? 1 : 0;
  }
  CHECK(accepted > 5'000);
  CHECK(accepted < 15'000);
}

} // namespace flok::testing
