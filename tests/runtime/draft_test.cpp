#include "runtime/draft.hpp"

#include <nlohmann/json.hpp>

#include "runtime/codec_json.hpp"
#include "runtime/limits.hpp"
#include "tests/catch.hpp"
#include "tests/runtime/pages.hpp"

namespace flok::testing {

namespace {

using nlohmann::json;

const std::string array_text =
    R"({"_id":"p","_type":"array","_head":"h","_next":"n","entries":[)"
    R"({"z":1.0,"_id":"a","_sig":"1"},{"_id":"b","_sig":"2", "t":"x"},{"_id":"c","_sig":"3"}]})";
const std::string hash_text = R"({"_id":"p","_type":"hash","entries":)"
                              R"({"k" : {"_sig":"1","n":1E400},"\u006c":{"_sig":"2"}}})";

draft array_draft() { return copy_page(page_of(array_text), counted_ids()); }
draft hash_draft() { return copy_page(page_of(hash_text), counted_ids()); }

/// The entries' names, in order.
strings names(draft& d) {
  const auto page = finished(d);
  strings all;
  for (std::size_t i = 0; i < page->size(); ++i)
    all.emplace_back(page->entry(i).name);
  return all;
}

std::string text_of(draft& d, const position& at) {
  const auto page = finished(d);
  const auto index = at.index() != nullptr ? *at.index() : page->find(*at.key()).value();
  return std::string{page->entry(index).text};
}

std::string signed_by(const std::string& entry) {
  return flok::json::signature(entry).value();
}

/// The operation fails with that code, and what the draft makes is what it made before.
template <class Operation>
void check_refused(draft d, errc code, const std::string& message, Operation operation) {
  const auto before = finished(d)->json();
  const auto result = operation(d);
  REQUIRE_FALSE(result.has_value());
  CHECK(result.error().code == code);
  CHECK(result.error().message == message);
  CHECK(finished(d)->json() == before);
}

} // namespace

// -- new pages and copies -----------------------------------------------------

TEST_CASE("a new page has no entries and no pointers") {
  auto array = new_page(page_kind::array, counted_ids(), "p");
  CHECK(finished(array)->json() == version("p")->json());
  auto hash = new_page(page_kind::hash, counted_ids(), "q");
  CHECK(finished(hash)->unmodified(*page_of(R"({"_id":"q","_type":"hash","entries":{}})")));
}

TEST_CASE("a new page without an id gets one from the source it was given") {
  auto d = new_page(page_kind::array, counted_ids());
  CHECK(d.id() == "made-1");
  CHECK(finished(d)->id() == "made-1");
}

TEST_CASE("a page may not have an id that pages may not have") {
  auto empty = new_page(page_kind::array, counted_ids(), "");
  CHECK(empty.finish().error().code == errc::invalid_page);
  auto no_text = new_page(page_kind::array, counted_ids(), "\xff");
  CHECK(no_text.finish().error().code == errc::invalid_page);
  auto long_id =
      new_page(page_kind::array, counted_ids(), std::string(limits::id_bytes + 1, 'x'));
  CHECK(long_id.finish().error().code == errc::id_too_long);
}

TEST_CASE("a copy that nobody changes is the page, byte for byte") {
  for (const auto& text : {array_text, hash_text}) {
    const auto page = page_of(text);
    auto d = copy_page(page, counted_ids());
    CHECK(finished(d)->json() == page->json());
    CHECK(finished(d)->unmodified(*page));
  }
}

TEST_CASE("a draft leaves its base alone") {
  const auto page = page_of(array_text);
  const auto before = page->json();
  auto d = copy_page(page, counted_ids());
  REQUIRE(d.erase(0).has_value());
  REQUIRE(d.mutate(0).value().set("t", 1).has_value());
  REQUIRE(d.set_next("other").has_value());
  CHECK(finished(d)->json() != before);
  CHECK(page->json() == before);
}

TEST_CASE("a draft may go on after it was finished") {
  auto d = array_draft();
  const auto first = finished(d);
  REQUIRE(d.mutate(0).value().set("t", 1).has_value());
  const auto second = finished(d);
  REQUIRE(d.mutate(0).value().set("t", 2).has_value());
  const auto third = finished(d);
  CHECK(first->entry(0).signature == "1");
  CHECK(second->entry(0).signature == signed_by(R"({"z":1.0,"_id":"a","t":1})"));
  CHECK(third->entry(0).signature == signed_by(R"({"z":1.0,"_id":"a","t":2})"));
}

// -- insert -------------------------------------------------------------------

TEST_CASE("an entry is inserted before an index, at the length behind all") {
  auto d = array_draft();
  REQUIRE(d.insert(0, {{"_id", "first"}}).has_value());
  REQUIRE(d.insert(2, {{"_id", "middle"}}).has_value());
  REQUIRE(d.insert(5, {{"_id", "last"}}).has_value());
  CHECK(names(d) == strings{"first", "a", "middle", "b", "c", "last"});
}

TEST_CASE("an inserted array entry gets an _id and a _sig") {
  auto d = array_draft();
  REQUIRE(d.insert_text(3, R"({ "t":1.50 })").has_value());
  const auto signature = signed_by(R"({"_id":"made-1","t":1.50})");
  CHECK(text_of(d, 3) == R"({"_id":"made-1", "t":1.50,"_sig":")" + signature + "\" }");
  CHECK(finished(d)->entry(3).name == "made-1");
}

TEST_CASE("an inserted entry's _sig follows from the rest, whatever it says") {
  auto d = array_draft();
  REQUIRE(d.insert_text(3, R"({"_id":"d","_sig":"claimed","t":1})").has_value());
  CHECK(finished(d)->entry(3).signature == signed_by(R"({"_id":"d","t":1})"));
}

TEST_CASE("an entry is inserted under a key, replacing what was there") {
  auto d = hash_draft();
  REQUIRE(d.insert("m\"", {{"t", 1}}).has_value());
  REQUIRE(d.insert("k", {{"t", 2}}).has_value());
  CHECK(names(d) == strings{"k", "l", "m\""});
  CHECK(text_of(d, "k") == R"({"t":2,"_sig":")" + signed_by(R"({"t":2})") + "\"}");
  CHECK(finished(d)->json().find(R"("m\"":{)") != std::string::npos);
}

TEST_CASE("a hash entry gets no _id, but may have one like any other member") {
  auto d = hash_draft();
  REQUIRE(d.insert_text("m", R"({"_id":7})").has_value());
  CHECK(text_of(d, "m") == R"({"_id":7,"_sig":")" + signed_by(R"({"_id":7})") + "\"}");
}

TEST_CASE("inserted text is kept as it is, CR and LF apart") {
  auto d = hash_draft();
  REQUIRE(d.insert_text("m", " {\n\"n\" : 1E400,\r\"t\":\"\\u0041\" }\n").has_value());
  CHECK(text_of(d, "m").find("{ \"n\" : 1E400, \"t\":\"\\u0041\",") != std::string::npos);
}

TEST_CASE("what cannot be inserted is refused, and leaves the draft as it was") {
  const auto insert = [](const position& at, const char* text) {
    return [=](draft& d) { return d.insert_text(at, text); };
  };
  check_refused(array_draft(), errc::bad_index, "index 4 of a page of 3 entries",
                insert(4, "{}"));
  check_refused(array_draft(), errc::bad_index,
                "index 18446744073709551615 of a page of 3 entries", insert(-1, "{}"));
  check_refused(array_draft(), errc::bad_index,
                "an array page's entries are named by index, not key", insert("a", "{}"));
  check_refused(hash_draft(), errc::bad_index,
                "a hash page's entries are named by key, not index", insert(0, "{}"));
  check_refused(array_draft(), errc::invalid_page, R"(entry: _id: "b" is taken)",
                insert(0, R"({"_id":"\u0062"})"));
  check_refused(array_draft(), errc::invalid_page, "_id: a string was expected",
                insert(0, R"({"_id":null})"));
  check_refused(array_draft(), errc::invalid_page,
                "entry: _id: an empty string names no entry", insert(0, R"({"_id":""})"));
  check_refused(array_draft(), errc::invalid_page, "entry: _id stands twice",
                insert(0, R"({"_id":"x","_id":"x"})"));
  check_refused(hash_draft(), errc::invalid_page, "entry: _sig stands twice",
                insert("m", R"({"_sig":"x","_sig":"x"})"));
  check_refused(hash_draft(), errc::invalid_page, "_sig: a string was expected",
                insert("m", R"({"_sig":1})"));
  check_refused(hash_draft(), errc::invalid_page, "entry: a value of the wrong type",
                insert("m", "[]"));
  check_refused(hash_draft(), errc::invalid_page,
                "entry: empty where a JSON value was expected", insert("m", " "));
  check_refused(hash_draft(), errc::invalid_page, "entry: a number that is not JSON's",
                insert("m", R"({"n":01})"));
  check_refused(hash_draft(), errc::invalid_page, "entry: not valid UTF-8",
                insert("m", "{\"n\":\"\xff\"}"));
  for (const char* text : {"{\"t\":\"\n\"}", "{\"\r\":1}", "{} {}", "{\"n\":1", "x"}) {
    auto d = hash_draft();
    CHECK(d.insert_text("m", text).error().code == errc::invalid_page);
  }
  check_refused(hash_draft(), errc::invalid_page, "entry: a key that is not valid UTF-8",
                insert("\xff", "{}"));
}

TEST_CASE("values that are no JSON objects are refused by insert") {
  for (const json& value : {json(1), json::array(), json(nullptr), json("x")})
    check_refused(hash_draft(), errc::invalid_page, "entry: a value of the wrong type",
                  [&](draft& d) { return d.insert("m", value); });
  auto d = hash_draft();
  CHECK(d.insert("m", {{"t", "\xff"}}).error().code == errc::invalid_page);
}

// -- erase --------------------------------------------------------------------

TEST_CASE("an entry is erased by index or key") {
  auto array = array_draft();
  REQUIRE(array.erase(1).has_value());
  CHECK(names(array) == strings{"a", "c"});
  REQUIRE(array.erase(0).has_value());
  REQUIRE(array.erase(0).has_value());
  CHECK(finished(array)->empty());
  CHECK(finished(array)->kept_alive_bytes() == 0);
  auto hash = hash_draft();
  REQUIRE(hash.erase("l").has_value());
  CHECK(names(hash) == strings{"k"});
}

TEST_CASE("what is not there cannot be erased") {
  check_refused(array_draft(), errc::bad_index, "index 3 of a page of 3 entries",
                [](draft& d) { return d.erase(3); });
  check_refused(array_draft(), errc::bad_index,
                "an array page's entries are named by index, not key",
                [](draft& d) { return d.erase("a"); });
  check_refused(hash_draft(), errc::bad_index, R"(no entry "K")",
                [](draft& d) { return d.erase("K"); });
  check_refused(hash_draft(), errc::bad_index,
                "a hash page's entries are named by key, not index",
                [](draft& d) { return d.erase(0); });
}

TEST_CASE("an erased entry's name is free again") {
  auto d = array_draft();
  REQUIRE(d.erase(1).has_value());
  REQUIRE(d.insert(2, {{"_id", "b"}}).has_value());
  CHECK(names(d) == strings{"a", "c", "b"});
}

// -- pointers -----------------------------------------------------------------

TEST_CASE("pointers are set and cleared") {
  auto d = array_draft();
  REQUIRE(d.set_head(std::nullopt).has_value());
  REQUIRE(d.set_next("m").has_value());
  REQUIRE(d.set_prev("é\n").has_value());
  const auto page = finished(d);
  CHECK_FALSE(page->head().has_value());
  CHECK(page->next() == "m");
  CHECK(page->prev() == "é\n");
  CHECK(page_of(page->json())->hash() == page->hash());
}

TEST_CASE("an empty string is no pointer, nor are bytes that are no UTF-8") {
  const std::string why = "an empty string names no page: clear the pointer with null";
  check_refused(array_draft(), errc::invalid_page, why,
                [](draft& d) { return d.set_head(""); });
  check_refused(array_draft(), errc::invalid_page, why,
                [](draft& d) { return d.set_next(""); });
  check_refused(array_draft(), errc::invalid_page, why,
                [](draft& d) { return d.set_prev(""); });
  check_refused(array_draft(), errc::invalid_page, "a pointer that is not valid UTF-8",
                [](draft& d) { return d.set_next("\xff"); });
}

// -- the whole ----------------------------------------------------------------

TEST_CASE("a draft refuses to make a page larger than the limit") {
  auto d = new_page(page_kind::hash, counted_ids(), "p");
  const std::string half(limits::page_bytes / 2, 'x');
  REQUIRE(d.insert("a", {{"t", half}}).has_value());
  REQUIRE(d.insert("b", {{"t", half}}).has_value());
  CHECK(d.finish().error() ==
        error{errc::invalid_page, "the page is larger than 33554432 bytes"});
  REQUIRE(d.erase("a").has_value());
  CHECK(finished(d)->size() == 1);
}

TEST_CASE("what a draft makes has the depth that pages may have, and no more") {
  const auto nested = [](std::size_t levels) {
    return R"({"d":)" + std::string(levels - 1, '[') + std::string(levels - 1, ']') + "}";
  };
  auto d = hash_draft(); // a page and its entries are two levels
  CHECK(d.insert_text("m", nested(limits::depth - 1)).error().message ==
        "entry: nested too deep");
  REQUIRE(d.insert_text("m", nested(limits::depth - 2)).has_value());
  CHECK(page_of(finished(d)->json())->size() == 3);
  const std::string value =
      std::string(limits::depth - 3, '[') + std::string(limits::depth - 3, ']');
  REQUIRE(d.mutate("k").value().set_text("d", value).has_value());
  CHECK(page_of(finished(d)->json())->size() == 3);
  CHECK(d.mutate("k").value().set_text("d", '[' + value + ']').error().message ==
        "d: nested too deep");
}

} // namespace flok::testing
