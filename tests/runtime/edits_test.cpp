#include "runtime/edits.hpp"

#include "runtime/codec_json.hpp"
#include "tests/catch.hpp"
#include "tests/runtime/pages.hpp"

namespace flok::testing {

namespace {

const std::string array_text = R"({"_id":"p","_type":"array","entries":[)"
                               R"({"_id":"a","_sig":"1"},{"_id":"b","_sig":"2","n":1}]})";
const std::string hash_text =
    R"({"_id":"p","_type":"hash","_next":"n","entries":{"k":{"_sig":"1"}}})";

expected<page_ptr> edited(const std::string& page, const std::string& edits) {
  auto parsed = parse_edits(edits);
  if (!parsed)
    return failure(parsed.error());
  return apply_edits(copy_page(page_of(page), counted_ids()), *parsed);
}

/// Names and signatureless texts, in order: "a{…} b{…}".
std::string entries(const page& p) {
  std::string out;
  for (std::size_t i = 0; i < p.size(); ++i)
    out += (i == 0 ? "" : " ") + std::string{p.entry(i).name} +
           json::canonical(p.entry(i).text, "_sig").value();
  return out;
}

std::string result(const std::string& page, const std::string& edits) {
  const auto done = edited(page, edits);
  return done ? entries(**done)
              : std::string{to_string(done.error().code)} + ": " + done.error().message;
}

} // namespace

// -- applying -----------------------------------------------------------------

TEST_CASE("edits are applied in their order, each to what those before it left") {
  CHECK(result(array_text, R"([{"del":{"at":0}},{"set":{"at":0,"fields":{"n":2,"m":3}}},)"
                           R"({"insert":{"at":1,"entry":{"_id":"c"}}},)"
                           R"({"insert":{"at":0,"entry":{"t":"x"}}}])") ==
        R"(made-1{"_id":"made-1","t":"x"} b{"_id":"b","m":3,"n":2} c{"_id":"c"})");
  CHECK(result(hash_text, R"([{"insert":{"entry":{"n":1},"at":"l"}},)"
                          R"({"set":{"fields":{"n":2},"at":"l"}},{"del":{"at":"k"}}])") ==
        R"(l{"n":2})");
  CHECK(result(array_text, "[]") == R"(a{"_id":"a"} b{"_id":"b","n":1})");
}

TEST_CASE("edits set and clear pointers") {
  const auto page = edited(hash_text, R"([{"head":"h"},{"next":null},{"prev":"\u0070"}])");
  REQUIRE(page.has_value());
  CHECK((*page)->head() == "h");
  CHECK_FALSE((*page)->next().has_value());
  CHECK((*page)->prev() == "p");
}

TEST_CASE("an edit that fails says which, and none of them is done") {
  const auto refused = [](const std::string& page, const std::string& edits) {
    return result(page, R"([{"head":"h"},)" + edits + "]");
  };
  CHECK(refused(array_text, R"({"del":{"at":2}})") ==
        "bad_index: edits/1: index 2 of a page of 2 entries");
  CHECK(refused(array_text, R"({"insert":{"at":3,"entry":{}}})") ==
        "bad_index: edits/1: index 3 of a page of 2 entries");
  CHECK(refused(array_text, R"({"set":{"at":"a","fields":{}}})") ==
        "bad_index: edits/1: an array page's entries are named by index, not key");
  CHECK(refused(hash_text, R"({"del":{"at":"l"}})") ==
        R"(bad_index: edits/1: no entry "l")");
  CHECK(refused(hash_text, R"({"set":{"at":0,"fields":{}}})") ==
        "bad_index: edits/1: a hash page's entries are named by key, not index");
  CHECK(refused(array_text, R"({"insert":{"at":0,"entry":{"_id":"b"}}})") ==
        R"(invalid_page: edits/1: entry: _id: "b" is taken)");
  CHECK(refused(array_text, R"({"set":{"at":0,"fields":{"n":1,"_id":"b"}}})") ==
        R"(invalid_page: edits/1: _id: "b" is taken)");
  CHECK(
      refused(array_text, R"({"next":""})") ==
      "invalid_page: edits/1: an empty string names no page: clear the pointer with null");
}

TEST_CASE("values in edits are kept as they are written") {
  const auto page =
      edited(hash_text, R"([{"set":{"at":"k","fields":{"n" : 1E400 ,"t":"\u0041"}}},)"
                        R"({"insert":{"at":"\u006c","entry":{ "x" : 1.0 }}}])")
          .value();
  CHECK(page->member(0, "n") == "1E400");
  CHECK(page->member(0, "t") == R"("\u0041")");
  CHECK(page->entry(1).name == "l");
  CHECK(page->entry(1).text.starts_with(R"({ "x" : 1.0)"));
}

// -- reading and writing ------------------------------------------------------

TEST_CASE("edits that are not edits are refused, and said which") {
  const auto why = [](const std::string& edits) {
    const auto parsed = parse_edits(edits);
    REQUIRE_FALSE(parsed.has_value());
    CHECK(parsed.error().code == errc::bad_request);
    return parsed.error().message;
  };
  CHECK(why("{}") == "edits: an array was expected");
  CHECK(why("null") == "edits: an array was expected");
  CHECK(why("[1]") == "edits/0: an object with one edit was expected");
  CHECK(why("[{}]") == "edits/0: an object with one edit was expected");
  CHECK(why(R"([{"head":null},{"head":"a","next":"b"}])") ==
        "edits/1: an object with one edit was expected");
  CHECK(why(R"([{"move":{}}])") == "edits/0: move: no such edit");
  CHECK(why(R"([{"insert":{"entry":{}}}])") == "edits/0: insert: at: missing");
  CHECK(why(R"([{"insert":{"at":0}}])") == "edits/0: insert: entry: missing");
  CHECK(why(R"([{"insert":{"at":0,"entry":[]}}])") ==
        "edits/0: insert: entry: an object was expected");
  CHECK(why(R"([{"set":{"at":0,"fields":1}}])") ==
        "edits/0: set: fields: an object was expected");
  CHECK(why(R"([{"set":{"at":0,"entry":{}}}])") ==
        R"(edits/0: set: "entry": unknown, or given twice)");
  CHECK(why(R"([{"del":{"at":0,"at":1}}])") ==
        R"(edits/0: del: "at": unknown, or given twice)");
  CHECK(why(R"([{"del":{"at":null}}])") ==
        "edits/0: del: at: an index or a key was expected");
  CHECK(why(R"([{"head":1}])") == "edits/0: head: a string or null was expected");
  for (const char* text : {"[", "[{]", R"([{"del":0}])", R"([{"del":[]}])", ""})
    why(text);
}

TEST_CASE("an index is a whole number from 0 on") {
  for (const char* at : {"-1", "-0", "1.0", "1e0", "18446744073709551616", "0.5"}) {
    const auto parsed = parse_edits(R"([{"del":{"at":)" + std::string{at} + "}}]");
    INFO(at);
    REQUIRE_FALSE(parsed.has_value());
    CHECK(parsed.error().code == errc::bad_index);
  }
}

TEST_CASE("edits that were written are read back") {
  const std::string text =
      R"([{"insert":{"at":0,"entry":{"t":1E400}}},{"del":{"at":"\"k\n"}},)"
      R"({"set":{"at":18446744073709551615,"fields":{"a":[]}}},)"
      R"({"head":null},{"next":"n"},{"prev":"\u0001"}])";
  CHECK(to_json(parse_edits(text).value()) == text);
  CHECK(to_json({}) == "[]");
}

} // namespace flok::testing
