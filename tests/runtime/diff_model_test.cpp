// Random pages and diffs, against plain lists of names and a plain O(n²) subsequence.
#include <algorithm>

#include "runtime/codec_json.hpp"
#include "runtime/diff.hpp"
#include "runtime/json_text.hpp"
#include "tests/catch.hpp"
#include "tests/runtime/json_fuzz.hpp"
#include "tests/runtime/pages.hpp"

namespace flok::testing {

namespace {

struct model_entry {
  std::string name;
  std::string signature;
};

/// A page "p" as plain lists.
struct model_page {
  bool array = true;
  std::vector<model_entry> entries;
  std::optional<std::string> pointers[3]; ///< head, next, prev

  [[nodiscard]] const model_entry* find(const std::string& name) const {
    const auto e = std::find_if(entries.begin(), entries.end(),
                                [&](const model_entry& one) { return one.name == name; });
    return e == entries.end() ? nullptr : &*e;
  }

  [[nodiscard]] std::string json() const {
    std::string text = R"({"_id":"p","_type":")";
    text += array ? "array" : "hash";
    const char* names[] = {R"(","_head":)", R"(,"_next":)", R"(,"_prev":)"};
    for (std::size_t i = 0; i < 3; ++i) {
      text += names[i];
      json::append_pointer(text, pointers[i]);
    }
    text += array ? R"(,"entries":[)" : R"(,"entries":{)";
    for (std::size_t i = 0; i < entries.size(); ++i) {
      text += i == 0 ? "" : ",";
      text += array ? R"({"_id":)" + json::quoted(entries[i].name) + ','
                    : json::quoted(entries[i].name) + ":{";
      text += R"("_sig":)" + json::quoted(entries[i].signature) + '}';
    }
    return text + (array ? "]}" : "}}");
  }
};

std::string random_name(dice& roll) {
  return std::string(1, "abcdefghijklmnopqrs\"\n"[roll.below(21)]) +
         (roll.chance(20) ? "é" : "");
}

void shuffle_some(std::vector<model_entry>& entries, dice& roll) {
  for (std::size_t n = roll.below(entries.size() + 1); n != 0; --n)
    std::swap(roll.pick(entries), roll.pick(entries));
}

model_page random_page(dice& roll, bool array) {
  model_page p;
  p.array = array;
  for (std::size_t n = roll.below(25); n != 0; --n) {
    const auto name = random_name(roll);
    if (p.find(name) == nullptr)
      p.entries.push_back({name, std::to_string(roll.below(3))});
  }
  for (auto& pointer : p.pointers)
    if (roll.chance(40))
      pointer = random_name(roll);
  return p;
}

/// Another page that mostly has much in common with the first one.
model_page random_successor(const model_page& from, dice& roll) {
  if (roll.chance(20))
    return random_page(roll, from.array);
  model_page to = from;
  std::erase_if(to.entries, [&](const model_entry&) { return roll.chance(15); });
  for (auto& e : to.entries)
    if (roll.chance(15))
      e.signature = std::to_string(roll.below(3));
  if (roll.chance(60))
    shuffle_some(to.entries, roll);
  for (std::size_t n = roll.below(4); n != 0; --n) {
    const model_entry fresh{random_name(roll), "new"};
    if (to.find(fresh.name) == nullptr)
      to.entries.insert(to.entries.begin() +
                            static_cast<std::ptrdiff_t>(roll.below(to.entries.size() + 1)),
                        fresh);
  }
  for (auto& pointer : to.pointers)
    if (roll.chance(20))
      pointer.reset();
  return to;
}

using same_entry = bool (*)(const model_entry&, const model_entry&);

bool same_name(const model_entry& a, const model_entry& b) { return a.name == b.name; }

bool same_all(const model_entry& a, const model_entry& b) {
  return a.name == b.name && a.signature == b.signature;
}

/// How many entries two pages have in common, wherever they are.
std::size_t common(const model_page& from, const model_page& to, same_entry same) {
  std::size_t count = 0;
  for (const auto& a : from.entries)
    for (const auto& b : to.entries)
      count += same(a, b) ? 1U : 0U;
  return count;
}

/// The length of a longest common subsequence, by the book.
std::size_t common_in_order(const model_page& from, const model_page& to, same_entry same) {
  std::vector<std::vector<std::size_t>> best(
      from.entries.size() + 1, std::vector<std::size_t>(to.entries.size() + 1));
  for (std::size_t i = 1; i <= from.entries.size(); ++i)
    for (std::size_t j = 1; j <= to.entries.size(); ++j)
      best[i][j] = same(from.entries[i - 1], to.entries[j - 1])
                       ? best[i - 1][j - 1] + 1
                       : std::max(best[i - 1][j], best[i][j - 1]);
  return best.back().back();
}

std::size_t fewest_changes(const model_page& from, const model_page& to, diff_form form) {
  const auto stays = [&](same_entry same) {
    return from.array ? common_in_order(from, to, same) : common(from, to, same);
  };
  const auto sizes = from.entries.size() + to.entries.size();
  if (form == diff_form::basic)
    return sizes - 2 * stays(same_all);
  const auto in_both = common(from, to, same_name);
  std::size_t count = sizes - 2 * in_both;       // deletions and insertions
  count += in_both - stays(same_name);           // moves
  count += in_both - common(from, to, same_all); // modifications
  for (std::size_t i = 0; i < 3; ++i)
    count += from.pointers[i] != to.pointers[i] ? 1U : 0U;
  return count;
}

/// Does to a list of names what a change says, with every index checked. Hash pages' keys
/// are looked up.
class plain_replay {
public:
  explicit plain_replay(const model_page& from) : page_{from} {}

  void operator()(const entry_del& c) { page_.entries.erase(iterator(c.at)); }

  void operator()(const entry_move& c) {
    REQUIRE(page_.array);
    REQUIRE(c.from != c.to);
    const auto entry = *iterator(position{c.from});
    page_.entries.erase(iterator(position{c.from}));
    REQUIRE(c.to <= page_.entries.size());
    page_.entries.insert(page_.entries.begin() + static_cast<std::ptrdiff_t>(c.to), entry);
  }

  void operator()(const entry_insert& c) {
    if (page_.array) {
      REQUIRE(*c.at.index() <= page_.entries.size());
      page_.entries.insert(page_.entries.begin() +
                               static_cast<std::ptrdiff_t>(*c.at.index()),
                           read(c.entry));
      return;
    }
    REQUIRE(page_.find(*c.at.key()) == nullptr);
    page_.entries.push_back({*c.at.key(), read(c.entry).signature});
  }

  void operator()(const entry_modify& c) {
    iterator(c.at)->signature = read(c.entry).signature;
  }

  void operator()(const pointer_change& c) {
    page_.pointers[static_cast<std::size_t>(c.which)] = c.id;
  }

  [[nodiscard]] const model_page& page() const { return page_; }

private:
  std::vector<model_entry>::iterator iterator(const position& at) {
    const auto end = page_.entries.end();
    const auto found =
        page_.array
            ? page_.entries.begin() +
                  static_cast<std::ptrdiff_t>(std::min(*at.index(), page_.entries.size()))
            : std::find_if(page_.entries.begin(), end,
                           [&](const model_entry& e) { return e.name == *at.key(); });
    REQUIRE(found != end);
    return found;
  }

  static model_entry read(const std::string& entry) {
    model_entry e;
    const auto parts = json::members(entry).value();
    for (const auto& m : parts)
      (m.key == "_id" ? e.name : e.signature) = json::string_value(m.value).value();
    return e;
  }

  model_page page_;
};

void check_pair(const model_page& from, const model_page& to, diff_form form) {
  INFO((form == diff_form::full ? "full" : "basic") << "\n"
                                                    << from.json() << "\n"
                                                    << to.json());
  auto goal = to;
  if (form == diff_form::basic) // it says nothing of pointers
    std::copy(std::begin(from.pointers), std::end(from.pointers), goal.pointers);
  const auto before = page_of(from.json());
  const auto changes = diff(*before, *page_of(to.json()), form).value();
  INFO(to_json(changes));
  REQUIRE(changes.size() == fewest_changes(from, to, form));
  const auto after = replay(before, changes);
  REQUIRE(after.has_value());
  REQUIRE((*after)->unmodified(*page_of(goal.json())));
  REQUIRE((*after)->hash() == page_of((*after)->json())->hash());
  plain_replay model{from};
  for (const auto& c : changes)
    std::visit(model, c);
  REQUIRE(page_of(model.page().json())->unmodified(**after));
  REQUIRE(parse_changes(to_json(changes)).value() == changes);
}

// -- garbage ------------------------------------------------------------------

std::string random_at(dice& roll) {
  if (roll.chance(5))
    return random_value(roll, 2);
  return roll.chance(50) ? std::to_string(roll.below(12)) : json::quoted(random_name(roll));
}

std::string random_entry(dice& roll) {
  if (roll.chance(10))
    return random_value(roll, 3);
  if (roll.chance(20))
    return random_object(roll, 3);
  std::string text = R"({"_id":)" + json::quoted(random_name(roll));
  if (roll.chance(70))
    text += R"(,"_sig":)" + json::quoted(random_name(roll));
  return text + '}';
}

std::string random_change(dice& roll) {
  switch (roll.below(6)) {
  case 0:
    return R"(["entry_del",)" + random_at(roll) + ']';
  case 1:
    return R"(["entry_move",)" + random_at(roll) + ',' + random_at(roll) + ']';
  case 2:
  case 3:
    return R"(["entry_insert",)" + random_at(roll) + ',' + random_entry(roll) + ']';
  case 4:
    return R"(["entry_modify",)" + random_at(roll) + ',' + random_entry(roll) + ']';
  default:
    return std::string{R"(["set_)"} + (roll.chance(50) ? R"(head",)" : R"(prev",)") +
           (roll.chance(50) ? "null" : json::quoted(random_name(roll))) + ']';
  }
}

/// Whether the diff led to a page, which then is as good as one from outside.
bool check_garbage(const page_ptr& from, const std::string& text) {
  INFO(from->json() << "\n" << text);
  const auto before = from->json();
  const auto changes = parse_changes(text);
  if (!changes) {
    const auto code = changes.error().code;
    REQUIRE((code == errc::bad_request || code == errc::bad_index));
    return false;
  }
  REQUIRE(parse_changes(to_json(*changes)).value() == *changes);
  const auto after = replay(from, *changes);
  REQUIRE(from->json() == before);
  if (!after) {
    const auto code = after.error().code;
    REQUIRE((code == errc::invalid_page || code == errc::bad_index));
    REQUIRE(after.error().message.starts_with("diff/"));
    return false;
  }
  const auto again = page_of((*after)->json());
  REQUIRE(again->unmodified(**after));
  REQUIRE(again->json() == (*after)->json());
  return true;
}

} // namespace

TEST_CASE("random pairs of pages: a diff is minimal, and its replay leads to the other") {
  for (std::uint64_t seed = 1; seed <= 3000; ++seed) {
    INFO("seed " << seed);
    dice roll{seed};
    const auto from = random_page(roll, roll.chance(65));
    const auto to = random_successor(from, roll);
    check_pair(from, to, diff_form::full);
    check_pair(from, to, diff_form::basic);
    check_pair(from, from, diff_form::full);
  }
}

TEST_CASE("random changes lead to a page or to an error, and to nothing else") {
  std::size_t pages = 0;
  for (std::uint64_t seed = 1; seed <= 10'000; ++seed) {
    INFO("seed " << seed);
    dice roll{seed};
    const auto from = page_of(random_page(roll, roll.chance(50)).json());
    std::string text = "[";
    for (std::size_t n = roll.below(5); n != 0; --n)
      text += (text.size() == 1 ? "" : ",") + random_change(roll);
    text += ']';
    pages += check_garbage(from, roll.chance(20) ? mutated(text, roll) : text) ? 1U : 0U;
  }
  CHECK(pages > 1000); // neither is rare
  CHECK(pages < 9000);
}

} // namespace flok::testing
