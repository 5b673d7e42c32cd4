// Random edits of pages against a list of names and objects that cannot be wrong.
#include <nlohmann/json.hpp>

#include "runtime/codec_json.hpp"
#include "runtime/edits.hpp"
#include "runtime/json_text.hpp"
#include "runtime/limits.hpp"
#include "tests/catch.hpp"
#include "tests/runtime/pages.hpp"

namespace flok::testing {

namespace {

using ordered = nlohmann::ordered_json;

struct model_entry {
  std::string name;
  ordered object; ///< without its `_sig`
};

struct model_page {
  bool array = true;
  std::vector<model_entry> entries;
  std::optional<std::string> pointers[3]; ///< head, next, prev

  [[nodiscard]] std::optional<std::size_t> find(const std::string& name) const {
    for (std::size_t i = 0; i < entries.size(); ++i)
      if (entries[i].name == name)
        return i;
    return std::nullopt;
  }
};

/// One random edit: applied to the model, and told as JSON. Empty where the model says that
/// it cannot be done; the page must say so as well, and stay as it was.
class workload {
public:
  workload(std::uint64_t seed, model_page& model) : roll_{seed}, model_{model} {}

  struct step {
    std::string edit;
    bool possible;
  };

  step next() {
    switch (roll_.below(8)) {
    case 0:
    case 1:
    case 2:
      return insert();
    case 3:
    case 4:
      return erase();
    case 5:
    case 6:
      return set();
    default:
      return pointer();
    }
  }

private:
  std::string random_name() {
    return std::string(1, "abcdefgh\"\n"[roll_.below(10)]) + (roll_.chance(20) ? "é" : "");
  }

  ordered random_fields() {
    ordered fields = ordered::object();
    for (std::size_t n = roll_.below(4); n != 0; --n)
      fields[std::string(1, static_cast<char>('r' + roll_.below(5)))] =
          roll_.chance(50) ? ordered(roll_.below(100))
                           : ordered(std::string(roll_.below(60), 'x'));
    return fields;
  }

  /// An index or key as JSON, and where that is; mostly one that is there.
  std::pair<std::string, std::optional<std::size_t>> random_place() {
    const auto size = model_.entries.size();
    if (model_.array) {
      const auto index = roll_.below(size + 2);
      return {std::to_string(index), index < size ? std::optional{index} : std::nullopt};
    }
    const auto name =
        size != 0 && roll_.chance(70) ? roll_.pick(model_.entries).name : random_name();
    return {json::quoted(name), model_.find(name)};
  }

  step insert() {
    auto fields = random_fields();
    if (!model_.array) {
      const auto name = random_name();
      const std::string edit = R"({"insert":{"at":)" + json::quoted(name) + R"(,"entry":)" +
                               fields.dump() + "}}";
      if (const auto at = model_.find(name))
        model_.entries[*at].object = std::move(fields);
      else
        model_.entries.push_back({name, std::move(fields)});
      return {edit, true};
    }
    const auto at = roll_.below(model_.entries.size() + 2);
    const auto name = random_name();
    fields["_id"] = name;
    const bool possible = at <= model_.entries.size() && !model_.find(name);
    const std::string edit =
        R"({"insert":{"at":)" + std::to_string(at) + R"(,"entry":)" + fields.dump() + "}}";
    if (possible)
      model_.entries.insert(model_.entries.begin() + static_cast<std::ptrdiff_t>(at),
                            {name, std::move(fields)});
    return {edit, possible};
  }

  step erase() {
    const auto [text, at] = random_place();
    if (at)
      model_.entries.erase(model_.entries.begin() + static_cast<std::ptrdiff_t>(*at));
    return {R"({"del":{"at":)" + text + "}}", at.has_value()};
  }

  step set() {
    const auto [text, at] = random_place();
    auto fields = random_fields();
    const auto name = random_name();
    const bool rename = model_.array && roll_.chance(20);
    if (rename)
      fields["_id"] = name;
    const auto taken = model_.find(name);
    const bool possible = at && !(rename && taken && taken != at);
    if (possible)
      for (const auto& [key, value] : fields.items())
        model_.entries[*at].object[key] = value;
    if (possible && rename)
      model_.entries[*at].name = name;
    return {R"({"set":{"at":)" + text + R"(,"fields":)" + fields.dump() + "}}", possible};
  }

  step pointer() {
    const auto which = roll_.below(3);
    auto& pointer = model_.pointers[which];
    pointer = roll_.chance(50) ? std::optional{random_name()} : std::nullopt;
    static const strings names = {"head", "next", "prev"};
    std::string edit = "{\"" + names[which] + "\":";
    json::append_pointer(edit, pointer);
    return {edit + '}', true};
  }

  dice roll_;
  model_page& model_;
};

void check_same(const page& p, const model_page& model) {
  REQUIRE(p.size() == model.entries.size());
  for (std::size_t i = 0; i < p.size(); ++i) {
    const auto entry = p.entry(i);
    CHECK(entry.name == model.entries[i].name);
    auto object = ordered::parse(entry.text);
    CHECK(object["_sig"] == entry.signature);
    CHECK(entry.signature == json::signature(entry.text).value());
    object.erase("_sig");
    CHECK(object.dump() == model.entries[i].object.dump());
  }
  const std::optional<std::string_view> pointers[] = {p.head(), p.next(), p.prev()};
  for (std::size_t i = 0; i < 3; ++i)
    CHECK(pointers[i] == model.pointers[i]);
}

void run(std::uint64_t seed, bool array) {
  model_page model;
  model.array = array;
  workload work{seed, model};
  auto d = new_page(array ? page_kind::array : page_kind::hash, counted_ids(), "p");
  auto page = finished(d);
  for (int i = 0; i < 60; ++i) {
    const auto [text, possible] = work.next();
    INFO("step " << i << ": " << text);
    const auto edits = parse_edits('[' + text + ']');
    REQUIRE(edits.has_value());
    const auto next = apply_edits(copy_page(page, counted_ids()), *edits);
    REQUIRE(next.has_value() == possible);
    if (!next)
      continue;
    check_same(**next, model);
    CHECK((*next)->kept_alive_bytes() <= limits::kept_alive_factor * (*next)->used_bytes());
    const auto again = page_of((*next)->json());
    CHECK(again->unmodified(**next));
    CHECK(again->json() == (*next)->json());
    page = *next;
  }
}

} // namespace

TEST_CASE("random edits of an array page agree with a plain model") {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    INFO("seed " << seed);
    run(seed, true);
  }
}

TEST_CASE("random edits of a hash page agree with a plain model") {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    INFO("seed " << seed);
    run(seed, false);
  }
}

} // namespace flok::testing
