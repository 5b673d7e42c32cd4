// What makes one page of another: diff, replay, and watches that tell it.
#include <algorithm>
#include <random>

#include "tests/catch.hpp"
#include "tests/tools/shell_process.hpp"

using namespace flok::testing;

namespace {

/// An entry whose signature is its content.
json entry(const std::string& id, const std::string& version = "1") {
  return {{"_id", id}, {"_sig", version}, {"title", version}};
}

/// The array page "p" with entries of these ids: "a" is version 1 of it, "a2" another.
json page_with(const strings& ids, const json& pointers = json::object()) {
  json page{{"_id", "p"}, {"_type", "array"}, {"entries", json::array()}};
  for (const auto& id : ids)
    page["entries"].push_back(entry(id.substr(0, 1), id.size() > 1 ? id.substr(1) : "1"));
  page.update(pointers);
  return page;
}

json keys_with(const strings& ids) {
  json page{{"_id", "p"}, {"_type", "hash"}, {"entries", json::object()}};
  for (const auto& id : ids) {
    const std::string version = id.size() > 1 ? id.substr(1) : "1";
    page["entries"][id.substr(0, 1)] = {{"_sig", version}, {"title", version}};
  }
  return page;
}

json diff_of(shell_process& shell, const json& from, const json& to,
             const char* form = "full") {
  return shell.must(op::with(op::diff(from, to), "form", form)).at("diff");
}

json replayed(shell_process& shell, const json& from, const json& diff) {
  return shell.must(op::replay(from, diff)).at("page");
}

/// The page as the shell prints it.
json whole(shell_process& shell, const json& page) {
  return shell.must({{"op", "hash"}, {"page", page}}).at("page");
}

/// One change, done by the letter of the protocol.
void do_change(json& page, const json& change) {
  const auto name = change.at(0).get<std::string>();
  json& entries = page.at("entries");
  const bool ordered = entries.is_array();
  const auto place = [&](const json& at) {
    return entries.begin() + at.get<json::difference_type>();
  };
  if (name.starts_with("set_")) {
    page["_" + name.substr(4)] = change.at(1);
  } else if (name == "entry_del") {
    ordered ? (void)entries.erase(place(change.at(1)))
            : (void)entries.erase(change.at(1).get<std::string>());
  } else if (name == "entry_move") {
    const json moved = *place(change.at(1));
    entries.erase(place(change.at(1)));
    entries.insert(place(change.at(2)), moved);
  } else if (name == "entry_insert" && ordered) {
    entries.insert(place(change.at(1)), change.at(2));
  } else if (ordered) {
    *place(change.at(1)) = change.at(2);
  } else {
    entries[change.at(1).get<std::string>()] = change.at(2);
  }
}

json done_by_letter(json page, const json& changes) {
  page.erase("_hash"); // what comes of the changes has another
  for (const json& change : changes)
    do_change(page, change);
  return page;
}

json without_hash(json page) {
  page.erase("_hash");
  return page;
}

} // namespace

TEST_CASE("diff: each kind of change, in order", "[shell][diff]") {
  shell_home home;
  auto shell = home.start();
  const json from = page_with({"a", "b", "c", "d", "e"}, {{"_prev", "x"}});
  const json to = page_with({"e", "b2", "f", "d", "g"}, {{"_head", "h"}, {"_next", "n"}});
  const json expected = json::array({{"entry_del", 2},
                                     {"entry_del", 0},
                                     {"entry_move", 2, 0},
                                     {"entry_insert", 2, entry("f")},
                                     {"entry_insert", 4, entry("g")},
                                     {"entry_modify", 1, entry("b", "2")},
                                     {"set_head", "h"},
                                     {"set_next", "n"},
                                     {"set_prev", nullptr}});
  CHECK(diff_of(shell, from, to) == expected);
  CHECK(shell.must(op::diff(from, to)).at("diff") == expected); // full is the default
  CHECK(replayed(shell, from, expected) == whole(shell, to));
}

TEST_CASE("diff: the basic form knows deletions and insertions alone", "[shell][diff]") {
  shell_home home;
  auto shell = home.start();
  const json from = page_with({"a", "b", "d", "c"}, {{"_prev", "x"}});
  const json to = page_with({"c", "a", "d", "b2"}, {{"_next", "n"}});
  const json expected = json::array({{"entry_del", 3},
                                     {"entry_del", 1},
                                     {"entry_insert", 0, entry("c")},
                                     {"entry_insert", 3, entry("b", "2")}});
  CHECK(diff_of(shell, from, to, "basic") == expected);
  const json page = replayed(shell, from, expected);
  CHECK(page.at("entries") == to.at("entries"));
  CHECK(text(page.at("_prev")) == "x");
  CHECK(page.at("_next").is_null());
}

TEST_CASE("diff: of a page with keys, places are keys", "[shell][diff]") {
  shell_home home;
  auto shell = home.start();
  const json from = keys_with({"a", "b", "c"});
  const json to = keys_with({"b2", "c", "d"});
  const json b2{{"_sig", "2"}, {"title", "2"}};
  const json d{{"_sig", "1"}, {"title", "1"}};
  const json full = diff_of(shell, from, to);
  CHECK(full ==
        json::array(
            {{"entry_del", "a"}, {"entry_insert", "d", d}, {"entry_modify", "b", b2}}));
  CHECK(without_hash(replayed(shell, from, full)).at("entries") == to.at("entries"));
  const json basic = diff_of(shell, from, to, "basic");
  CHECK(basic == json::array({{"entry_del", "b"},
                              {"entry_del", "a"},
                              {"entry_insert", "b", b2},
                              {"entry_insert", "d", d}}));
  CHECK(replayed(shell, from, basic).at("_hash") == whole(shell, to).at("_hash"));
}

TEST_CASE("diff: there is none between pages that are unmodified", "[shell][diff]") {
  shell_home home;
  auto shell = home.start();
  const json page = page_with({"a", "b"});
  for (const char* form : {"full", "basic"}) {
    CHECK(diff_of(shell, page, page, form) == json::array());
    CHECK(diff_of(shell, keys_with({"a", "b"}), keys_with({"b", "a"}), form) ==
          json::array());
  }
  CHECK(replayed(shell, page, json::array()) == whole(shell, page));
}

TEST_CASE("diff: pages of different ids or types have none", "[shell][diff]") {
  shell_home home;
  auto shell = home.start();
  const json page = page_with({"a"});
  CHECK(code_of(shell.ask(op::diff(page, op::with(page, "_id", "q")))) == "invalid_page");
  CHECK(code_of(shell.ask(op::diff(page, keys_with({"a"})))) == "invalid_page");
}

TEST_CASE("diff, replay: they write nothing", "[shell][diff]") {
  watched_shell w;
  const json diff = diff_of(w.shell, page_with({"a"}), page_with({"b"}));
  replayed(w.shell, page_with({"a"}), diff);
  CHECK(w.shell.heard() == strings{});
  CHECK(stats(w.shell, "user", "pages") == 0);
}

TEST_CASE("replay: entries keep their spelling, a missing signature is made",
          "[shell][diff]") {
  shell_home home;
  auto shell = home.start();
  shell.send_line(
      R"({"op":"replay","tag":1,"page":{"_id":"p","_type":"array","entries":[)"
      R"({ "_id":"a" ,"n":1.0e5,"_sig":"s"}]},)"
      R"("diff":[["entry_insert",1,{ "title" : "hello", "_id":"b","t":"\u00e9\/"}]]})");
  const std::string page = raw_member(shell.reply(1).raw, "page");
  const auto entries = raw_elements(raw_member(page, "entries"));
  REQUIRE(entries.size() == 2);
  CHECK(entries[0] == R"({ "_id":"a" ,"n":1.0e5,"_sig":"s"})");
  CHECK(entries[1].starts_with(R"({ "title" : "hello", "_id":"b","t":"\u00e9\/","_sig":)"));
  CHECK(looks_generated(text(json::parse(entries[1]).at("_sig"))));
}

TEST_CASE("replay: a change that cannot be done is told, by its place", "[shell][diff]") {
  shell_home home;
  auto shell = home.start();
  const json page = page_with({"a", "b"});
  const json keys = keys_with({"a", "b"});
  const auto refuses = [&](const json& from, const json& change, const char* code) {
    const json first{"set_next", "n"};
    const json answer = shell.ask(op::replay(from, json::array({first, change})));
    INFO(change.dump() << " " << answer.dump());
    CHECK(code_of(answer) == code);
    const auto message = answer.at("error").at("message").get<std::string>();
    CHECK(message.find("diff/1") != std::string::npos);
  };
  refuses(page, {"entry_del", 2}, "bad_index");
  refuses(page, {"entry_del", "a"}, "bad_index");
  refuses(page, {"entry_move", 0, 2}, "bad_index");
  refuses(page, {"entry_move", 2, 0}, "bad_index");
  refuses(page, {"entry_insert", 3, entry("c")}, "bad_index");
  refuses(page, {"entry_modify", 2, entry("c")}, "bad_index");
  refuses(page, {"entry_insert", 0, entry("b")}, "invalid_page");
  refuses(page, {"entry_modify", 0, entry("b")}, "invalid_page");
  refuses(page, {"entry_insert", 0, json::object()}, "invalid_page");
  refuses(page, {"set_prev", ""}, "invalid_page");
  refuses(keys, {"entry_del", "c"}, "bad_index");
  refuses(keys, {"entry_del", 0}, "bad_index");
  refuses(keys, {"entry_move", 0, 1}, "bad_index");
  refuses(keys, {"entry_modify", "c", json::object()}, "bad_index");
  refuses(keys, {"entry_insert", "a", json::object()}, "invalid_page");
  refuses(page, {"entry_del", -1}, "bad_index");
  refuses(page, {"frob", 0}, "bad_request");
  refuses(page, {"entry_del"}, "bad_request");
  refuses(page, {"entry_del", 0, 0}, "bad_request");
  refuses(page, {"entry_move", "a", 0}, "bad_request");
  refuses(page, {"entry_insert", 0, 7}, "bad_request");
  refuses(page, {"set_head", 7}, "bad_request");
  refuses(page, "entry_del", "bad_request");
  refuses(page, json::array(), "bad_request");
}

TEST_CASE("diff, replay: a missing or wrong field is refused", "[shell][diff]") {
  shell_home home;
  auto shell = home.start();
  const json page = page_with({"a"});
  for (const json& whole : {op::diff(page, page), op::replay(page, json::array())}) {
    for (const auto& [name, value] : whole.items()) {
      json part = whole;
      part.erase(name);
      CHECK(code_of(shell.ask(part)) == "bad_request");
    }
  }
  for (const json& wrong : {json("most"), json(7), json(nullptr)})
    CHECK(code_of(shell.ask(op::with(op::diff(page, page), "form", wrong))) ==
          "bad_request");
  CHECK(code_of(shell.ask(op::with(op::diff(page, page), "from", 7))) == "invalid_page");
  CHECK(code_of(shell.ask(op::with(op::diff(page, page), "to", json::object()))) ==
        "invalid_page");
  CHECK(code_of(shell.ask(op::replay(page, json::object()))) == "bad_request");
}

namespace {

/// Random versions of the page "p": some of 12 entries, in some order, with some pointers.
json random_page(std::mt19937_64& rng, bool ordered) {
  strings ids;
  for (char id = 'a'; id <= 'l'; ++id)
    if (rng() % 3 != 0)
      ids.push_back(std::string(1, id) + std::to_string(1 + rng() % 2));
  std::shuffle(ids.begin(), ids.end(), rng);
  json page = ordered ? page_with(ids) : keys_with(ids);
  for (const char* pointer : {"_head", "_next", "_prev"})
    if (rng() % 2 == 0)
      page[pointer] = std::string(1, static_cast<char>('x' + rng() % 3));
  return page;
}

} // namespace

TEST_CASE("diff, replay: of random pages, one undoes the other's difference",
          "[shell][diff]") {
  shell_home home;
  auto shell = home.start();
  const std::uint64_t seed = 1;
  INFO("seed " << seed);
  std::mt19937_64 rng{seed};
  for (int round = 0; round < 200; ++round) {
    const bool ordered = rng() % 3 != 0;
    const json from = whole(shell, random_page(rng, ordered));
    const json to = whole(shell, random_page(rng, ordered));
    const json full = diff_of(shell, from, to);
    INFO(from.dump() << "\n" << to.dump() << "\n" << full.dump());
    CHECK(done_by_letter(from, full) == without_hash(to));
    CHECK(replayed(shell, from, full).at("_hash") == to.at("_hash"));
    const json basic = diff_of(shell, from, to, "basic");
    CHECK(done_by_letter(from, basic).at("entries") == to.at("entries"));
    CHECK(replayed(shell, from, basic).at("entries") == to.at("entries"));
  }
}
