#include "runtime/diff.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "runtime/codec_json.hpp"
#include "runtime/json_text.hpp"

namespace flok {

namespace {

constexpr std::size_t none = std::numeric_limits<std::size_t>::max();

// -- what there is to compare -------------------------------------------------

/// A page without the entries at both ends that both pages share in memory. The rest has a
/// diff of its own: names are unique, so that nothing comes from the ends or goes there,
/// and what is in its place at an end is part of every longest increasing subsequence.
struct middle {
  middle(const page& p, std::size_t begin, std::size_t entries)
      : whole{p}, first{begin}, count{entries}, look{p} {}

  const page& whole;
  std::size_t first; ///< the index in the page of the entry that is 0 here
  std::size_t count;
  mutable page::reader look; ///< remembers where it looked last

  [[nodiscard]] std::size_t size() const { return count; }
  [[nodiscard]] page_kind kind() const { return whole.kind(); }
  [[nodiscard]] std::string_view name(std::size_t index) const {
    return look.name(first + index);
  }
  [[nodiscard]] std::string_view signature(std::size_t index) const {
    return look.signature(first + index);
  }
  [[nodiscard]] std::string_view text(std::size_t index) const {
    return whole.entry(first + index).text;
  }
};

std::pair<middle, middle> middles(const page& from, const page& to) {
  const auto front = from.shared_front(to);
  const auto ends = front + from.shared_back(to, front);
  return {{from, front, from.size() - ends}, {to, front, to.size() - ends}};
}

// -- which entries stay -------------------------------------------------------

/// Which entries of two pages are the same, told from both sides: the other's index, or
/// `none`.
struct pairing {
  std::vector<std::size_t> to_of;   ///< by index in `from`
  std::vector<std::size_t> from_of; ///< by index in `to`

  void pair(std::size_t from, std::size_t to) {
    to_of[from] = to;
    from_of[to] = from;
  }

  void part(std::size_t from) { from_of[std::exchange(to_of[from], none)] = none; }
};

bool same_name(const middle& a, std::size_t i, const middle& b, std::size_t j) {
  return a.name(i) == b.name(j);
}

bool unchanged(const middle& a, std::size_t i, const middle& b, std::size_t j) {
  return a.signature(i) == b.signature(j);
}

using named = std::pair<std::string_view, std::size_t>;

/// Entries from `first` to before `end`, by name.
std::vector<named> by_name(const middle& p, std::size_t first, std::size_t end) {
  std::vector<named> names;
  names.reserve(end - first);
  for (std::size_t i = first; i < end; ++i)
    names.emplace_back(p.name(i), i);
  std::sort(names.begin(), names.end()); // no hash table, which names could be chosen for
  return names;
}

/// Pairs the entries of equal name.
pairing pair_names(const middle& from, const middle& to) {
  pairing pairs{std::vector(from.size(), none), std::vector(to.size(), none)};
  std::size_t first = 0;
  std::size_t from_end = from.size();
  std::size_t to_end = to.size();
  // Mostly little differs, and only what lies between need be sorted.
  for (; first < std::min(from_end, to_end) && same_name(from, first, to, first); ++first)
    pairs.pair(first, first);
  for (;
       std::min(from_end, to_end) > first && same_name(from, from_end - 1, to, to_end - 1);
       --from_end, --to_end)
    pairs.pair(from_end - 1, to_end - 1);
  const auto olds = by_name(from, first, from_end);
  const auto news = by_name(to, first, to_end);
  for (auto o = olds.begin(), n = news.begin(); o != olds.end() && n != news.end();) {
    const auto order = o->first.compare(n->first);
    if (order == 0)
      pairs.pair(o->second, n->second);
    o += order <= 0 ? 1 : 0;
    n += order >= 0 ? 1 : 0;
  }
  return pairs;
}

/// Which of the values, `none` left aside, are a longest increasing subsequence. They are
/// different from each other. O(n log n).
std::vector<bool> longest_increasing(const std::vector<std::size_t>& values) {
  std::vector<std::size_t> ends; // where the best subsequence of each length ends
  std::vector<std::size_t> before(values.size(), none);
  const auto below = [&](std::size_t end, std::size_t value) {
    return values[end] < value;
  };
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i] == none)
      continue;
    const bool longest = ends.empty() || below(ends.back(), values[i]); // mostly
    const auto place =
        longest ? ends.end() : std::lower_bound(ends.begin(), ends.end(), values[i], below);
    if (place != ends.begin())
      before[i] = *(place - 1);
    if (place == ends.end())
      ends.push_back(i);
    else
      *place = i;
  }
  std::vector<bool> chosen(values.size());
  for (auto i = ends.empty() ? none : ends.back(); i != none; i = before[i])
    chosen[i] = true;
  return chosen;
}

/// Parts all that deletions and insertions alone cannot leave in its place.
void narrow_to_basic(pairing& pairs, const middle& from, const middle& to) {
  for (std::size_t i = 0; i < from.size(); ++i)
    if (pairs.to_of[i] != none && !unchanged(from, i, to, pairs.to_of[i]))
      pairs.part(i);
  if (from.kind() == page_kind::hash)
    return;
  const auto stays = longest_increasing(pairs.to_of);
  for (std::size_t i = 0; i < from.size(); ++i)
    if (pairs.to_of[i] != none && !stays[i])
      pairs.part(i);
}

// -- moves --------------------------------------------------------------------

/// Counts what is taken among places in a row, in O(log n) (Fenwick, 1994).
class counter {
public:
  explicit counter(std::size_t places) : sums_(places + 1) {}

  void set(std::size_t place, bool taken) {
    // Unsigned numbers wrap, so that adding the largest takes one away.
    for (auto i = place + 1; i < sums_.size(); i += i & (~i + 1))
      sums_[i] += taken ? 1 : none;
  }

  [[nodiscard]] std::size_t before(std::size_t place) const {
    std::size_t sum = 0;
    for (auto i = place; i != 0; i &= i - 1)
      sum += sums_[i];
    return sum;
  }

private:
  std::vector<std::size_t> sums_;
};

/// All places that an entry has at some time while entries move, in a row. An entry that
/// moves goes right behind its predecessor in `to`. Those that go behind the same one that
/// stays do so in their order, so that the row is known before the first move.
struct places {
  std::vector<std::size_t> before; ///< by index in `from`
  std::vector<std::size_t> after;  ///< the same; only of those that move
  std::size_t count = 0;
};

places lay_out(const pairing& pairs, const std::vector<bool>& stays) {
  places row{std::vector(stays.size(), none), std::vector(stays.size(), none)};
  std::size_t from = 0;
  std::size_t to = 0;
  while (from < stays.size() || to < pairs.from_of.size()) {
    for (; to < pairs.from_of.size(); ++to) {
      const auto moved = pairs.from_of[to];
      if (moved != none && stays[moved])
        break;
      if (moved != none)
        row.after[moved] = row.count++;
    }
    for (; from < stays.size() && !stays[from]; ++from)
      if (pairs.to_of[from] != none)
        row.before[from] = row.count++;
    if (from < stays.size()) // both have come to the same entry, which stays
      row.before[from++] = row.count++;
    if (to < pairs.from_of.size())
      ++to;
  }
  return row;
}

void add_moves(std::vector<change>& out, const middle& from, const pairing& pairs) {
  const auto stays = longest_increasing(pairs.to_of);
  const auto moves = [&](std::size_t i) { return i != none && !stays[i]; };
  if (std::none_of(pairs.from_of.begin(), pairs.from_of.end(), moves))
    return;
  const auto row = lay_out(pairs, stays);
  counter taken{row.count};
  for (const auto place : row.before)
    if (place != none)
      taken.set(place, true);
  for (const auto moved : pairs.from_of) {
    if (!moves(moved))
      continue;
    entry_move move;
    move.from = from.first + taken.before(row.before[moved]);
    taken.set(row.before[moved], false);
    move.to = from.first + taken.before(row.after[moved]);
    taken.set(row.after[moved], true);
    out.emplace_back(move);
  }
}

// -- the other changes --------------------------------------------------------

position at(const middle& p, std::size_t index) {
  return p.kind() == page_kind::array ? position{p.first + index} : position{p.name(index)};
}

void add_deletions(std::vector<change>& out, const middle& from, const pairing& pairs) {
  for (std::size_t i = from.size(); i-- != 0;) // so that indices are those in `from`
    if (pairs.to_of[i] == none)
      out.emplace_back(entry_del{at(from, i)});
}

void add_insertions(std::vector<change>& out, const middle& to, const pairing& pairs) {
  for (std::size_t i = 0; i < to.size(); ++i)
    if (pairs.from_of[i] == none)
      out.emplace_back(entry_insert{at(to, i), std::string{to.text(i)}});
}

void add_modifications(std::vector<change>& out, const middle& from, const middle& to,
                       const pairing& pairs) {
  for (std::size_t i = 0; i < to.size(); ++i)
    if (pairs.from_of[i] != none && !unchanged(from, pairs.from_of[i], to, i))
      out.emplace_back(entry_modify{at(to, i), std::string{to.text(i)}});
}

void add_pointers(std::vector<change>& out, const page& from, const page& to) {
  using id = std::optional<std::string_view>;
  const auto add = [&](page_pointer which, id before, id after) {
    if (before != after)
      out.emplace_back(
          pointer_change{which, after ? std::optional<std::string>{*after} : std::nullopt});
  };
  add(page_pointer::head, from.head(), to.head());
  add(page_pointer::next, from.next(), to.next());
  add(page_pointer::prev, from.prev(), to.prev());
}

// -- reading ------------------------------------------------------------------

constexpr std::array<std::string_view, 3> pointer_names = {"set_head", "set_next",
                                                           "set_prev"};

tl::unexpected<error> bad(std::string why) {
  return failure(errc::bad_request, std::move(why));
}

using texts = std::vector<std::string_view>;

expected<std::size_t> parse_index(std::string_view text) {
  const auto at = parse_position(text);
  if (!at)
    return failure(at.error());
  return at->index() != nullptr ? expected<std::size_t>{*at->index()}
                                : bad("at: an index was expected");
}

expected<change> parse_del(const texts& parts) {
  return parse_position(parts[1]).map(
      [](position at) -> change { return entry_del{std::move(at)}; });
}

expected<change> parse_move(const texts& parts) {
  const auto from = parse_index(parts[1]);
  if (!from)
    return failure(from.error());
  return parse_index(parts[2]).map([&](std::size_t to) -> change {
    return entry_move{*from, to};
  });
}

template <class Change>
expected<change> parse_entry(const texts& parts) {
  if (json::kind_of(parts[2]) != json::kind::object)
    return bad("entry: an object was expected");
  return parse_position(parts[1]).map([&](position at) -> change {
    return Change{std::move(at), std::string{parts[2]}};
  });
}

template <page_pointer Which>
expected<change> parse_pointer_change(const texts& parts) {
  return parse_pointer(parts[1]).map([](std::optional<std::string> id) -> change {
    return pointer_change{Which, std::move(id)};
  });
}

/// How a change is read: its name, how many things follow it, what makes it of them.
struct reader {
  std::string_view name;
  std::size_t arguments;
  expected<change> (*parse)(const texts&);
};

constexpr std::array<reader, 7> readers = {{
    {"entry_del", 1, parse_del},
    {"entry_move", 2, parse_move},
    {"entry_insert", 2, parse_entry<entry_insert>},
    {"entry_modify", 2, parse_entry<entry_modify>},
    {pointer_names[0], 1, parse_pointer_change<page_pointer::head>},
    {pointer_names[1], 1, parse_pointer_change<page_pointer::next>},
    {pointer_names[2], 1, parse_pointer_change<page_pointer::prev>},
}};

expected<change> parse_one(std::string_view text) {
  if (json::kind_of(text) != json::kind::array)
    return bad("an array was expected");
  const auto parts = json::elements(text);
  if (!parts)
    return bad(parts.error().message);
  if (parts->empty() || json::kind_of(parts->front()) != json::kind::string)
    return bad("the name of a change was expected");
  const auto name = json::string_value(parts->front());
  if (!name)
    return bad(name.error().message);
  const auto which = std::find_if(readers.begin(), readers.end(),
                                  [&](const reader& r) { return r.name == *name; });
  if (which == readers.end())
    return bad(json::quoted(*name) + ": no such change");
  if (parts->size() != which->arguments + 1)
    return bad(*name + ": " + std::to_string(which->arguments) +
               (which->arguments == 1 ? " argument" : " arguments") + " expected");
  return which->parse(*parts).map_error([&](error e) {
    e.message = *name + ": " + e.message;
    return e;
  });
}

// -- writing ------------------------------------------------------------------

struct writer {
  std::string& out;

  void operator()(const entry_del& c) const { out += R"(["entry_del",)" + to_text(c.at); }
  void operator()(const entry_move& c) const {
    out += R"(["entry_move",)" + std::to_string(c.from) + ',' + std::to_string(c.to);
  }
  void operator()(const entry_insert& c) const {
    out += R"(["entry_insert",)" + to_text(c.at) + ',' + c.entry;
  }
  void operator()(const entry_modify& c) const {
    out += R"(["entry_modify",)" + to_text(c.at) + ',' + c.entry;
  }
  void operator()(const pointer_change& c) const {
    out += R"([")";
    out += pointer_names[static_cast<std::size_t>(c.which)];
    out += R"(",)";
    json::append_pointer(out, c.id);
  }
};

} // namespace

expected<std::vector<change>> diff(const page& from, const page& to, diff_form form) {
  if (from.id() != to.id())
    return failure(errc::invalid_page,
                   "two pages have no diff: " + json::quoted(from.id()) + " and " +
                       json::quoted(to.id()));
  if (from.kind() != to.kind())
    return failure(errc::invalid_page, "an array page and a hash page have no diff");
  const auto [old_part, new_part] = middles(from, to);
  auto pairs = pair_names(old_part, new_part);
  if (form == diff_form::basic)
    narrow_to_basic(pairs, old_part, new_part);
  std::vector<change> changes;
  add_deletions(changes, old_part, pairs);
  if (form == diff_form::full && from.kind() == page_kind::array)
    add_moves(changes, old_part, pairs);
  add_insertions(changes, new_part, pairs);
  if (form == diff_form::full) {
    add_modifications(changes, old_part, new_part, pairs);
    add_pointers(changes, from, to);
  }
  return changes;
}

expected<std::vector<change>> parse_changes(std::string_view text) {
  if (json::kind_of(text) != json::kind::array)
    return bad("diff: an array was expected");
  const auto parts = json::elements(text);
  if (!parts)
    return bad("diff: " + parts.error().message);
  std::vector<change> changes;
  changes.reserve(parts->size());
  for (std::size_t i = 0; i < parts->size(); ++i) {
    auto one = parse_one((*parts)[i]);
    if (!one)
      return failure(one.error().code,
                     "diff/" + std::to_string(i) + ": " + one.error().message);
    changes.push_back(std::move(*one));
  }
  return changes;
}

std::string to_json(std::span<const change> changes) {
  std::string out = "[";
  for (const auto& c : changes) {
    if (out.size() != 1)
      out += ',';
    std::visit(writer{out}, c);
    out += ']';
  }
  return out + "]";
}

} // namespace flok
