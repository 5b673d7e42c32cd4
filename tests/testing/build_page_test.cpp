// Pages as tests write them down, and in words.

#include "testing/build_page.hpp"
#include "testing/pages.hpp"
#include "tests/catch.hpp"

namespace flok::testing {

TEST_CASE("build_page: an array page, with its entries in order and its pointers") {
  const auto page = array_page("news", {{"a", {{"title", "hello"}}}, {"b"}},
                               {.head = "top", .next = "news-2"});
  CHECK(page->kind() == page_kind::array);
  CHECK(in_words(*page) ==
        R"(news [{"_id":"a","title":"hello"},{"_id":"b"}] head=top next=news-2)");
  CHECK(page->unmodified(*page_of(
      R"({"_id":"news","_type":"array","_head":"top","_next":"news-2",
          "entries":[{"title":"hello","_id":"a"},{"_id":"b"}]})")));
}

TEST_CASE("build_page: a hash page, and a head page") {
  CHECK(in_words(*hash_page("prefs", {{"lang", {{"value", "en"}}}})) ==
        R"(prefs {"lang":{"value":"en"}})");
  const auto head = head_page("list", "list-1");
  CHECK(head->empty());
  CHECK(in_words(*head) == "list [] next=list-1");
}

TEST_CASE("build_page: what is no page fails the test that wrote it down") {
  CHECK_THROWS_AS(array_page("news", {{"a"}, {"a"}}), failed);
  CHECK_THROWS_AS(array_page("news", {}, {.prev = ""}), failed);
  CHECK_THROWS_AS(hash_page("prefs", {{"a"}, {"a"}}), failed);
  CHECK_THROWS_AS(hash_page("prefs", {{"a", "no object"}}), failed);
  CHECK_THROWS_AS(page_of("{}"), failed);
}

TEST_CASE("pages in words keep numbers and escapes as they are written") {
  const auto page = page_of(
      R"({"_id":"n","_type":"array","entries":[{"_id":"e","_sig":"s","n":1.50,"t":"\u0041"}]})");
  CHECK(in_words(*page) == R"(n [{"_id":"e","n":1.50,"t":"\u0041"}])");
  CHECK(label(*page) == "n=s");
}

} // namespace flok::testing
