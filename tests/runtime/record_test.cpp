#include <cstring>

#include "runtime/codec.hpp"
#include "runtime/hash.hpp"
#include "runtime/limits.hpp"
#include "tests/catch.hpp"
#include "tests/runtime/pages.hpp"

namespace flok::testing {

namespace {

constexpr std::size_t header_bytes = 16;
constexpr std::size_t format_at = 4;
constexpr std::size_t flags_at = 5;
constexpr std::size_t checksum_at = 8;

const std::string sample = R"({"_id":"p","_type":"hash","_next":"n","entries":)"
                           R"({"k" : {"_sig":"s","n":1E400},"\u006c":{"_sig":"\u0074"}}})";

std::string record_of(const page& p, bool pending = false) {
  std::string out;
  append_record(out, p, pending);
  return out;
}

/// A record with that body and a checksum that holds.
std::string sealed(const std::string& body) {
  std::string record = record_of(*version("p")).substr(0, header_bytes) + body;
  std::uint64_t sum = xxh3(body);
  for (std::size_t i = 0; i < sizeof sum; ++i, sum >>= 8U)
    record[checksum_at + i] = static_cast<char>(sum & 0xffU);
  return record;
}

error refused_record(const std::string& record) {
  auto stored = decode_record(record, "p");
  REQUIRE_FALSE(stored.has_value());
  return stored.error();
}

} // namespace

TEST_CASE("a record gives its page back, byte for byte, and whether it is pending") {
  const auto page = page_of(sample);
  for (const bool pending : {false, true}) {
    const auto stored = decode_record(record_of(*page, pending), "p");
    REQUIRE(stored.has_value());
    CHECK(stored->page->json() == page->json());
    CHECK(stored->page->hash() == page->hash());
    CHECK(stored->page->unmodified(*page));
    CHECK(stored->pending == pending);
  }
}

TEST_CASE("a record begins with FLOK, its format, flags and the checksum of the page") {
  const auto page = page_of(sample);
  const auto record = record_of(*page, true);
  CHECK(record.substr(0, header_bytes - 8) == std::string{"FLOK\1\1\0\0", 8});
  CHECK(record.substr(header_bytes) == page->json());
  CHECK(record == sealed(page->json()).replace(flags_at, 1, "\1"));
}

TEST_CASE("records may be appended one behind another") {
  const auto page = page_of(sample);
  std::string out = "before";
  append_record(out, *page, false);
  CHECK(out == "before" + record_of(*page));
}

TEST_CASE("a record of a newer format is refused as such") {
  auto record = record_of(*page_of(sample));
  for (const int format : {2, 3, 255}) {
    record[format_at] = static_cast<char>(format);
    CHECK(refused_record(record) ==
          error{errc::storage_failure, "a record of a newer format"});
  }
}

TEST_CASE("a record that was cut or grew is refused") {
  const auto record = record_of(*page_of(sample));
  for (std::size_t size = 0; size < record.size(); ++size)
    CHECK(refused_record(record.substr(0, size)).code == errc::storage_failure);
  CHECK(refused_record(record + " ").code == errc::storage_failure);
  CHECK(refused_record(record + record).code == errc::storage_failure);
}

TEST_CASE("a record with any one bit flipped is refused, but for flags and padding") {
  const auto page = page_of(sample);
  const auto record = record_of(*page);
  for (std::size_t at = 0; at < record.size(); ++at)
    for (unsigned bit = 0; bit < 8; ++bit) {
      auto damaged = record;
      damaged[at] =
          static_cast<char>(static_cast<unsigned char>(damaged[at]) ^ (1U << bit));
      const auto stored = decode_record(damaged, "p");
      INFO("byte " << at << ", bit " << bit);
      if (at >= flags_at && at < checksum_at) {
        REQUIRE(stored.has_value());
        CHECK(stored->page->json() == page->json());
      } else {
        REQUIRE_FALSE(stored.has_value());
        CHECK(stored.error().code == errc::storage_failure);
      }
    }
}

TEST_CASE("a record whose checksum holds but whose body is no page is refused") {
  const auto text = page_of(sample)->json();
  for (std::size_t size = 0; size < text.size(); ++size)
    CHECK(refused_record(sealed(text.substr(0, size))).code == errc::storage_failure);
  for (const char* body :
       {"", "x", "[]", "{}", "null", "\"p\"",
        R"({"_id":"p","_type":"array","entries":[1]})",
        R"({"_id":"","_type":"array","entries":[]})",
        R"({"_id":"p","_type":"array","entries":[{"_id":"a"]})",
        R"({"_id":"p","_type":tru)", R"({"_id":"p","_type":"hash","entries":{"\q":{}}})",
        "{\"_id\":\"\xff\"}"})
    CHECK(refused_record(sealed(body)).code == errc::storage_failure);
}

TEST_CASE("a trusted record's hash is taken as it stands, where it is a number") {
  const std::string body = R"({"_id":"p","_type":"array","_hash":"17","entries":[]})";
  CHECK(decode_record(sealed(body), "p").value().page->hash() == 17);
  for (const char* hash : {"", "x", "4294967296", "-1", "17 "}) {
    auto other = body;
    other.replace(other.find("17"), 2, hash);
    CHECK(decode_record(sealed(other), "p").value().page->hash() == crc32(0, "p"));
  }
}

TEST_CASE("a record that stands under another page's id is refused") {
  const auto stored = decode_record(record_of(*page_of(sample)), "q");
  REQUIRE_FALSE(stored.has_value());
  CHECK(stored.error() == error{errc::storage_failure, "a record of another page: p"});
}

TEST_CASE("what was kept is read back even where it is larger than a page may be") {
  // A limit that was lowered must not make pages vanish.
  std::string entry = R"({"_id":"a","_sig":"s","t":"")";
  entry.insert(entry.size() - 1, limits::page_bytes, 'x');
  const auto body = R"({"_id":"p","_type":"array","entries":[)" + entry + "}]}";
  CHECK(decode_record(sealed(body), "p").value().page->size() == 1);
}

} // namespace flok::testing
