// `flok import` into a list that is there already: only what differs changes.
#include <algorithm>

#include "tests/catch.hpp"
#include "tests/tools/import_home.hpp"

using namespace flok::testing;

namespace {

/// An array of entries {"k":…,"v":…}, the value of `changed` another than the others'.
std::string keyed(std::size_t count, std::size_t changed = SIZE_MAX) {
  std::string text = "[";
  for (std::size_t i = 0; i < count; ++i)
    text += std::string{i == 0 ? "" : ","} + R"({"k":"k)" + std::to_string(i) +
            R"(","v":)" + (i == changed ? "1" : "0") + "}";
  return text + "]";
}

const strings by_two{"--id-field", "k", "--per-page", "2"};

/// An array of these values as {"v":…}.
std::string values(const std::vector<int>& all) {
  std::string text = "[";
  for (const int v : all)
    text += (text.size() == 1 ? R"({"v":)" : R"(,{"v":)") + std::to_string(v) + "}";
  return text + "]";
}

} // namespace

TEST_CASE("import again: what is the same changes nothing", "[import]") {
  const import_home w;
  CHECK(went_well(w.import(keyed(5), by_two), 5, 4, 4));
  const strings pages = w.pages();
  const std::string database = w.database();
  CHECK(went_well(w.import(keyed(5), by_two), 5, 4, 0));
  CHECK(w.database() == database);
  CHECK(w.pages() == pages);
}

TEST_CASE("import again: another spelling of the same is the same", "[import]") {
  const import_home w;
  CHECK(went_well(w.import(R"([{"k":"x","a":"é","b":[1]}])", by_two), 1, 2, 2));
  const strings pages = w.pages();
  CHECK(went_well(
      w.import("[\n { \"b\": [1],\n \"a\": \"\\u00e9\", \"k\": \"x\" } ]\n", by_two), 1, 2,
      0));
  CHECK(w.pages() == pages);
}

TEST_CASE("import again: one other entry changes its page alone", "[import]") {
  const import_home w;
  CHECK(went_well(w.import(keyed(6), by_two), 6, 4, 4));
  const strings before = w.pages();
  CHECK(went_well(w.import(keyed(6, 3), by_two), 6, 4, 1));
  const strings after = w.pages();
  REQUIRE(after.size() == 4);
  for (const std::size_t same : {0U, 1U, 3U})
    CHECK(after[same] == before[same]);
  CHECK(after[2] != before[2]);
  CHECK(raw_member(w.entries().at(3), "v") == "1");
  CHECK(raw_elements(raw_member(after[2], "entries")).at(0) ==
        raw_elements(raw_member(before[2], "entries")).at(0));
}

TEST_CASE("import again: a longer list changes its end", "[import]") {
  const import_home w;
  CHECK(went_well(w.import(keyed(4), by_two), 4, 3, 3));
  CHECK(went_well(w.import(keyed(5), by_two), 5, 4, 2)); // list-2's _next, and list-3
  CHECK(w.ids() == strings{"k0", "k1", "k2", "k3", "k4"});
}

TEST_CASE("import again: pages beyond a shorter list are deleted", "[import]") {
  const import_home w;
  CHECK(went_well(w.import(keyed(6), by_two), 6, 4, 4));
  CHECK(went_well(w.import(keyed(1), by_two), 1, 2, 3));
  CHECK(w.ids() == strings{"k0"});
  for (const char* id : {"list-2", "list-3"})
    CHECK(w.page(id).empty()); // there is none
  CHECK(went_well(w.import(keyed(1), by_two), 1, 2, 0));
  CHECK(went_well(w.import("[]", by_two), 0, 1, 2));
  CHECK(w.pages().size() == 1);
  CHECK(went_well(w.import(keyed(6), by_two), 6, 4, 4));
  CHECK(w.ids().size() == 6);
}

TEST_CASE("import again: with another number of entries a page", "[import]") {
  const import_home w;
  CHECK(went_well(w.import(keyed(6), by_two), 6, 4, 4));
  CHECK(w.import(keyed(6), {"--id-field", "k", "--per-page", "4"}).status == 0);
  CHECK(w.pages().size() == 3);
  CHECK(w.ids() == strings{"k0", "k1", "k2", "k3", "k4", "k5"});
  CHECK(w.page("list-3").empty());
}

TEST_CASE("import again: made ids stay", "[import]") {
  const import_home w;
  const strings by_three{"--per-page", "3"};
  CHECK(went_well(w.import(values({1, 2, 3, 4, 5}), by_three), 5, 3, 3));
  const strings ids = w.ids();
  const std::string database = w.database();
  CHECK(went_well(w.import(values({1, 2, 3, 4, 5}), by_three), 5, 3, 0));
  CHECK(w.database() == database);

  CHECK(w.import(values({5, 4, 3, 2, 1}), by_three).status == 0); // also on another page
  strings moved = w.ids();
  std::reverse(moved.begin(), moved.end());
  CHECK(moved == ids);

  CHECK(w.import(values({9, 4, 2}), by_three).status == 0);
  const strings fewer = w.ids();
  CHECK(std::find(ids.begin(), ids.end(), fewer.at(0)) == ids.end());
  CHECK(looks_like_uuid(fewer.at(0)));
  CHECK(fewer.at(1) == ids[3]);
  CHECK(fewer.at(2) == ids[1]);
}

TEST_CASE("import again: entries that say the same keep their ids in order", "[import]") {
  const import_home w;
  CHECK(went_well(w.import(values({1, 7, 7, 7}), {"--per-page", "2"}), 4, 3, 3));
  const strings ids = w.ids();
  CHECK(went_well(w.import(values({1, 7, 7, 7}), {"--per-page", "2"}), 4, 3, 0));
  CHECK(w.ids() == ids);
  CHECK(went_well(w.import(values({7, 7}), {"--per-page", "2"}), 2, 2, 2));
  CHECK(w.ids() == strings{ids[1], ids[2]});
}

TEST_CASE("import again: ids from a field are kept when the field is left out",
          "[import]") {
  const import_home w;
  CHECK(went_well(w.import(keyed(4), by_two), 4, 3, 3));
  CHECK(went_well(w.import(keyed(4), {"--per-page", "2"}), 4, 3, 0));
}

TEST_CASE("import again: an id that an entry brings goes before one that was kept",
          "[import]") {
  const import_home w;
  CHECK(went_well(w.import(R"([{"_id":"x","v":1}])"), 1, 2, 2));
  CHECK(went_well(w.import(R"([{"_id":"x","v":1},{"v":1}])"), 2, 2, 1));
  const strings ids = w.ids();
  CHECK(ids.at(0) == "x");
  CHECK(looks_like_uuid(ids.at(1)));
  CHECK(went_well(w.import(R"([{"v":1},{"_id":"x","v":2}])"), 2, 2, 1));
  CHECK(w.ids() == strings{ids[1], "x"});
}

TEST_CASE("import again: what somebody changed is put right", "[import]") {
  const import_home w;
  CHECK(went_well(w.import(keyed(6), by_two), 6, 4, 4));
  const strings before = w.pages();
  w.edit("list-2", json::parse(R"([{"set":{"at":0,"fields":{"v":9}}}])"));
  CHECK(went_well(w.import(keyed(6), by_two), 6, 4, 1));
  CHECK(w.pages() == before);
  w.edit("list-2", json::parse(R"([{"next":"list-1"}])")); // the chain is a ring
  CHECK(w.import(keyed(6), by_two).status == 0);
  CHECK(w.pages() == before);
  w.edit("list-1", json::parse(R"([{"next":null},{"del":{"at":0}}])"));
  CHECK(w.import(keyed(6), by_two).status == 0);
  CHECK(w.pages() == before);
}

TEST_CASE("import again: pages of another list are left alone", "[import]") {
  const import_home w;
  CHECK(w.import(keyed(4), by_two).status == 0);
  CHECK(w.import(keyed(4), by_two, "other").status == 0);
  const strings other = w.pages("other");
  w.edit("list-1", json::parse(R"([{"next":"other-1"}])"));
  CHECK(w.import(keyed(1), by_two).status == 0);
  CHECK(w.pages("other") == other);
  CHECK(w.pages().size() == 2);
}
