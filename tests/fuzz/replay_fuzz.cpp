// Diffs from outside: read and written as what they say, and replayed on a page, chosen by
// the first byte. What comes of it is a page, and has a diff that makes it again.
#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "runtime/codec.hpp"
#include "runtime/codec_json.hpp"
#include "runtime/diff.hpp"
#include "tests/fuzz/oracles.hpp"

using namespace flok;
using namespace flok::fuzz;

namespace {

using changes = std::vector<change>;

void check_written(const changes& all, std::string_view text) {
  const auto written = to_json(all);
  const auto again = parse_changes(written);
  require(again && *again == all, "changes that were written are read back");
  if (!testing::parse(text).out_of_range)
    require(value_of(written) == value_of(text), "changes are written as what was read");
}

/// Where each entry comes from: its text in the page before, or none where it was brought.
class model {
public:
  explicit model(const page& from) : by_key_{from.kind() == page_kind::hash} {
    for (std::size_t i = 0; i < from.size(); ++i)
      entries_.push_back(
          {std::string{from.entry(i).name}, std::string{from.entry(i).text}});
  }

  void operator()(const entry_del& c) { entries_.erase(find(c.at)); }
  void operator()(const entry_move& c) {
    const auto at = entries_.begin() + static_cast<std::ptrdiff_t>(c.from);
    auto moved = std::move(*at);
    entries_.erase(at);
    entries_.insert(entries_.begin() + static_cast<std::ptrdiff_t>(c.to), std::move(moved));
  }
  void operator()(const entry_insert& c) {
    entries_.insert(by_key_ ? entries_.end() : find(c.at), {name_of(c.at), std::nullopt});
  }
  void operator()(const entry_modify& c) { *find(c.at) = {name_of(c.at), std::nullopt}; }
  void operator()(const pointer_change& c) {
    (c.which == page_pointer::head   ? head
     : c.which == page_pointer::next ? next
                                     : prev) = c.id;
  }

  /// Entries of a hash page may stand in any order.
  [[nodiscard]] bool like(const page& p) const {
    if (p.size() != entries_.size())
      return false;
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      const auto at = by_key_ ? p.find(entries_[i].name) : std::optional{i};
      if (!at || (entries_[i].text && p.entry(*at).text != *entries_[i].text))
        return false;
    }
    return true;
  }

  std::optional<std::optional<std::string>> head;
  std::optional<std::optional<std::string>> next;
  std::optional<std::optional<std::string>> prev;

private:
  struct known {
    std::string name;
    std::optional<std::string> text;
  };

  static std::string name_of(const position& at) {
    return at.key() != nullptr ? *at.key() : std::string{};
  }

  std::vector<known>::iterator find(const position& at) {
    if (!by_key_)
      return entries_.begin() + static_cast<std::ptrdiff_t>(*at.index());
    return std::find_if(entries_.begin(), entries_.end(),
                        [&](const known& k) { return k.name == *at.key(); });
  }

  bool by_key_;
  std::vector<known> entries_;
};

bool pointer_is(const std::optional<std::optional<std::string>>& set,
                std::optional<std::string_view> before,
                std::optional<std::string_view> after) {
  return set ? after == (*set ? std::optional<std::string_view>{**set} : std::nullopt)
             : after == before;
}

/// A page that a change brought is the model's, and all that holds of pages holds of it.
void check_result(const page& from, const page& to, const changes& all) {
  check_page(to);
  require(to.id() == from.id() && to.kind() == from.kind(), "a diff keeps id and type");
  model m{from};
  for (const auto& c : all)
    std::visit(m, c);
  require(m.like(to), "each entry is where the changes put it, or as it was");
  require(pointer_is(m.head, from.head(), to.head()) &&
              pointer_is(m.next, from.next(), to.next()) &&
              pointer_is(m.prev, from.prev(), to.prev()),
          "pointers are as the changes set them");
}

/// The two pages' own diff makes the second of the first, in both forms.
void check_diff(const page_ptr& from, const page_ptr& to) {
  const auto full = diff(*from, *to);
  require(full.has_value(), "pages of one id and type have a diff");
  const auto read = parse_changes(to_json(*full));
  require(read && *read == *full, "a diff that was written is read back");
  const auto same = replay(from, *full);
  require(same && (*same)->unmodified(*to), "a diff makes the page again");
  const auto basic = diff(*from, *to, diff_form::basic);
  require(basic.has_value(), "a diff has both forms");
  const auto entries = replay(from, *basic);
  require(entries && (*entries)->size() == to->size(), "so does the basic form");
  for (std::size_t i = 0; i < to->size(); ++i) {
    const auto e = to->entry(i);
    const auto at = (*entries)->find(e.name);
    require(at && (*entries)->entry(*at).signature == e.signature &&
                (to->kind() == page_kind::hash || *at == i),
            "the basic form makes all entries");
  }
}

/// A change that failed does so wherever it is the last.
void check_refusal(const page_ptr& base, const changes& all, const error& why) {
  require(why.code == errc::bad_index || why.code == errc::invalid_page,
          "what cannot be done is refused as such");
  require(json::is_utf8(why.message), "a refusal can be printed");
  require(why.message.starts_with("diff/"), "a refusal says which change");
  const auto at = std::stoul(why.message.substr(5));
  require(at < all.size(), "a refusal names a change that is there");
  if (why.code == errc::bad_index) {
    const auto same = replay(base, std::span{all}.first(at + 1));
    require(!same && same.error() == why, "the change that failed does so again");
  }
}

page_ptr check_replayed(const page_ptr& base, const changes& all) {
  const auto before = base->json();
  const auto result = replay(base, all);
  require(base->json() == before, "a page never changes");
  if (!result) {
    check_refusal(base, all, result.error());
    return nullptr;
  }
  check_result(*base, **result, all);
  check_diff(base, *result);
  check_diff(*result, base);
  return *result;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0)
    return 0;
  const auto text = text_of(data + 1, size - 1);
  const auto parsed = parse_changes(text);
  if (!parsed) {
    require(parsed.error().code == errc::bad_request ||
                parsed.error().code == errc::bad_index,
            "what is no diff is refused as such");
    require(json::is_utf8(parsed.error().message), "a refusal can be printed");
    return 0;
  }
  check_written(*parsed, text);
  constexpr int rounds = 3; // what is kept alive adds up
  auto page = base_page(data[0]);
  for (int i = 0; i < rounds && page; ++i)
    page = check_replayed(page, *parsed);
  return 0;
}
