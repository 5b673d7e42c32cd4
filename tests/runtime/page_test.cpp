#include "runtime/page.hpp"

#include <algorithm>

#include "runtime/limits.hpp"
#include "tests/catch.hpp"
#include "tests/runtime/pages.hpp"

namespace flok::testing {

namespace {

/// The page's JSON from its entries on.
std::string entries_of(const page& p) {
  const auto text = p.json();
  return text.substr(text.find(R"("entries":)"));
}

page_ptr array_of(const std::string& entries) {
  return page_of(R"({"_id":"p","_type":"array","entries":[)" + entries + "]}");
}

page_ptr hash_of(const std::string& entries) {
  return page_of(R"({"_id":"p","_type":"hash","entries":{)" + entries + "}}");
}

} // namespace

// -- fidelity -----------------------------------------------------------------

TEST_CASE("a printed page carries all of its fields") {
  CHECK(page_of(R"({"entries":[],"_type":"array","_id":"p"})")->json() ==
        R"({"_id":"p","_type":"array","_head":null,"_next":null,"_prev":null,)"
        R"("_hash":"2181537457","entries":[]})");
  const auto page = page_of(R"({"_id":"p","_type":"hash","_head":"h","_next":"n",)"
                            R"("_prev":"v","entries":{"k":{"_sig":"s","a":1}}})");
  CHECK(page->json() == R"({"_id":"p","_type":"hash","_head":"h","_next":"n",)"
                        R"("_prev":"v","_hash":")" +
                            page->hash_text() + R"(","entries":{"k":{"_sig":"s","a":1}}})");
}

TEST_CASE("an entry keeps its bytes: numbers, member order, escapes, white space") {
  for (const std::string entry :
       {R"({"_id":"a","_sig":"s","n":1E400})", R"({"_id":"a","_sig":"s","n":-0.0})",
        R"({"_id":"a","_sig":"s","n":123456789012345678901234567890.000})",
        R"({"_id":"a","_sig":"s","n":1.10e-05})",
        R"({"z":1,"_sig":"s","a":{"y":2,"b":3},"_id":"a","A":4})",
        R"({"_id":"a","_sig":"s","t":"\u0041\/\ud83d\ude00é\u00E9\b"})",
        R"({"\u005fid":"\u0061","_sig":"\u0073","t":"\u0000"})",
        "{ \"_id\"\t:  \"a\" ,\"_sig\" :\"s\", \"l\" : [ 1 ,2,  [ ] , { } ]   }",
        R"({"_id":"a","_sig":"s","twice":1,"twice":2})"}) {
    const auto page = array_of(entry);
    CHECK(page->entry(0).text == entry);
    CHECK(page->entry(0).name == "a");
    CHECK(page->entry(0).signature == "s");
    CHECK(entries_of(*page) == R"("entries":[)" + entry + "]}");
    CHECK(page_of(page->json())->json() == page->json());
  }
}

TEST_CASE("a hash page keeps the spelling of its keys") {
  const auto page =
      hash_of(R"("\u0061 \"b\\" : {"_sig":"s"}, "é":{"_sig":"t"},"":{"_sig":"u"})");
  REQUIRE(page->size() == 3);
  CHECK(page->entry(0).name == R"(a "b\)");
  CHECK(page->entry(0).text == R"({"_sig":"s"})");
  CHECK(page->entry(1).name == "é");
  CHECK(page->entry(2).name.empty());
  CHECK(page->entry(2).text == R"({"_sig":"u"})");
  CHECK(entries_of(*page) ==
        R"("entries":{"\u0061 \"b\\" : {"_sig":"s"},"é":{"_sig":"t"},"":{"_sig":"u"}}})");
}

TEST_CASE("white space between the entries is not theirs") {
  const auto page = array_of(" {\"_id\":\"a\",\"_sig\":\"s\"} \t,  {\"_id\":\"b\",\"_sig\":"
                             "\"t\"}  ");
  CHECK(entries_of(*page) ==
        R"("entries":[{"_id":"a","_sig":"s"},{"_id":"b","_sig":"t"}]})");
}

TEST_CASE("raw CR and LF become spaces, and nothing else changes") {
  const auto page =
      array_of("\r\n{\r\n\t\"_id\": \"a\",\n\"_sig\":\"s\",\r\"t\":\"\\r\\n\"\n}\n");
  CHECK(page->entry(0).text == "{  \t\"_id\": \"a\", \"_sig\":\"s\", \"t\":\"\\r\\n\" }");
  const auto by_key = hash_of("\"k\"\n:\r{\"_sig\":\"s\"\n}");
  CHECK(entries_of(*by_key) == R"("entries":{"k" : {"_sig":"s" }}})");
}

TEST_CASE("a page that was printed and read again is the same, byte for byte") {
  const std::string text =
      R"({"_hash":"7","entries":{"b":{"n":1.0,"_sig":"s"},"a":{"_sig":"t","deep":[[{}]]}},)"
      R"("_prev":"\u00e9\n","_type":"hash","_id":"\"p\"\u0001"})";
  const auto first = page_of(text);
  const auto second = page_of(first->json());
  CHECK(second->json() == first->json());
  CHECK(second->unmodified(*first));
  CHECK(first->id() == "\"p\"\x01");
  CHECK(first->prev() == "é\n");
  CHECK(first->json().find(R"("_id":"\"p\"\u0001")") != std::string::npos);
}

TEST_CASE("a page knows how large its JSON is at most") {
  for (const char* text :
       {R"({"_id":"p","_type":"array","entries":[]})",
        R"({"_id":"\u0001\u0002\"\\\n","_head":"\u0003","_next":"\u0003\u0003\u0003",)"
        R"("_prev":"\t","_type":"hash","entries":{"\u0001":{"_sig":"\u0001"},"b":{}}})",
        R"({"_id":"p","_type":"array","entries":[{"_id":"a"},{"_id":"b"}]})"}) {
    const auto page = page_of(text);
    const auto size = page->json().size();
    CHECK(page->json_bytes_bound() >= size);
    CHECK(page->json_bytes_bound() <= size + 32);
  }
}

// -- looking at a page --------------------------------------------------------

TEST_CASE("a page tells its fields") {
  const auto page = page_of(R"({"_id":"p","_type":"array","_head":"h","_next":"n",)"
                            R"("entries":[{"_id":"a","_sig":"s","t":"x"}]})");
  CHECK(page->kind() == page_kind::array);
  CHECK(page->id() == "p");
  CHECK(page->head() == "h");
  CHECK(page->next() == "n");
  CHECK_FALSE(page->prev().has_value());
  CHECK(page->hash_text() == std::to_string(page->hash()));
  CHECK(page->size() == 1);
  CHECK_FALSE(page->empty());
  CHECK(version("p")->empty());
}

TEST_CASE("entries are found by id or key") {
  const auto page = hash_of(R"("a":{"_sig":"1"},"\u0062":{"_sig":"2"})");
  CHECK(page->find("a") == 0U);
  CHECK(page->find("b") == 1U);
  CHECK_FALSE(page->find("c").has_value());
  const auto array = array_of(R"({"_id":"x","_sig":"1"},{"_id":"\u0079","_sig":"2"})");
  CHECK(array->find("y") == 1U);
  CHECK_FALSE(array->find("").has_value());
}

TEST_CASE("a member of an entry is told as it is written") {
  const auto page = array_of(R"({"_id":"x","t":"h\u0069","\u006e":1E400,"o":{ "k": [] }})");
  CHECK(page->member(0, "t") == R"("h\u0069")");
  CHECK(page->member(0, "n") == "1E400");
  CHECK(page->member(0, "o") == R"({ "k": [] })");
  CHECK_FALSE(page->member(0, "none").has_value());
}

// -- unmodified ---------------------------------------------------------------

TEST_CASE("a page is unmodified where type, pointers, id, names and signatures are equal") {
  const auto page = page_of(R"({"_id":"p","_type":"array","_next":"n",)"
                            R"("entries":[{"_id":"a","_sig":"s","t":1}]})");
  CHECK(page->unmodified(*page));
  // Equal signatures mean equal entries by definition.
  CHECK(page->unmodified(*page_of(R"({"_next":"n","_type":"array","_id":"p",)"
                                  R"("entries":[{"_sig":"s","_id":"a","t":2}]})")));
  for (const char* other : {R"({"_id":"q","_type":"array","_next":"n",)"
                            R"("entries":[{"_id":"a","_sig":"s"}]})",
                            R"({"_id":"p","_type":"array","_next":"m",)"
                            R"("entries":[{"_id":"a","_sig":"s"}]})",
                            R"({"_id":"p","_type":"array",)"
                            R"("entries":[{"_id":"a","_sig":"s"}]})",
                            R"({"_id":"p","_type":"array","_next":"n",)"
                            R"("entries":[{"_id":"a","_sig":"t"}]})",
                            R"({"_id":"p","_type":"array","_next":"n",)"
                            R"("entries":[{"_id":"b","_sig":"s"}]})",
                            R"({"_id":"p","_type":"array","_next":"n","entries":[]})",
                            R"({"_id":"p","_type":"array","_next":"n",)"
                            R"("entries":[{"_id":"a","_sig":"s"},{"_id":"b","_sig":""}]})"})
    CHECK_FALSE(page->unmodified(*page_of(other)));
}

TEST_CASE("pages whose hashes collide are told apart all the same") {
  const auto differ = [](const page_ptr& a, const page_ptr& b) {
    REQUIRE(a->hash() == b->hash());
    CHECK_FALSE(a->unmodified(*b));
    CHECK_FALSE(b->unmodified(*a));
  };
  differ(array_of(R"({"_id":"a","_sig":"ab"},{"_id":"b","_sig":"c"})"),
         array_of(R"({"_id":"a","_sig":"a"},{"_id":"b","_sig":"bc"})"));
  differ(array_of(R"({"_id":"a","_sig":"s"})"), array_of(R"({"_id":"b","_sig":"s"})"));
  differ(array_of(R"({"_id":"a","_sig":""})"), array_of(""));
  const auto with = [](const std::string& fields) {
    return page_of("{" + fields + R"(,"_type":"array","entries":[]})");
  };
  differ(with(R"("_id":"p","_next":"X")"), with(R"("_id":"p","_prev":"X")"));
  differ(with(R"("_id":"p","_head":"X")"), with(R"("_id":"p","_next":"X")"));
  differ(with(R"("_id":"bc","_next":"a")"), with(R"("_id":"c","_next":"ab")"));
  differ(with(R"("_id":"pq","_next":null)"), with(R"("_id":"q","_next":"p")"));
  differ(with(R"("_id":"p","_head":"a","_next":"bc")"),
         with(R"("_id":"p","_head":"ab","_next":"c")"));
  differ(with(R"("_id":"p","_next":"a","_prev":"bc")"),
         with(R"("_id":"p","_next":"ab","_prev":"c")"));
  // "plumless" and "buckeroo" have the same CRC-32.
  differ(with(R"("_id":"plumless")"), with(R"("_id":"buckeroo")"));
  differ(array_of(R"({"_id":"a","_sig":"plumless"})"),
         array_of(R"({"_id":"a","_sig":"buckeroo"})"));
  differ(hash_of(R"("k":{"_sig":"plumless"})"), hash_of(R"("k":{"_sig":"buckeroo"})"));
  differ(page_of(R"({"_id":"p","_type":"hash","_head":"plumless","entries":{}})"),
         page_of(R"({"_id":"p","_type":"hash","_head":"buckeroo","entries":{}})"));
  // The signature in an array chains like the text of a hash page's sum: crc32(0, "s").
  differ(hash_of(R"("k":{"_sig":"s"})"), array_of(R"({"_id":"k","_sig":"453955339"})"));
  differ(hash_of(""), array_of(R"({"_id":"k","_sig":"0"})"));
}

TEST_CASE("a hash page in another order is unmodified") {
  const auto page = hash_of(R"("a":{"_sig":"1"},"b":{"_sig":"2"},"c":{"_sig":"3"})");
  CHECK(
      page->unmodified(*hash_of(R"("c":{"_sig":"3"},"b":{"_sig":"2"},"a":{"_sig":"1"})")));
  CHECK(
      page->unmodified(*hash_of(R"("a":{"_sig":"1"},"c":{"_sig":"3"},"b":{"_sig":"2"})")));
  CHECK(page->unmodified(
      *hash_of(R"("\u0061":{"_sig":"1"},"b":{"_sig":"2"},"c":{"_sig":"3"})")));
}

TEST_CASE("a hash page whose keys swapped their signatures is modified") {
  const auto page = hash_of(R"("a":{"_sig":"1"},"b":{"_sig":"2"})");
  const auto swapped = hash_of(R"("a":{"_sig":"2"},"b":{"_sig":"1"})");
  REQUIRE(page->hash() == swapped->hash());
  CHECK_FALSE(page->unmodified(*swapped));
  CHECK_FALSE(page->unmodified(*hash_of(R"("a":{"_sig":"1"},"c":{"_sig":"2"})")));
}

TEST_CASE("an array page in another order is modified") {
  CHECK_FALSE(
      array_of(R"({"_id":"a","_sig":"1"},{"_id":"b","_sig":"2"})")
          ->unmodified(*array_of(R"({"_id":"b","_sig":"2"},{"_id":"a","_sig":"1"})")));
  // The same signatures in the same order, under other ids.
  CHECK_FALSE(
      array_of(R"({"_id":"a","_sig":"1"},{"_id":"b","_sig":"1"})")
          ->unmodified(*array_of(R"({"_id":"b","_sig":"1"},{"_id":"a","_sig":"1"})")));
}

// -- size ---------------------------------------------------------------------

TEST_CASE("a page of 10 MB is read, and costs little more than its text") {
  const auto page = page_with_entries("p", 1000, 10'000);
  REQUIRE(page->used_bytes() > 9'900'000);
  CHECK(page->kept_alive_bytes() == page->used_bytes());
  CHECK(page->memory_bytes() < page->used_bytes() + 200'000);
  CHECK(page_of(page->json())->unmodified(*page));
}

TEST_CASE("a version counts all of the page that it keeps in memory") {
  const auto base = page_with_entries("p", 1000, 64);
  auto draft = copy_page(base, [] { return std::string{"made"}; });
  REQUIRE(draft.erase(0).has_value());
  const auto next = draft.finish().value();
  REQUIRE(next->shared_back(*base, 0) == 999); // no copy
  // Of its own it has signatures; the other's lie in what it keeps.
  std::size_t signatures = 0;
  for (std::size_t i = 0; i < next->size(); ++i)
    signatures += next->entry(i).signature.size();
  REQUIRE(signatures > 1000);
  CHECK(next->memory_bytes() + next->size() >= base->memory_bytes() + signatures);
}

TEST_CASE("a page without pointers and entries costs little") {
  CHECK(version("p")->memory_bytes() < 256);
}

} // namespace flok::testing
