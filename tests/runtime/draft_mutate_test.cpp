#include <algorithm>
#include <random>

#include <nlohmann/json.hpp>

#include "runtime/codec_json.hpp"
#include "runtime/draft.hpp"
#include "runtime/limits.hpp"
#include "tests/catch.hpp"
#include "tests/runtime/pages.hpp"

namespace flok::testing {

namespace {

const std::string entry_text =
    R"({ "z" : 1.0 ,"_id":"a", "_sig":"1","t":"\u0041","o":{"b":1, "a":2} })";

draft array_draft(const std::string& further = {}) {
  return copy_page(
      page_of(R"({"_id":"p","_type":"array","entries":[)" + entry_text + further + "]}"),
      counted_ids());
}

/// Entry 0, as the draft makes it, without its signature's digits.
std::string first(draft& d) {
  const auto page = finished(d);
  std::string text{page->entry(0).text};
  const std::string signature{page->entry(0).signature};
  CHECK(signature == flok::json::signature(text).value());
  return text.replace(text.find(signature), signature.size(), "*");
}

} // namespace

// -- mutate -------------------------------------------------------------------

TEST_CASE("members that are not set keep their text and order") {
  auto d = array_draft();
  REQUIRE(d.mutate(0).value().set("t", "new").has_value());
  CHECK(first(d) == R"({ "z" : 1.0 ,"_id":"a", "_sig":"*","t":"new","o":{"b":1, "a":2} })");
  REQUIRE(d.mutate(0).value().set_text("n", " 1E400\n").has_value());
  CHECK(first(d) ==
        R"({ "z" : 1.0 ,"_id":"a", "_sig":"*","t":"new","o":{"b":1, "a":2},"n":1E400 })");
}

TEST_CASE("several members are set at once, or none of them") {
  auto d = array_draft();
  auto e = d.mutate(0).value();
  REQUIRE(e.set_members(R"({"z":[ ], "n" : null,"_sig":"x","t":{ }})").has_value());
  const std::string set =
      R"({ "z" : [ ] ,"_id":"a", "_sig":"*","t":{ },"o":{"b":1, "a":2},"n":null })";
  CHECK(first(d) == set);
  CHECK(e.set_members(R"({"z":1,"n":2,"z":3})").error() ==
        error{errc::invalid_page, R"("z" is given twice)"});
  CHECK(e.set_members(R"({"z":1,"_id":""})").error().code == errc::invalid_page);
  CHECK(e.set_members("[]").error().code == errc::invalid_page);
  CHECK(first(d) == set);
  std::string many = "{";
  for (int i = 0; i < 50; ++i)
    many += (i == 0 ? "" : ",") + std::string{"\"m"} + std::to_string(i % 5 * 10 + i / 5) +
            "\":" + std::to_string(i);
  REQUIRE(e.set_members(many + "}").has_value());
  CHECK(finished(d)->member(0, "m12") == "11");
  REQUIRE(e.set_members(many + R"(,"z":7})").has_value());
  CHECK(finished(d)->member(0, "z") == "7");
  CHECK(finished(d)->member(0, "m49") == "49");
}

TEST_CASE("names are found however many entries came, went and were renamed") {
  auto a = new_page(page_kind::array, counted_ids(), "p");
  auto h = new_page(page_kind::hash, counted_ids(), "h");
  const auto name = [](int i) { return "n" + std::to_string(i); };
  for (int i = 0; i < 100; ++i) {
    REQUIRE(a.insert(0, {{"_id", name(i)}}).has_value());
    REQUIRE(h.insert(name(i), {{"v", i}}).has_value());
  }
  CHECK(a.insert(50, {{"_id", "n7"}}).error().code == errc::invalid_page);
  REQUIRE(a.erase(92).has_value()); // the last inserted come first
  REQUIRE(a.insert(100 - 1, {{"_id", "n7"}}).has_value());
  auto e = a.mutate(0).value();
  CHECK(e.set("_id", "n98").error().code == errc::invalid_page);
  REQUIRE(e.set("_id", "other").has_value());
  REQUIRE(a.insert(0, {{"_id", "n99"}}).has_value());
  CHECK(a.insert(0, {{"_id", "other"}}).error().code == errc::invalid_page);
  REQUIRE(a.erase(1).has_value());
  REQUIRE(e.set("_id", "nobody's").has_value()); // lost: it is erased
  REQUIRE(a.insert(0, {{"_id", "other"}}).has_value());
  REQUIRE(a.insert(0, {{"_id", "nobody's"}}).has_value());
  REQUIRE(h.erase("n3").has_value());
  CHECK(h.erase("n3").error().code == errc::bad_index);
  for (int i = 4; i < 100; ++i)
    REQUIRE(h.insert(name(i), {{"v", -i}}).has_value());
  CHECK(h.size() == 99);
  CHECK(finished(h)->member(98, "v") == "-99");
  CHECK(finished(a)->size() == 102);
}

TEST_CASE("a hash page's entries keep their order, whichever come, go and change") {
  auto d = copy_page(page_of(R"({"_id":"h","_type":"hash","entries":{"k0":{},"k1":{}}})"),
                     counted_ids());
  strings model{"k0", "k1"};
  std::mt19937 random{1}; // NOLINT: the same each time
  const auto key = [&] { return "k" + std::to_string(random() % 60); };
  for (int i = 0; i < 2000; ++i) {
    const auto k = key();
    const auto there = std::find(model.begin(), model.end(), k);
    switch (random() % 3) {
    case 0:
      REQUIRE(d.insert(k, {{"v", i}}));
      if (there == model.end())
        model.push_back(k);
      break;
    case 1:
      REQUIRE(d.erase(k).has_value() == (there != model.end()));
      if (there != model.end())
        model.erase(there);
      break;
    default:
      REQUIRE(d.mutate(k).has_value() == (there != model.end()));
    }
    REQUIRE(d.size() == model.size());
    if (i % 50 != 0)
      continue;
    strings keys;
    const auto page = finished(d);
    for (std::size_t at = 0; at < page->size(); ++at)
      keys.emplace_back(page->entry(at).name);
    REQUIRE(keys == model);
  }
}

TEST_CASE("a member is erased, and one that is not there is no error") {
  auto d = array_draft();
  auto e = d.mutate(0).value();
  REQUIRE(e.erase("z").has_value());
  REQUIRE(e.erase("z").has_value());
  REQUIRE(e.erase("o").has_value());
  CHECK(first(d) == R"({"_id":"a", "_sig":"*","t":"\u0041" })");
}

TEST_CASE("an entry that is to be changed gets a new signature, even if it is not") {
  auto d = array_draft();
  REQUIRE(d.mutate(0).has_value());
  CHECK(first(d) ==
        R"({ "z" : 1.0 ,"_id":"a", "_sig":"*","t":"\u0041","o":{"b":1, "a":2} })");
}

TEST_CASE("two machines that make the same edit arrive at the same page") {
  auto here = array_draft();
  auto there = array_draft();
  REQUIRE(here.mutate(0).value().set("t", "x").has_value());
  REQUIRE(here.mutate(0).value().set_text("n", "1").has_value());
  auto e = there.mutate(0).value();
  REQUIRE(e.set("n", 1).has_value());
  REQUIRE(e.set("t", "y").has_value());
  REQUIRE(e.set_text("t", R"("\u0078")").has_value());
  CHECK(finished(here)->unmodified(*finished(there)));
}

TEST_CASE("an array entry's _id may be changed to one that is free") {
  auto d = array_draft(R"(,{"_id":"b","_sig":"2"})");
  REQUIRE(d.mutate(0).value().set("_id", "c").has_value());
  CHECK(finished(d)->entry(0).name == "c");
  REQUIRE(d.mutate(0).value().set("_id", "c").has_value());
  REQUIRE(d.mutate(1).value().set("_id", "a").has_value());
  CHECK(finished(d)->entry(1).name == "a");
}

TEST_CASE("a _sig that is set is checked and dropped") {
  auto d = array_draft();
  auto e = d.mutate(0).value();
  const auto before = first(d);
  REQUIRE(e.set("_sig", "claimed").has_value());
  CHECK(first(d) == before);
  CHECK(e.set("_sig", 1).error().message == "_sig: a string was expected");
}

TEST_CASE("what cannot be set is refused, and leaves the draft as it was") {
  auto d = array_draft(R"(,{"_id":"b","_sig":"2"})");
  auto e = d.mutate(0).value();
  const auto before = finished(d)->json();
  const auto refused = [&](const expected<void>& result) {
    INFO(first(d));
    REQUIRE_FALSE(result.has_value());
    CHECK(result.error().code == errc::invalid_page);
    CHECK(finished(d)->json() == before);
    return result.error().message;
  };
  CHECK(refused(e.set("_id", "b")) == R"(_id: "b" is taken)");
  CHECK(refused(e.set("_id", "")) == "_id: an empty string names no entry");
  CHECK(refused(e.set("_id", 1)) == "_id: a string was expected");
  CHECK(refused(e.erase("_id")) == "_id cannot be removed");
  CHECK(refused(e.erase("_sig")) == "_sig cannot be removed");
  CHECK(refused(e.set_text("t", "")) == "t: one JSON value was expected");
  CHECK(refused(e.set_text("t", "1,2")) == "t: one JSON value was expected");
  CHECK(refused(e.set_text("t", "01")) == "t: a number that is not JSON's");
  for (const char* text :
       {"1]", "[1", "1],[2", "}", "1}", "tru", "\"", "\"\n\"", "\"\\q\"", "\"\xff\"", ","})
    refused(e.set_text("t", text));
  refused(e.set("t", "\xff"));
  refused(e.set("\xff", 1));
}

TEST_CASE("what is not there cannot be changed") {
  auto d = array_draft();
  CHECK(d.mutate(1).error() == error{errc::bad_index, "index 1 of a page of 1 entries"});
  CHECK(d.mutate("a").error().code == errc::bad_index);
  CHECK(finished(d)->entry(0).text == entry_text);
}

TEST_CASE("a hash entry is changed under its key, its _id like any other member") {
  auto d =
      copy_page(page_of(R"({"_id":"p","_type":"hash","entries":{"k" : {"_sig":"1"}}})"),
                counted_ids());
  auto e = d.mutate("k").value();
  REQUIRE(e.set("_id", 7).has_value());
  CHECK(first(d) == R"({"_sig":"*","_id":7})");
  REQUIRE(e.erase("_id").has_value());
  CHECK(first(d) == R"({"_sig":"*"})");
  CHECK(d.mutate("l").error() == error{errc::bad_index, R"(no entry "l")"});
}

TEST_CASE("an editor stays with its entry when others come and go") {
  auto d = array_draft(R"(,{"_id":"b","_sig":"2"},{"_id":"c","_sig":"3"})");
  auto c = d.mutate(2).value();
  auto b = d.mutate(1).value();
  REQUIRE(d.erase(0).has_value());
  REQUIRE(d.insert(0, {{"_id", "x"}}).has_value());
  REQUIRE(d.insert(0, {{"_id", "y"}}).has_value());
  REQUIRE(c.set("t", "c").has_value());
  REQUIRE(b.set("_id", "B").has_value());
  REQUIRE(d.erase(2).has_value()); // b itself
  REQUIRE(b.set("t", "lost").has_value());
  const auto page = finished(d);
  REQUIRE(page->size() == 3);
  CHECK(page->member(2, "t") == R"("c")");
  CHECK(page->json().find("lost") == std::string::npos);
}

TEST_CASE("a draft tells an entry's text as it is now") {
  auto d = array_draft();
  CHECK(d.text(0) == entry_text);
  REQUIRE(d.mutate(0).value().erase("o").has_value());
  CHECK(d.text(0) == R"({ "z" : 1.0 ,"_id":"a", "_sig":"1","t":"\u0041" })");
  CHECK(d.text(1).error().code == errc::bad_index);
}

// -- sharing ------------------------------------------------------------------

TEST_CASE("entries that an edit leaves alone are shared, not copied") {
  const auto page = page_with_entries("p", 100);
  auto d = copy_page(page, counted_ids());
  REQUIRE(d.mutate(40).value().set("t", 1).has_value());
  REQUIRE(d.erase(60).has_value());
  REQUIRE(d.insert(0, {{"_id", "new"}}).has_value());
  const auto edited = finished(d);
  REQUIRE(edited->size() == 100);
  for (std::size_t i = 1; i < edited->size(); ++i) {
    const std::size_t old = i <= 60 ? i - 1 : i;
    const bool shared = edited->entry(i).text.data() == page->entry(old).text.data();
    CHECK(shared == (i != 41));
  }
}

TEST_CASE("a pointer that changes copies no entry") {
  const auto page = page_with_entries("p", 100);
  auto d = copy_page(page, counted_ids());
  REQUIRE(d.set_next("q").has_value());
  const auto edited = finished(d);
  CHECK(edited->entry(99).text.data() == page->entry(99).text.data());
  CHECK(edited->kept_alive_bytes() == page->kept_alive_bytes());
}

TEST_CASE("shared entries outlive the page that they came from") {
  auto page = page_with_entries("p", 100);
  auto d = copy_page(page, counted_ids());
  REQUIRE(d.mutate(0).value().set("t", 1).has_value());
  const auto edited = finished(d);
  const auto text = edited->json();
  page.reset();
  d = new_page(page_kind::array, counted_ids());
  CHECK(edited->json() == text);
}

TEST_CASE("a page that keeps too much alive is rebuilt into one buffer") {
  const auto page = page_with_entries("p", 100);
  auto d = copy_page(page, counted_ids());
  for (int i = 0; i < 49; ++i)
    REQUIRE(d.erase(0).has_value());
  CHECK(finished(d)->entry(0).text.data() == page->entry(49).text.data());
  for (int i = 0; i < 3; ++i)
    REQUIRE(d.erase(0).has_value());
  const auto rebuilt = finished(d);
  CHECK(rebuilt->entry(0).text.data() != page->entry(52).text.data());
  CHECK(rebuilt->kept_alive_bytes() == rebuilt->used_bytes());
}

TEST_CASE("a page that refers to many small buffers is rebuilt into one") {
  auto page = page_with_entries("p", 100, 1000);
  constexpr auto most = limits::page_sources + 100 / limits::page_entries_per_source;
  std::size_t shared = 0; // edits since the last entry was copied
  for (int i = 0; i < 50; ++i) {
    auto d = copy_page(page, counted_ids());
    REQUIRE(d.mutate(i).value().set("n", i).has_value());
    const auto edited = finished(d);
    shared = edited->entry(99).text.data() == page->entry(99).text.data() ? shared + 1 : 0;
    REQUIRE(shared < most);
    page = edited;
  }
}

TEST_CASE("no number of edits makes a page keep more than twice what it uses") {
  for (const bool escaped : {false, true}) { // names with escapes are kept unescaped beside
    auto page = page_with_entries("p", 10, 100);
    for (int i = 0; i < 300; ++i) {
      auto d = copy_page(page, counted_ids());
      auto e = d.mutate(i % 10).value();
      REQUIRE(e.set("n", std::string(static_cast<std::size_t>(i % 90), 'x')).has_value());
      if (escaped)
        REQUIRE(e.set("_id", std::to_string(i) + std::string(90, '"')).has_value());
      page = finished(d);
      REQUIRE(page->kept_alive_bytes() <= limits::kept_alive_factor * page->used_bytes());
      REQUIRE(page_of(page->json())->unmodified(*page));
    }
  }
}

} // namespace flok::testing
