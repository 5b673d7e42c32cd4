#include "runtime/codec.hpp"

#include <algorithm>

#include "runtime/codec_json.hpp"
#include "runtime/limits.hpp"
#include "tests/catch.hpp"
#include "tests/runtime/pages.hpp"

namespace flok::testing {

namespace {

struct refused {
  std::string text;
  std::string message;
};

void check_refused(const std::vector<refused>& cases) {
  for (const auto& c : cases) {
    INFO(c.text.substr(0, 200));
    const auto why = refusal_of(c.text);
    CHECK(why.code == errc::invalid_page);
    CHECK(why.message == c.message);
  }
}

/// An array page with those entries, and one with those further fields.
std::string array_of(const std::string& entries) {
  return R"({"_id":"p","_type":"array","entries":[)" + entries + "]}";
}

std::string hash_of(const std::string& entries) {
  return R"({"_id":"p","_type":"hash","entries":{)" + entries + "}}";
}

std::string with(const std::string& fields) {
  return "{" + fields + R"(,"_type":"array","entries":[]})";
}

/// An array page whose innermost value is on that level; the page itself is level 1.
std::string nested(std::size_t levels) {
  const std::size_t inside = levels - 3; // page, entries, entry
  return array_of(R"({"_id":"a","_sig":"s","deep":)" + std::string(inside, '[') +
                  std::string(inside, ']') + "}");
}

const std::string bad_structure =
    "not valid JSON: The JSON document has an improper structure: missing or superfluous "
    "commas, braces, missing keys, etc.";
const std::string bad_string = "a string with an escape that is not JSON's";
const std::string bad_number = "a number that is not JSON's";

} // namespace

// -- what is no JSON ----------------------------------------------------------

TEST_CASE("bad numbers, atoms and escapes are refused wherever they stand") {
  const auto in_entry = [](const std::string& value) {
    return array_of(R"({"_id":"a","_sig":"s","x":)" + value + "}");
  };
  check_refused(
      {{in_entry("01"), bad_number},
       {in_entry("-"), bad_number},
       {in_entry("1."), bad_number},
       {in_entry("1e"), bad_number},
       {in_entry("1.e5"), bad_number},
       {in_entry("0x10"), bad_number},
       {in_entry("--1"), bad_number},
       {in_entry("1_000"), bad_number},
       {in_entry("[1 2 tru]"), bad_structure},
       {in_entry("[1, 2, tru]"),
        "not valid JSON: Problem while parsing an atom starting with the letter 't'"},
       {in_entry("nulL"),
        "not valid JSON: Problem while parsing an atom starting with the letter 'n'"},
       {in_entry("NaN"), bad_structure},
       {in_entry(R"("\q")"), bad_string},
       {in_entry(R"({"\q":1})"), bad_string},
       {in_entry(R"("\u12")"), bad_string},
       {in_entry(R"("\u12g4")"), bad_string},
       {in_entry(R"(["\ud800"])"), bad_string},
       {with(R"("_id":"p","_hash":01)"), bad_number},
       {with(R"("_id":"p","_hash":"\q")"), bad_string}});
}

TEST_CASE("misplaced commas, colons and brackets are refused") {
  for (const std::string& text : {array_of(R"({"_id":"a"},)"),
                                  array_of(R"({"_id":"a",})"),
                                  array_of(","),
                                  array_of(R"({"_id":"a"}{"_id":"b"})"),
                                  array_of(R"({"_id":"a" "x":1})"),
                                  array_of(R"({"_id":"a","x" 1})"),
                                  array_of(R"({"_id":"a","x"::1})"),
                                  array_of(R"({"_id":"a","x":})"),
                                  array_of(R"({"_id":"a",x:1})"),
                                  array_of(R"({"_id":"a","x":[1}})"),
                                  array_of(R"({"_id":"a"]})"),
                                  array_of(R"({"_id":"a","x":{1}})"),
                                  array_of(R"({"_id":"a","x":{,}})"),
                                  array_of(R"({"_id":"a","x":[1,,2]})"),
                                  array_of(R"({"_id":"a",'x':1})"),
                                  array_of("") + "}",
                                  array_of("") + "{}",
                                  array_of("") + "x",
                                  array_of("") + ",",
                                  array_of("") + std::string(1, '\0'),
                                  "\xef\xbb\xbf" + array_of(""),
                                  array_of("") + "\f",
                                  array_of("/* no */")}) {
    INFO(text);
    const auto why = refusal_of(text);
    CHECK(why.code == errc::invalid_page);
    CHECK_FALSE(why.message.empty());
  }
}

TEST_CASE("a page that ends early is refused, wherever it is cut") {
  const auto text = array_of(R"({"_id":"a","_sig":"s","x":[1,"two",{"t":null}]})");
  for (std::size_t size = 0; size < text.size(); ++size)
    CHECK(refusal_of(text.substr(0, size)).code == errc::invalid_page);
}

TEST_CASE("raw control characters and bytes that are no UTF-8 are refused") {
  for (const std::string bytes : {"\x01", "\n", "\t", "\x1f", "\xff", "\xc0\xaf",
                                  "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xc3", "\xe2\x82"}) {
    CHECK(refusal_of(array_of(R"({"_id":"a","t":")" + bytes + "\"}")).code ==
          errc::invalid_page);
    CHECK(refusal_of(with(R"("_id":")" + bytes + '"')).code == errc::invalid_page);
    CHECK(refusal_of(hash_of('"' + bytes + R"(":{})")).code == errc::invalid_page);
  }
  CHECK(refusal_of(with("\"_id\":\"\xff\"")).message == "not valid UTF-8");
}

TEST_CASE("half a surrogate pair names nothing") {
  for (const std::string half :
       {R"(\ud800)", R"(\udfff)", R"(\ud800\u0041)", R"(\udc00\ud800)"})
    for (const std::string& text :
         {with(R"("_id":")" + half + '"'), with(R"("_id":"p","_next":")" + half + '"'),
          array_of(R"({"_id":")" + half + "\"}"),
          array_of(R"({"_id":"a","_sig":")" + half + "\"}"),
          hash_of('"' + half + R"(":{})")}) {
      INFO(text);
      const auto why = refusal_of(text);
      CHECK(why.code == errc::invalid_page);
      CHECK(json::is_utf8(why.message));
      const auto later = refusal_of(text, checked::grammar);
      CHECK(later.code == errc::invalid_page);
      CHECK(json::is_utf8(later.message));
    }
}

// -- what is no page ----------------------------------------------------------

TEST_CASE("a page is an object") {
  for (const char* text : {"[]", "1", "\"p\"", "null", "true", "[{}]"})
    CHECK(refusal_of(text).message == "a page is a JSON object");
  CHECK(refusal_of("").message == "empty where a JSON value was expected");
  CHECK(refusal_of("  \n ").message == "empty where a JSON value was expected");
}

TEST_CASE("a page lacks no field that names or shapes it") {
  check_refused({{"{}", "/_id: missing"},
                 {R"({"_type":"array","entries":[]})", "/_id: missing"},
                 {R"({"_id":"p","entries":[]})", "/_type: missing"},
                 {R"({"_id":"p","_type":"array"})", "/entries: missing"}});
}

TEST_CASE("a page has no unknown field") {
  check_refused(
      {{with(R"("_id":"p","title":1)"), "/title: pages have no such field"},
       {with(R"("_id":"p","_sig":"s")"), "/_sig: pages have no such field"},
       {with(R"("_id":"p","":1)"), "/: pages have no such field"},
       {with(R"("_id":"p","Entries":[])"), "/Entries: pages have no such field"}});
}

TEST_CASE("a page gives no field twice, in whatever spelling") {
  check_refused({{with(R"("_id":"p","_id":"p")"), "/_id: stands twice"},
                 {with(R"("_id":"p","\u005fid":"p")"), "/_id: stands twice"},
                 {with(R"("_id":"p","_type":"array")"), "/_type: stands twice"},
                 {with(R"("_id":"p","_head":null,"_head":null)"), "/_head: stands twice"},
                 {with(R"("_id":"p","_next":null,"_next":"n")"), "/_next: stands twice"},
                 {with(R"("_id":"p","_prev":"n","_prev":"n")"), "/_prev: stands twice"},
                 {with(R"("_id":"p","_hash":"1","_hash":"1")"), "/_hash: stands twice"},
                 {with(R"("_id":"p","entries":[])"), "/entries: stands twice"}});
}

TEST_CASE("fields have their types") {
  check_refused(
      {{with(R"("_id":1)"), "/_id: a string was expected"},
       {with(R"("_id":null)"), "/_id: a string was expected"},
       {with(R"("_id":["p"])"), "/_id: a string was expected"},
       {with(R"("_id":"p","_head":1)"), "/_head: a string was expected"},
       {with(R"("_id":"p","_next":false)"), "/_next: a string was expected"},
       {with(R"("_id":"p","_prev":{})"), "/_prev: a string was expected"},
       {R"({"_id":"p","_type":1,"entries":[]})", "/_type: a string was expected"},
       {R"({"_id":"p","_type":null,"entries":[]})", "/_type: a string was expected"},
       {R"({"_id":"p","_type":"list","entries":[]})",
        R"(/_type: "array" or "hash" was expected)"},
       {R"({"_id":"p","_type":"Array","entries":[]})",
        R"(/_type: "array" or "hash" was expected)"},
       {R"({"_id":"p","_type":"array","entries":null})",
        "/entries: an array or an object was expected"},
       {R"({"_id":"p","_type":"array","entries":"x"})",
        "/entries: an array or an object was expected"}});
}

TEST_CASE("the entries are an array in an array page, an object in a hash page") {
  check_refused({{R"({"_id":"p","_type":"array","entries":{}})",
                  "/entries: an array page has an array of entries"},
                 {R"({"_id":"p","_type":"hash","entries":[]})",
                  "/entries: a hash page has an object of entries"},
                 {R"({"entries":{"k":{}},"_id":"p","_type":"array"})",
                  "/entries: an array page has an array of entries"},
                 {R"({"entries":[{"_id":"a"}],"_id":"p","_type":"hash"})",
                  "/entries: a hash page has an object of entries"}});
}

TEST_CASE("an empty string names no page and no array entry") {
  const std::string why = ": an empty string names no page: leave the field out or make it "
                          "null";
  check_refused({{with(R"("_id":"")"), "/_id: an empty string names no page"},
                 {with(R"("_id":"p","_head":"")"), "/_head" + why},
                 {with(R"("_id":"p","_next":"")"), "/_next" + why},
                 {with(R"("_id":"p","_prev":"")"), "/_prev" + why},
                 {array_of(R"({"_id":"a"},{"_id":""})"),
                  "/entries/1/_id: an empty string names no entry"}});
}

TEST_CASE("an id longer than a key of the store is refused") {
  const auto of_size = [](std::size_t size) {
    return with(R"("_id":")" + std::string(size, 'x') + '"');
  };
  CHECK(page_of(of_size(limits::id_bytes))->id().size() == limits::id_bytes);
  const auto why = refusal_of(of_size(limits::id_bytes + 1));
  CHECK(why.code == errc::id_too_long);
  CHECK(why.message == "an id of 512 bytes; at most 511 fit");
}

TEST_CASE("an id may be asked about without a page") {
  CHECK(check_id("p").has_value());
  CHECK(check_id(std::string(limits::id_bytes, 'x')).has_value());
  CHECK(check_id("").error().code == errc::invalid_page);
  CHECK(check_id("\xff").error().code == errc::invalid_page);
  CHECK(check_id(std::string(limits::id_bytes + 1, 'x')).error().code == errc::id_too_long);
}

// -- entries ------------------------------------------------------------------

TEST_CASE("an entry is an object") {
  check_refused(
      {{array_of("1"), "/entries/0: an entry is a JSON object"},
       {array_of(R"({"_id":"a"},null)"), "/entries/1: an entry is a JSON object"},
       {array_of("[]"), "/entries/0: an entry is a JSON object"},
       {hash_of(R"("k":1)"), "/entries/k: an entry is a JSON object"},
       {hash_of(R"("k":{},"\u006c":[])"), "/entries/l: an entry is a JSON object"}});
}

TEST_CASE("an array entry has an _id, once, and it is a string") {
  check_refused({{array_of("{}"), "/entries/0/_id: missing"},
                 {array_of(R"({"_id":"a"},{"_sig":"s"})"), "/entries/1/_id: missing"},
                 {array_of(R"({"_id":1})"), "/entries/0/_id: a string was expected"},
                 {array_of(R"({"_id":null})"), "/entries/0/_id: a string was expected"},
                 {array_of(R"({"_id":"a","_id":"a"})"), "/entries/0/_id: stands twice"},
                 {array_of(R"({"_id":"a","\u005f\u0069\u0064":"b"})"),
                  "/entries/0/_id: stands twice"}});
}

TEST_CASE("a _sig is a string and stands once") {
  check_refused(
      {{array_of(R"({"_id":"a","_sig":1})"), "/entries/0/_sig: a string was expected"},
       {array_of(R"({"_id":"a","_sig":null})"), "/entries/0/_sig: a string was expected"},
       {array_of(R"({"_id":"a","_sig":"s","_sig":"s"})"), "/entries/0/_sig: stands twice"},
       {hash_of(R"("k":{"_sig":"s","_s\u0069g":"t"})"), "/entries/k/_sig: stands twice"}});
}

TEST_CASE("no two entries have one name, in whatever spelling") {
  check_refused(
      {{array_of(R"({"_id":"a"},{"_id":"b"},{"_id":"a"})"),
        R"(/entries: "a" stands twice)"},
       {array_of(R"({"_id":"a"},{"_id":"\u0061"})"), R"(/entries: "a" stands twice)"},
       {hash_of(R"("k":{},"k":{})"), R"(/entries: "k" stands twice)"},
       {hash_of(R"("\"":{},"\u0022":{})"), R"(/entries: "\"" stands twice)"},
       {hash_of(R"("":{},"":{})"), R"(/entries: "" stands twice)"}});
}

TEST_CASE("a hash entry may have an _id like any other member") {
  const auto page = page_of(hash_of(R"("k":{"_sig":"s","_id":7,"_id":[]})"));
  CHECK(page->entry(0).name == "k");
}

TEST_CASE("a missing signature is made, and stands last") {
  const auto page =
      page_of(array_of(R"({"t":1, "_id" : "a" , "u":2},{"_id":"b","_sig":""})"));
  const auto made = json::signature(R"({"t":1,"_id":"a","u":2})").value();
  CHECK(page->entry(0).signature == made);
  CHECK(page->entry(0).text == R"({"t":1, "_id" : "a" , "u":2,"_sig":")" + made + "\"}");
  CHECK(page->entry(1).signature.empty()); // an empty one was given
  const auto hash = page_of(hash_of(R"("k" : { "t":1 },"l":{ })"));
  const auto first = json::signature(R"({"t":1})").value();
  CHECK(hash->entry(0).text == R"({ "t":1,"_sig":")" + first + "\" }");
  CHECK(hash->entry(1).text == R"({"_sig":")" + json::signature("{}").value() + "\" }");
  CHECK(hash->entry(1).name == "l");
}

// -- limits -------------------------------------------------------------------

TEST_CASE("a page may nest 256 levels deep, itself included") {
  for (const auto known : {checked::nothing, checked::grammar}) {
    CHECK(page_of(nested(limits::depth), known)->size() == 1);
    const auto why = refusal_of(nested(limits::depth + 1), known);
    CHECK(why.code == errc::invalid_page);
    CHECK(why.message == "nested too deep");
    CHECK(refusal_of(nested(2000), known).message == "nested too deep");
  }
  CHECK(refusal_of(std::string(100'000, '[')).code == errc::invalid_page);
  CHECK(refusal_of(array_of(R"({"_id":"a","x":)" + std::string(100'000, '{'))).code ==
        errc::invalid_page);
}

TEST_CASE("a page larger than the limit is refused") {
  const auto of_size = [&](std::size_t size) {
    const std::string frame = R"({"_id":"p","_type":"array","_head":null,"_next":null,)"
                              R"("_prev":null,"entries":[{"_id":"a","_sig":"s","t":""}]})";
    std::string text = frame;
    text.insert(text.size() - 4, size - frame.size(), 'x');
    return text;
  };
  CHECK(page_of(of_size(limits::page_bytes - 64))->size() == 1);
  for (const auto known : {checked::nothing, checked::grammar}) {
    const auto why = refusal_of(of_size(limits::page_bytes + 1), known);
    CHECK(why.code == errc::invalid_page);
    CHECK(why.message == "the page is larger than 33554432 bytes");
  }
}

TEST_CASE("a page that outgrows the limit by the signatures it lacks is refused") {
  // What is accepted must be accepted again once flok has printed it.
  std::string entries = R"({"_id":"large","_sig":"s","t":"")";
  entries.insert(entries.size() - 1, limits::page_bytes - 1500, 'x');
  entries += '}';
  for (int i = 0; i < 60; ++i)
    entries += R"(,{"_id":")" + std::to_string(i) + "\"}";
  REQUIRE(array_of(entries).size() < limits::page_bytes);
  CHECK(refusal_of(array_of(entries)).message == "the page is larger than 33554432 bytes");
}

TEST_CASE("what was checked as part of a whole is read without a second check") {
  const auto text = array_of(R"({"_id":"a","t":1},{"_id":"b","_sig":"s"})");
  CHECK(page_of(text, checked::grammar)->json() == page_of(text)->json());
  for (const auto& bad :
       {array_of("{}"), array_of("1"), with(R"("_id":"")"), with(R"("_id":"p","x":1)"),
        hash_of(R"("k":{},"k":{})"), with(R"("_id":"p","_id":"q")")})
    CHECK(refusal_of(bad, checked::grammar) == refusal_of(bad));
}

} // namespace flok::testing
