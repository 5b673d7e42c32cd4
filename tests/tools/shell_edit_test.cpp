// The rules of edit, seen from outside.
#include "tests/catch.hpp"
#include "tests/tools/shell_process.hpp"

using namespace flok::testing;

namespace {

json insert_at(const json& at, const json& entry) {
  return {{"insert", {{"at", at}, {"entry", entry}}}};
}
json del_at(const json& at) { return {{"del", {{"at", at}}}}; }
json set_at(const json& at, const json& fields) {
  return {{"set", {{"at", at}, {"fields", fields}}}};
}
template <class... Edits>
json edit_page(const Edits&... edits) {
  return op::edit("user", "p", json::array({edits...}));
}
template <class... Edits>
json create(const char* kind, const Edits&... edits) {
  json op = edit_page(edits...);
  op["create"] = kind;
  return op;
}

/// The `_id`s of the entries of page "p", in order: "a b c".
std::string entry_ids(shell_process& shell) {
  std::string ids;
  const json page = page_of(shell, "p");
  for (const json& entry : page.at("entries")) {
    ids += (ids.empty() ? "" : " ") + text(entry.at("_id"));
  }
  return ids;
}

/// A shell whose page "p" has the entries a, b and c.
struct three_entries : watched_shell {
  three_entries() {
    shell.must(create("array", insert_at(0, {{"_id", "a"}}), insert_at(1, {{"_id", "b"}}),
                      insert_at(2, {{"_id", "c"}})));
    REQUIRE(shell.drain().size() == 1);
  }
};

} // namespace

TEST_CASE("edit: entries are inserted, deleted and appended in turn", "[shell][edit]") {
  three_entries w;
  const json answer = w.shell.must(
      edit_page(insert_at(0, {{"_id", "x"}}), del_at(2), insert_at(3, {{"_id", "y"}})));
  CHECK(entry_ids(w.shell) == "x a c y");
  const json page = page_of(w.shell, "p");
  CHECK(text(answer.at("reply")) == "edit");
  CHECK(text(answer.at("id")) == "p");
  CHECK(text(answer.at("hash")) == expected_hash(page));
  const auto events = w.shell.drain();
  REQUIRE(events.size() == 1);
  CHECK(events[0].value.at("page").dump() == page.dump());
}

TEST_CASE("edit: pointers are set and cleared", "[shell][edit]") {
  three_entries w;
  w.shell.must(edit_page(json{{"head", "h"}}, json{{"next", "n"}}, json{{"prev", "v"}}));
  const json set = page_of(w.shell, "p");
  CHECK(text(set.at("_head")) + text(set.at("_next")) + text(set.at("_prev")) == "hnv");
  CHECK(text(set.at("_hash")) == expected_hash(set));
  w.shell.must(edit_page(json{{"head", nullptr}}, json{{"prev", nullptr}}));
  const json cleared = page_of(w.shell, "p");
  CHECK(cleared.at("_head").is_null());
  CHECK(text(cleared.at("_next")) == "n");
  CHECK(cleared.at("_prev").is_null());
}

TEST_CASE("edit: a place out of range is a bad index", "[shell][edit]") {
  three_entries w;
  const std::string before = raw_page(w.shell, "p");
  for (const json& edit :
       {insert_at(4, json::object()), del_at(3), del_at(1000000), set_at(3, {{"n", 1}})}) {
    INFO(edit.dump());
    CHECK(code_of(w.shell.ask(edit_page(edit))) == "bad_index");
  }
  for (const json& at : {json(-1), json(1.5), json("a"), json("0"), json(nullptr),
                         json(18446744073709551615U)}) {
    INFO(at.dump());
    const std::string code = code_of(w.shell.ask(edit_page(del_at(at))));
    CHECK((code == "bad_index" || code == "bad_request"));
  }
  CHECK(raw_page(w.shell, "p") == before);
  CHECK(w.shell.heard() == strings{});
}

TEST_CASE("edit: all edits are done or none", "[shell][edit]") {
  three_entries w;
  const std::string before = raw_page(w.shell, "p");
  const json fails = del_at(7);
  CHECK(code_of(w.shell.ask(
            edit_page(set_at(0, {{"n", 1}}), json{{"next", "x"}}, fails))) == "bad_index");
  CHECK(code_of(w.shell.ask(edit_page(del_at(2), set_at(2, {{"n", 1}})))) == "bad_index");
  CHECK(raw_page(w.shell, "p") == before);
  CHECK(w.shell.heard() == strings{});
}

TEST_CASE("edit: an unknown page is made only where that is asked", "[shell][edit]") {
  watched_shell w;
  const json entry{{"_id", "a"}};
  CHECK(code_of(w.shell.ask(edit_page(insert_at(0, entry)))) == "no_such_page");
  CHECK(code_of(w.shell.ask(edit_page())) == "no_such_page");
  CHECK(stats(w.shell, "user", "pages") == 0);
  w.shell.must(create("array", insert_at(0, entry)));
  CHECK(text(page_of(w.shell, "p").at("_type")) == "array");
  CHECK(entry_ids(w.shell) == "a");
}

TEST_CASE("edit: a failed edit makes no page", "[shell][edit]") {
  watched_shell w;
  CHECK(code_of(w.shell.ask(create("array", del_at(0)))) == "bad_index");
  CHECK(code_of(w.shell.ask(create("list"))) == "bad_request");
  CHECK(code_of(w.shell.ask(op::read("user", "p"))) == "no_such_page");
  CHECK(w.shell.heard() == strings{});
}

TEST_CASE("edit: making a page that is there edits it", "[shell][edit]") {
  three_entries w;
  w.shell.must(create("array", del_at(0)));
  CHECK(entry_ids(w.shell) == "b c");
}

TEST_CASE("edit: an inserted entry gets a random id and a signature", "[shell][edit]") {
  three_entries w;
  const json entry{{"title", "x"}, {"_sig", "mine"}};
  w.shell.must(edit_page(insert_at(0, entry), insert_at(1, entry)));
  const json entries = page_of(w.shell, "p").at("entries");
  CHECK(text(entries[0].at("_id")) != text(entries[1].at("_id")));
  for (const std::size_t at : {0U, 1U}) {
    const std::string id = text(entries[at].at("_id"));
    REQUIRE(id.size() == 36);
    CHECK(id.find_first_not_of("0123456789abcdef-") == std::string::npos);
    CHECK((id[8] == '-' && id[13] == '-' && id[18] == '-' && id[23] == '-'));
    CHECK(id[14] == '4');
    CHECK(std::string{"89ab"}.find(id[19]) != std::string::npos);
    CHECK(looks_generated(text(entries[at].at("_sig"))));
    CHECK(text(entries[at].at("title")) == "x");
  }
}

TEST_CASE("edit: an id that the page has already is refused", "[shell][edit]") {
  three_entries w;
  CHECK_FALSE(code_of(w.shell.ask(edit_page(insert_at(0, {{"_id", "b"}})))).empty());
  CHECK(entry_ids(w.shell) == "a b c");
}

TEST_CASE("edit: setting members keeps the others and their order", "[shell][edit]") {
  watched_shell w;
  const std::string left = R"({"_id":"f", "n" : 2.50,"_sig":"left"})";
  write_text(w.shell, R"({"_id":"p","_type":"array","entries":[{"_id":"e","z":1.0e5, )"
                      R"("_sig":"s1","t":"\u00e9","k":1,"a":[1, 2]},)" +
                          left + "]}");
  w.shell.must(edit_page(set_at(0, {{"k", 2}, {"new", true}})));
  const strings entries = raw_elements(raw_member(raw_page(w.shell, "p"), "entries"));
  CHECK(entries.at(1) == left);
  std::string kept;
  for (const auto& [name, value] : raw_members(entries.at(0))) {
    kept += name == "_sig" || name == "k" || name == "new" ? "" : name + value + ";";
  }
  CHECK(kept == R"(_id"e";z1.0e5;t"\u00e9";a[1, 2];)");
  CHECK(raw_member(entries.at(0), "k") == "2");
  CHECK(raw_member(entries.at(0), "new") == "true");
  CHECK(looks_generated(text(json::parse(entries.at(0)).at("_sig"))));
}

TEST_CASE("edit: setting what is there already changes nothing", "[shell][edit]") {
  three_entries w;
  w.shell.must(edit_page(set_at(1, {{"n", 1}})));
  const json first = page_of(w.shell, "p");
  w.shell.must(edit_page(set_at(1, {{"n", 1}})));
  CHECK(page_of(w.shell, "p").dump() == first.dump());
  w.shell.must(edit_page(set_at(1, {{"n", 2}})));
  CHECK(text(page_of(w.shell, "p").at("entries")[1].at("_sig")) !=
        text(first.at("entries")[1].at("_sig")));
  CHECK(w.shell.heard().size() == 2);
}

TEST_CASE("edit: the same edit on two machines gives the same page", "[shell][edit]") {
  three_entries here;
  three_entries there;
  const json same = edit_page(
      insert_at(1, {{"_id", "x"}, {"b", 1}, {"a", {{"d", 1.5}, {"c", "\u00e9"}}}}),
      set_at(0, {{"n", 1}}), json{{"next", "q"}});
  const std::string hash = text(here.shell.must(same).at("hash"));
  CHECK(text(there.shell.must(same).at("hash")) == hash);
  CHECK(raw_page(here.shell, "p") == raw_page(there.shell, "p"));
}

TEST_CASE("edit: in a page with keys, inserting at a key replaces", "[shell][edit]") {
  watched_shell w;
  w.shell.must(create("hash", insert_at("b", {{"n", 1}}), insert_at("a", {{"n", 2}})));
  w.shell.must(edit_page(insert_at("b", {{"m", 3}}), set_at("a", {{"k", 4}})));
  json page = page_of(w.shell, "p");
  CHECK(text(page.at("_type")) == "hash");
  CHECK(text(page.at("_hash")) == expected_hash(page));
  page["entries"]["a"].erase("_sig");
  page["entries"]["b"].erase("_sig");
  CHECK(page.at("entries").dump() == R"({"a":{"k":4,"n":2},"b":{"m":3}})");
}

TEST_CASE("edit: an unknown key is a bad index", "[shell][edit]") {
  watched_shell w;
  w.shell.must(create("hash", insert_at("a", {{"n", 2}})));
  CHECK(w.shell.heard().size() == 1);
  CHECK(code_of(w.shell.ask(edit_page(del_at("b")))) == "bad_index");
  CHECK(code_of(w.shell.ask(edit_page(set_at("b", {{"n", 1}})))) == "bad_index");
  CHECK(w.shell.heard() == strings{});
  w.shell.must(edit_page(del_at("a")));
  CHECK(page_of(w.shell, "p").at("entries").dump() == "{}");
}
