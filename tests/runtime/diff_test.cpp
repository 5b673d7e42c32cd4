#include "runtime/diff.hpp"

#include <algorithm>

#include "runtime/codec_json.hpp"
#include "runtime/limits.hpp"
#include "tests/catch.hpp"
#include "tests/runtime/pages.hpp"

namespace flok::testing {

namespace {

/// A page "p" whose entries are "name" or "name=signature", the latter else "1".
page_ptr page_like(page_kind kind, const strings& entries, std::string_view fields = {}) {
  const bool array = kind == page_kind::array;
  std::string text = R"({"_id":"p","_type":")" + std::string{to_string(kind)} + '"';
  text += std::string{fields} + R"(,"entries":)" + (array ? '[' : '{');
  for (const auto& e : entries) {
    const auto equals = e.find('=');
    const auto name = '"' + e.substr(0, equals) + '"';
    const auto signature =
        R"("_sig":")" + (equals == std::string::npos ? "1" : e.substr(equals + 1)) + '"';
    text += text.back() == '[' || text.back() == '{' ? "" : ",";
    text +=
        array ? R"({"_id":)" + name + ',' + signature + '}' : name + ":{" + signature + '}';
  }
  return page_of(text + (array ? "]}" : "}}"));
}

page_ptr array_of(const strings& entries, std::string_view fields = {}) {
  return page_like(page_kind::array, entries, fields);
}

page_ptr hash_of(const strings& entries, std::string_view fields = {}) {
  return page_like(page_kind::hash, entries, fields);
}

/// The diff in the shell's form, once it is known to lead from `from` to `to`.
std::string told(const page_ptr& from, const page_ptr& to,
                 diff_form form = diff_form::full) {
  const auto changes = diff(*from, *to, form).value();
  if (form == diff_form::full) // the other says nothing of pointers
    CHECK(replay(from, changes).value()->unmodified(*to));
  return to_json(changes);
}

/// What a replay of the diff leaves, or why there is none.
std::string replayed(const page_ptr& from, const std::string& changes) {
  const auto parsed = parse_changes(changes);
  REQUIRE(parsed.has_value());
  const auto page = replay(from, *parsed);
  if (!page)
    return std::string{to_string(page.error().code)} + ": " + page.error().message;
  std::string out;
  for (std::size_t i = 0; i < (*page)->size(); ++i)
    out += (i == 0 ? "" : " ") + std::string{(*page)->entry(i).name} + '=' +
           std::string{(*page)->entry(i).signature};
  return out;
}

std::string entry_of(std::size_t depth) {
  return R"({"_id":"n","x":)" + std::string(depth - 1, '[') + std::string(depth - 1, ']') +
         '}';
}

} // namespace

// -- diffs --------------------------------------------------------------------

TEST_CASE(
    "a full diff deletes, moves, inserts, modifies and sets pointers, in that order") {
  const auto from = array_of({"a", "b", "c", "d", "e"}, R"(,"_head":"h","_next":"n")");
  const auto to = array_of({"e", "c", "x", "d=2", "y"}, R"(,"_next":"m","_prev":"\"")");
  CHECK(told(from, to) == R"([["entry_del",1],["entry_del",0],["entry_move",2,0],)"
                          R"(["entry_insert",2,{"_id":"x","_sig":"1"}],)"
                          R"(["entry_insert",4,{"_id":"y","_sig":"1"}],)"
                          R"(["entry_modify",3,{"_id":"d","_sig":"2"}],)"
                          R"(["set_head",null],["set_next","m"],["set_prev","\""]])");
}

TEST_CASE("a full diff of hash pages names keys and moves nothing") {
  const auto from = hash_of({"a", "b", "c"}, R"(,"_prev":"n")");
  const auto to = hash_of({"c=2", "d", "b"});
  CHECK(told(from, to) == R"([["entry_del","a"],["entry_insert","d",{"_sig":"1"}],)"
                          R"(["entry_modify","c",{"_sig":"2"}],["set_prev",null]])");
  CHECK(told(hash_of({"a", "b"}), hash_of({"b", "a"})) == "[]");
}

TEST_CASE("a basic diff deletes and inserts, and says nothing of pointers") {
  const auto from = array_of({"a", "b", "c", "d", "e"}, R"(,"_head":"h")");
  const auto to = array_of({"e", "b", "d", "c=2", "x"});
  CHECK(told(from, to, diff_form::basic) ==
        R"([["entry_del",4],["entry_del",2],["entry_del",0],)"
        R"(["entry_insert",0,{"_id":"e","_sig":"1"}],)"
        R"(["entry_insert",3,{"_id":"c","_sig":"2"}],)"
        R"(["entry_insert",4,{"_id":"x","_sig":"1"}]])");
  CHECK(told(hash_of({"a", "b", "c"}, R"(,"_next":"n")"), hash_of({"c", "b=2"}),
             diff_form::basic) ==
        R"([["entry_del","b"],["entry_del","a"],["entry_insert","b",{"_sig":"2"}]])");
}

TEST_CASE("pages that are unmodified against each other have an empty diff") {
  for (const auto form : {diff_form::full, diff_form::basic}) {
    CHECK(told(array_of({}), array_of({}), form) == "[]");
    CHECK(told(array_of({"a", "b=2"}), array_of({"a", "b=2"}), form) == "[]");
    CHECK(told(hash_of({"a", "b=2"}), hash_of({"b=2", "a"}), form) == "[]");
  }
}

TEST_CASE("an entry that moves and changes is moved and modified") {
  CHECK(told(array_of({"a", "b", "c"}), array_of({"c=2", "a", "b"})) ==
        R"([["entry_move",2,0],["entry_modify",0,{"_id":"c","_sig":"2"}]])");
}

TEST_CASE("pages of different id or kind have no diff") {
  const auto none = diff(*array_of({}), *hash_of({}));
  REQUIRE_FALSE(none.has_value());
  CHECK(none.error().code == errc::invalid_page);
  const auto other = page_of(R"({"_id":"q","_type":"array","entries":[]})");
  CHECK(diff(*array_of({}), *other).error() ==
        error{errc::invalid_page, R"(two pages have no diff: "p" and "q")"});
}

TEST_CASE("a thousand reversed entries take 999 moves, or 999 deletions and insertions") {
  strings names;
  for (int i = 0; i < 1000; ++i)
    names.push_back("e" + std::to_string(i));
  const auto from = array_of(names);
  std::reverse(names.begin(), names.end());
  const auto to = array_of(names);
  const auto changes = diff(*from, *to).value();
  CHECK(changes.size() == 999);
  for (const auto& c : changes)
    CHECK(std::holds_alternative<entry_move>(c));
  CHECK(replay(from, changes).value()->unmodified(*to));
  CHECK(diff(*from, *to, diff_form::basic).value().size() == 2 * 999);
}

TEST_CASE("a hundred thousand reversed entries are no more than n log n work") {
  constexpr std::size_t count = 100'000;
  const auto from = page_with_entries("p", count);
  page_ptr to;
  {
    std::string text = R"({"_id":"p","_type":"array","entries":[)";
    for (std::size_t i = count; i-- != 0;) {
      text += from->entry(i).text;
      text += i == 0 ? "" : ",";
    }
    to = page_of(text + "]}");
  }
  const auto changes = diff(*from, *to).value();
  CHECK(changes.size() == count - 1);
  CHECK(replay(from, changes).value()->unmodified(*to));
}

// -- replay -------------------------------------------------------------------

TEST_CASE("entries arrive byte for byte, under the signature that they carry") {
  const auto from = array_of({"a", "b"});
  const auto to = page_of(R"({"_id":"p","_type":"array","entries":[)"
                          R"({"_id":"b", "n" : 1.0e5, "_sig":"\u0078"},)"
                          R"({"t":"\u0041","_sig":"","_id":"\u00e9"}]})");
  const auto page = replay(from, diff(*from, *to).value()).value();
  CHECK(page->json() == to->json());
  const auto keys = page_of(R"({"_id":"p","_type":"hash","entries":{"\u00e9\n" : )"
                            R"({ "_sig" : "s", "n": 1E400 }}})");
  const auto hash = replay(hash_of({}), diff(*hash_of({}), *keys).value()).value();
  CHECK(hash->unmodified(*keys));
  CHECK(hash->entry(0).text == keys->entry(0).text);
}

TEST_CASE("entries that a diff leaves alone are not copied") {
  const auto from = page_with_entries("p", 100);
  const auto page =
      replay(from, parse_changes(R"([["entry_move",0,99],["entry_del",3]])").value())
          .value();
  CHECK(page->entry(98).text.data() == from->entry(0).text.data());
  CHECK(page->entry(0).text.data() == from->entry(1).text.data());
  CHECK(replay(from, {}).value() == from);
}

TEST_CASE("a missing signature is made") {
  const auto page =
      replay(array_of({}),
             parse_changes(R"([["entry_insert",0,{"_id":"a","n":1}]])").value())
          .value();
  const auto made = json::signature(R"({"_id":"a","n":1})").value();
  CHECK(page->entry(0).signature == made);
  CHECK(page->entry(0).text == R"({"_id":"a","n":1,"_sig":")" + made + R"("})");
}

TEST_CASE("changes are applied in their order, each to what those before it left") {
  const auto from = array_of({"a", "b", "c"});
  CHECK(replayed(from,
                 R"([["entry_move",0,2],["entry_del",0],)"
                 R"(["entry_insert",2,{"_id":"d","_sig":"2"}],)"
                 R"(["entry_modify",0,{"_id":"e","_sig":"3"}],["entry_move",2,0]])") ==
        "d=2 e=3 a=1");
  CHECK(replayed(hash_of({"a", "b"}),
                 R"([["entry_insert","c",{"_sig":"2"}],["entry_del","a"],)"
                 R"(["entry_insert","d",{"_sig":"3"}],["entry_modify","c",{"_sig":"4"}],)"
                 R"(["entry_insert","a",{"_sig":"5"}],["entry_del","d"]])") ==
        "a=5 b=1 c=4");
}

TEST_CASE("names need only differ in the end") {
  CHECK(replayed(array_of({"a", "b"}),
                 R"([["entry_modify",0,{"_id":"b","_sig":"2"}],)"
                 R"(["entry_modify",1,{"_id":"a","_sig":"3"}]])") == "b=2 a=3");
}

TEST_CASE("a change with no such index or key fails, and says which") {
  const auto array = array_of({"a", "b"});
  const auto hash = hash_of({"a"});
  const std::string first = R"([["set_head","h"],)";
  const std::string beyond = "bad_index: diff/1: index 2 of a page of 2 entries";
  CHECK(replayed(array, first + R"(["entry_del",2]])") == beyond);
  CHECK(replayed(array, first + R"(["entry_move",2,0]])") == beyond);
  CHECK(replayed(array, first + R"(["entry_move",0,2]])") == beyond);
  CHECK(replayed(array, first + R"(["entry_modify",2,{}]])") == beyond);
  CHECK(replayed(array, first + R"(["entry_insert",3,{}]])") ==
        "bad_index: diff/1: index 3 of a page of 2 entries");
  const std::string index =
      "bad_index: diff/1: an array page's entries are named by index, not key";
  CHECK(replayed(array, first + R"(["entry_del","a"]])") == index);
  CHECK(replayed(array, first + R"(["entry_insert","c",{}]])") == index);
  const std::string key =
      "bad_index: diff/1: a hash page's entries are named by key, not index";
  CHECK(replayed(hash, first + R"(["entry_del",0]])") == key);
  CHECK(replayed(hash, first + R"(["entry_insert",1,{}]])") == key);
  CHECK(replayed(hash, first + R"(["entry_modify",0,{}]])") == key);
  CHECK(replayed(hash, first + R"(["entry_move",0,0]])") ==
        "bad_index: diff/1: a hash page's entries have no order to move in");
  CHECK(replayed(hash, first + R"(["entry_del","b"]])") ==
        R"(bad_index: diff/1: no entry "b")");
  CHECK(replayed(hash, R"([["entry_del","a"],["entry_modify","a",{}]])") ==
        R"(bad_index: diff/1: no entry "a")");
}

TEST_CASE("an entry that is none fails, and says which change brings it") {
  const auto why = [](const std::string& entry) {
    return replayed(array_of({"a"}),
                    R"([["entry_del",0],["entry_insert",0,)" + entry + "]]");
  };
  const std::string prefix = "invalid_page: diff/1: ";
  CHECK(why("{}") == prefix + "entry: _id: missing");
  CHECK(why(R"({"_id":""})") == prefix + "entry: _id: an empty string names no entry");
  CHECK(why(R"({"_id":1})") == prefix + "_id: a string was expected");
  CHECK(why(R"({"_id":"b","_sig":null})") == prefix + "_sig: a string was expected");
  CHECK(why(R"({"_id":"b","_id":"c"})") == prefix + "entry: _id stands twice");
  CHECK(why(R"({"_id":"b","_sig":"1","_sig":"1"})") == prefix + "entry: _sig stands twice");
  CHECK(why(entry_of(limits::depth - 2)).starts_with("n="));
  CHECK(why(entry_of(limits::depth - 1)).starts_with(prefix + "entry: "));
}

TEST_CASE("a diff made by hand may hold what no JSON text can; it fails as well") {
  const auto why = [](const page_ptr& page, change c) {
    const auto done = replay(page, {&c, 1});
    REQUIRE_FALSE(done.has_value());
    CHECK(done.error().code == errc::invalid_page);
    CHECK(done.error().message.starts_with("diff/0: "));
  };
  for (const char* text :
       {"", "{", "[]", "1", "{} {}", "{\"_id\":\"\xff\"}", "{\"a\":01}"}) {
    INFO(text);
    why(array_of({"a"}), entry_insert{0, text});
    why(array_of({"a"}), entry_modify{0, text});
    why(hash_of({"a"}), entry_modify{"a", text});
  }
  why(hash_of({}), entry_insert{"\xff", "{}"});
  why(hash_of({}), pointer_change{page_pointer::next, "\xff"});
  why(hash_of({}), pointer_change{page_pointer::next, ""});
}

TEST_CASE("a name that is taken fails, and says by which change") {
  const std::string b = R"({"_id":"b","_sig":"2"}])";
  CHECK(replayed(array_of({"a", "b"}),
                 R"([["entry_move",0,1],["entry_insert",0,)" + b + "]") ==
        R"(invalid_page: diff/1: entry: _id: "b" is taken)");
  CHECK(replayed(array_of({"a", "b"}), R"([["entry_modify",0,)" + b + "]") ==
        R"(invalid_page: diff/0: entry: _id: "b" is taken)");
  CHECK(replayed(array_of({}),
                 R"([["entry_insert",0,)" + b + R"(,["entry_insert",0,)" + b + "]") ==
        R"(invalid_page: diff/1: entry: _id: "b" is taken)");
  CHECK(replayed(hash_of({"a"}), R"([["entry_insert","a",{}]])") ==
        R"(invalid_page: diff/0: entry: the key "a" is taken)");
}

TEST_CASE("a result that is too large fails") {
  const auto large = R"({"_id":"a","t":")" + std::string(limits::page_bytes / 2, 'x');
  const std::vector<change> changes = {entry_insert{0, large + R"(1"})"},
                                       entry_insert{1, large + R"(","_id2":"b"})"}};
  auto renamed = changes;
  std::get<entry_insert>(renamed[1]).entry.replace(8, 1, "b");
  const auto done = replay(array_of({}), renamed);
  REQUIRE_FALSE(done.has_value());
  CHECK(done.error().code == errc::invalid_page);
  CHECK(done.error().message.starts_with("diff: the page is larger than "));
  const std::vector<change> one = {
      entry_insert{0, large + std::string(limits::page_bytes / 2, 'x') + R"("})"}};
  CHECK(replay(array_of({}), one).error() ==
        error{errc::invalid_page, "diff/0: entry: larger than every page"});
}

TEST_CASE("searching a text made of quotes for a name made of quotes takes no time") {
  // Quadratic, it would be days.
  std::string quotes;
  for (int i = 0; i < 2'000'000; ++i)
    quotes += R"(\")";
  const std::vector<change> changes = {entry_insert{
      0, R"({"t":")" + quotes + quotes + R"(","_sig":"1","_id":")" + quotes + R"(x"})"}};
  const auto page = replay(array_of({}), changes);
  REQUIRE(page.has_value());
  CHECK((*page)->entry(0).name.size() == 2'000'001);
}

// -- reading and writing ------------------------------------------------------

TEST_CASE("changes that were written are read back") {
  const std::string text =
      R"([["entry_del",0],["entry_del","\"k\n"],["entry_move",1,18446744073709551615],)"
      R"(["entry_insert",0,{ "t" : 1E400 }],["entry_modify","k",{"a":[]}],)"
      R"(["set_head",null],["set_next","n"],["set_prev","\u0001"]])";
  const auto changes = parse_changes(text).value();
  CHECK(to_json(changes) == text);
  CHECK(parse_changes(to_json(changes)).value() == changes);
  CHECK(to_json(std::span<const change>{}) == "[]");
  CHECK(parse_changes(" [ [ \"entry_\\u0064el\" , 0 ] ] ").value() ==
        std::vector<change>{entry_del{0}});
}

TEST_CASE("changes that are none are refused, and said which") {
  const auto why = [](const std::string& changes) {
    const auto parsed = parse_changes(changes);
    REQUIRE_FALSE(parsed.has_value());
    CHECK(parsed.error().code == errc::bad_request);
    return parsed.error().message;
  };
  CHECK(why("{}") == "diff: an array was expected");
  CHECK(why("") == "diff: an array was expected");
  CHECK(why("[1]") == "diff/0: an array was expected");
  CHECK(why("[[]]") == "diff/0: the name of a change was expected");
  CHECK(why(R"([["entry_del",0],[0]])") == "diff/1: the name of a change was expected");
  CHECK(why(R"([["entry_dels",0]])") == R"(diff/0: "entry_dels": no such change)");
  CHECK(why(R"([["entry_del"]])") == "diff/0: entry_del: 1 argument expected");
  CHECK(why(R"([["entry_del",0,1]])") == "diff/0: entry_del: 1 argument expected");
  CHECK(why(R"([["entry_move",0]])") == "diff/0: entry_move: 2 arguments expected");
  CHECK(why(R"([["entry_move",0,"a"]])") ==
        "diff/0: entry_move: at: an index was expected");
  CHECK(why(R"([["entry_del",null]])") ==
        "diff/0: entry_del: at: an index or a key was expected");
  CHECK(why(R"([["entry_insert",0,[]]])") ==
        "diff/0: entry_insert: entry: an object was expected");
  CHECK(why(R"([["entry_modify","a",1]])") ==
        "diff/0: entry_modify: entry: an object was expected");
  CHECK(why(R"([["set_next",1]])") == "diff/0: set_next: a string or null was expected");
  for (const char* text : {"[", "[[}]", R"([["entry_del",01]])", R"([["\ud800"]])",
                           R"([["set_next","\ud800"]])", "[[\"entry_del\",\"\xff\"]]"})
    why(text);
}

TEST_CASE("an index in a change is a whole number from 0 on") {
  for (const char* at : {"-1", "-0", "1.0", "1e0", "18446744073709551616", "0.5"}) {
    INFO(at);
    for (const char* change : {"[[\"entry_del\",", "[[\"entry_move\",0,"}) {
      const auto parsed = parse_changes(change + std::string{at} + "]]");
      REQUIRE_FALSE(parsed.has_value());
      CHECK(parsed.error().code == errc::bad_index);
      CHECK(parsed.error().message.starts_with("diff/0: entry_"));
    }
  }
}

} // namespace flok::testing
