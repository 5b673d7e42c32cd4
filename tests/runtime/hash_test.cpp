#include "runtime/hash.hpp"

#include <fstream>
#include <optional>

#include <nlohmann/json.hpp>

#include "runtime/codec_json.hpp"
#include "tests/catch.hpp"
#include "tests/runtime/pages.hpp"

namespace flok::testing {

namespace {

using nlohmann::json;

/// CRC-32 bit by bit: too plain to be wrong.
std::uint32_t plain_crc32(std::uint32_t seed, std::string_view bytes) {
  std::uint32_t crc = ~seed;
  for (const char c : bytes) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit)
      crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? 0xedb88320U : 0U);
  }
  return ~crc;
}

/// `_hash` by the book (seed 002, "Calculating Page Hash", with `_prev` behind `_next`).
std::string plain_hash(const json& page) {
  std::uint32_t z = 0;
  for (const char* field : {"_head", "_next", "_prev", "_id"})
    if (page.contains(field) && page[field].is_string())
      z = plain_crc32(z, page[field].get<std::string>());
  if (page["_type"] == "array") {
    for (const auto& e : page["entries"])
      z = plain_crc32(z, e["_sig"].get<std::string>());
    return std::to_string(z);
  }
  std::uint64_t sum = 0;
  for (const auto& e : page["entries"])
    sum += plain_crc32(0, e["_sig"].get<std::string>());
  return std::to_string(plain_crc32(z, std::to_string(sum)));
}

strings lines_of(const std::string& file) {
  std::ifstream in{std::string{FLOK_TEST_DATA} + "/" + file};
  strings lines;
  for (std::string line; std::getline(in, line);)
    lines.push_back(line);
  return lines;
}

std::string random_text(dice& roll, std::size_t longest) {
  std::string text;
  for (std::size_t n = roll.below(longest + 1); n != 0; --n)
    text += static_cast<char>(' ' + roll.below(95));
  return text;
}

json random_page(dice& roll) {
  json page = {{"_id", "p" + random_text(roll, 40)}, {"_head", nullptr}};
  for (const char* field : {"_head", "_next", "_prev"})
    if (roll.chance(50))
      page[field] = "q" + random_text(roll, 40);
  const bool array = roll.chance(50);
  page["_type"] = array ? "array" : "hash";
  page["entries"] = array ? json::array() : json::object();
  for (std::size_t n = roll.below(20); n != 0; --n) {
    const auto name = "e" + std::to_string(n);
    json entry = {{"_sig", random_text(roll, 30)}};
    if (array)
      entry["_id"] = name;
    if (array)
      page["entries"].push_back(entry);
    else
      page["entries"][name] = entry;
  }
  return page;
}

} // namespace

TEST_CASE("crc32 is zlib's") {
  CHECK(crc32(0, "") == 0);
  CHECK(crc32(0, "a") == 0xe8b7be43);
  CHECK(crc32(0, "123456789") == 0xcbf43926);
  CHECK(crc32(0, "The quick brown fox jumps over the lazy dog") == 0x414fa339);
  CHECK(crc32(0, std::string(32, '\0')) == 0x190a55ad);
}

TEST_CASE("crc32 chained over pieces is that of the whole, wherever it is cut") {
  dice roll{1};
  for (std::size_t size : {0U, 1U, 7U, 16U, 63U, 64U, 65U, 255U, 1025U}) {
    std::string text;
    for (std::size_t i = 0; i < size; ++i)
      text += static_cast<char>(roll.below(256));
    const auto whole = plain_crc32(0, text);
    for (std::size_t cut = 0; cut <= size; cut += 1 + size / 100) {
      const std::string_view view{text};
      CHECK(crc32(crc32(0, view.substr(0, cut)), view.substr(cut)) == whole);
    }
  }
}

TEST_CASE("signatures are XXH3-64 as 16 lower-case hexadecimal digits") {
  CHECK(signature_text("") == "2d06800538d394c2");
  CHECK(signature_text("abc") == "78af5f94892f3950");
  CHECK(signature_text(R"({"title":"hello"})") == "d579ec78164c4191");
}

TEST_CASE("pages get the hash of the test vectors") {
  for (const char* file : {"page_hash.ndjson", "page_hash_prev.ndjson"}) {
    const auto lines = lines_of(file);
    REQUIRE(lines.size() >= 12);
    for (const auto& line : lines) {
      const auto expected = json::parse(line)["_hash"].get<std::string>();
      CHECK(page_of(line)->hash_text() == expected);
    }
  }
}

TEST_CASE("a page's hash is chained over head, next, prev, id and signatures") {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    INFO("seed " << seed);
    dice roll{seed};
    const json page = random_page(roll);
    CHECK(page_of(page.dump())->hash_text() == plain_hash(page));
  }
}

TEST_CASE("a hash that comes with a page is ignored and made anew") {
  const json page = {{"_id", "p"}, {"_type", "array"}, {"entries", json::array()}};
  for (const json& hash : {json("1"), json(17), json(nullptr), json::object()}) {
    json given = page;
    given["_hash"] = hash;
    CHECK(page_of(given.dump())->hash_text() == plain_hash(page));
  }
}

TEST_CASE("the order of a hash page's entries leaves its hash alone, an array's does not") {
  const auto hash_page = [](const char* entries) {
    return page_of(R"({"_id":"p","_type":"hash","entries":{)" + std::string{entries} + "}}")
        ->hash();
  };
  CHECK(hash_page(R"("a":{"_sig":"1"},"b":{"_sig":"2"})") ==
        hash_page(R"("b":{"_sig":"2"},"a":{"_sig":"1"})"));
  const auto array_page = [](const char* entries) {
    return page_of(R"({"_id":"p","_type":"array","entries":[)" + std::string{entries} +
                   "]}")
        ->hash();
  };
  CHECK(array_page(R"({"_id":"a","_sig":"1"},{"_id":"b","_sig":"2"})") !=
        array_page(R"({"_id":"b","_sig":"2"},{"_id":"a","_sig":"1"})"));
}

TEST_CASE("the sum of a hash page's entries does not wrap at 32 bits") {
  json page = {{"_id", "p"}, {"_type", "hash"}, {"entries", json::object()}};
  std::uint64_t sum = 0;
  for (int i = 0; i < 64; ++i) {
    const auto signature = "sig" + std::to_string(i);
    page["entries"]["k" + std::to_string(i)] = {{"_sig", signature}};
    sum += plain_crc32(0, signature);
  }
  REQUIRE(sum > UINT32_MAX);
  CHECK(page_of(page.dump())->hash_text() == plain_hash(page));
}

TEST_CASE("absent and null pointers are skipped by the hash") {
  const auto bare = page_of(R"({"_id":"p","_type":"array","entries":[]})");
  const auto nulls = page_of(
      R"({"_head":null,"_next":null,"_prev":null,"_id":"p","_type":"array","entries":[]})");
  CHECK(bare->hash() == nulls->hash());
  CHECK(bare->hash() == plain_crc32(0, "p"));
  for (const char* field : {"_head", "_next", "_prev"}) {
    const auto with = page_of(R"({")" + std::string{field} +
                              R"(":"x","_id":"p","_type":"array","entries":[]})");
    CHECK(with->hash() == plain_crc32(0, "xp"));
  }
}

// -- signatures of entries ----------------------------------------------------

TEST_CASE("the canonical form sorts members at every level and drops white space") {
  const auto text = flok::json::canonical(
      " { \"b\" : [ 1 , { \"z\" : true , \"a\" : null } ] ,\n\t\"a\" : \"x\" , \"_sig\" : "
      "\"old\" } ",
      "_sig");
  REQUIRE(text.has_value());
  CHECK(*text == R"({"a":"x","b":[1,{"a":null,"z":true}]})");
}

TEST_CASE("the canonical form escapes only what it must") {
  const auto text = flok::json::canonical(
      R"({"k":"\u0041\/\u00e9\ud83d\ude00\u0001\u0008\u000a\u000c\u000d\u0009\"\\\u007f"})",
      "_sig");
  REQUIRE(text.has_value());
  CHECK(*text ==
        "{\"k\":\"A/\xc3\xa9\xf0\x9f\x98\x80\\u0001\\b\\n\\f\\r\\t\\\"\\\\\x7f\"}");
}

TEST_CASE("the canonical form sorts by the keys' bytes") {
  // UTF-16 code units would put the emoji (a surrogate pair) before U+FF61.
  const auto text = flok::json::canonical(
      R"({"\ud83d\ude00":1,"\uff61":2,"b":3,"a\u0000":4,"a":5,"":6})", "");
  REQUIRE(text.has_value());
  CHECK(
      *text ==
      "{\"\":6,\"a\":5,\"a\\u0000\":4,\"b\":3,\"\xef\xbd\xa1\":2,\"\xf0\x9f\x98\x80\":1}");
}

TEST_CASE("the canonical form keeps the order of members that stand twice") {
  std::string members;
  for (int i = 0; i < 100; ++i)
    members += (i == 0 ? "\"k\":" : ",\"k\":") + std::to_string(i);
  const auto object = '{' + members + '}';
  CHECK(flok::json::canonical(object, "").value() == object);
}

TEST_CASE("the canonical form keeps numbers as they are written") {
  const auto text = flok::json::canonical(
      R"({"n":[1.0,1,1e0,-0,1E400,123456789012345678901234567890,0.10]})", "_sig");
  REQUIRE(text.has_value());
  CHECK(*text == R"({"n":[1.0,1,1e0,-0,1E400,123456789012345678901234567890,0.10]})");
}

TEST_CASE("a signature is over all of the entry but its own _sig") {
  const auto sign = [](const char* entry) { return flok::json::signature(entry).value(); };
  CHECK(sign(R"({"_id":"a","title":"hello"})") ==
        signature_text(R"({"_id":"a","title":"hello"})"));
  CHECK(sign(R"({"_sig":"x","_id":"a"})") == sign(R"({"_id":"a"})"));
  CHECK(sign(R"({"_id":"a"})") != sign(R"({"_id":"b"})"));
  CHECK(sign(R"({"k":{"_sig":"x"}})") != sign(R"({"k":{}})"));
}

TEST_CASE("entries that mean the same get the same signature however they are spelled") {
  const auto sign = [](const std::string& entry) {
    const auto page = page_of(R"({"_id":"p","_type":"array","entries":[)" + entry + "]}");
    return std::string{page->entry(0).signature};
  };
  const std::string expected = sign(R"({"_id":"a","n":1,"t":"é"})");
  CHECK(sign(R"({"t":"\u00e9","_id":"a","n":1})") == expected);
  CHECK(sign("{\t\"n\" :1 , \"t\":\"\\u00E9\",\"\\u005fid\":\"a\" }") == expected);
  CHECK(sign(R"({"_id":"a","n":1.0,"t":"é"})") != expected);
  CHECK(sign(R"({"_id":"a","n":"1","t":"é"})") != expected);
}

} // namespace flok::testing
