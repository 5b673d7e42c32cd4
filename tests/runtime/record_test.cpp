#include <random>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "runtime/codec.hpp"
#include "runtime/draft.hpp"
#include "runtime/hash.hpp"
#include "runtime/limits.hpp"
#include "runtime/page_builder.hpp"
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

/// What a body must be: a page's JSON and the index of it, by the format's description.
struct body {
  std::string json;
  std::string ids;
  std::string unescaped;
  std::vector<std::uint32_t> index; ///< column by column
  std::vector<std::uint32_t> sizes; ///< entries, texts, unescaped; ends of the ids
  std::uint32_t hash = 0;
  unsigned flags = 0;

  [[nodiscard]] std::string text() const {
    const std::size_t size = (flags & 16U) != 0 ? 4 : 2;
    std::string out = json + ids + unescaped;
    const auto put = [&](std::uint32_t n, std::size_t bytes) {
      for (; bytes != 0; --bytes, n >>= 8U)
        out += static_cast<char>(n & 0xffU);
    };
    for (const auto n : index)
      put(n, size);
    for (const auto n : sizes)
      put(n, size);
    put(hash, sizeof hash);
    return out += static_cast<char>(flags);
  }
};

/// The body of a hash page with two entries and a `_next`, of which the second entry is
/// spelled with escapes.
body sample_body() {
  body b;
  b.json = page_of(sample)->json();
  // Entries: "k" : {"_sig":"s","n":1E400} (28 bytes), "\u006c":{"_sig":"\u0074"} (26)
  b.ids = "np";
  b.unescaped = "lt";
  b.index = {28, 55, 1, 55, 1, 1, 15, 56, 1, 2};
  b.sizes = {2, 55, 2, 0, 1, 1, 2};
  b.hash = page_of(sample)->hash();
  b.flags = 2 | 8;
  return b;
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

TEST_CASE("a record is FLOK, its format, flags, the body's checksum, and the body") {
  const auto page = page_of(sample);
  const auto record = record_of(*page, true);
  CHECK(record.substr(0, header_bytes - 8) == std::string{"FLOK\2\1\0\0", 8});
  CHECK(record.substr(header_bytes) == sample_body().text());
  CHECK(record == sealed(sample_body().text()).replace(flags_at, 1, "\1"));
  CHECK(record.size() == record_bytes(*page));
}

TEST_CASE("a record of a page with much in it has an index of wide numbers") {
  for (const std::size_t bytes : {std::size_t{65'000}, std::size_t{66'000}}) {
    const auto page = page_with_entries("p", 2, bytes / 2);
    const auto record = record_of(*page);
    const bool wide = (static_cast<unsigned char>(record.back()) & 16U) != 0;
    CHECK(wide == (page->used_bytes() + 1 > 65'535));
    const auto stored = decode_record(record, "p");
    REQUIRE(stored.has_value());
    CHECK(stored->page->json() == page->json());
    CHECK(record_of(*stored->page) == record);
  }
}

TEST_CASE("a page of several pieces has the record that it would have in one piece") {
  for (const auto& base : {page_of(sample), page_with_entries("p", 100, 1000),
                           page_with_entries("p", 100, 100)}) {
    auto d = copy_page(base, counted_ids());
    for (const std::string& name : {std::string{"new"}, std::string{"\"\""}}) {
      if (d.kind() == page_kind::array)
        REQUIRE(d.insert(d.size() / 2, {{"_id", name}, {"n", 1}}).has_value());
      else
        REQUIRE(d.insert(name, {{"n", 1}}).has_value());
    }
    REQUIRE(d.set_prev("an id with a \"").has_value());
    const auto page = d.finish().value();
    const auto record = record_of(*page);
    CHECK(record.size() == record_bytes(*page));
    CHECK(record == record_of(*page_of(page->json())));
    CHECK(decode_record(record, "p").value().page->unmodified(*page));
  }
}

TEST_CASE("records may be appended one behind another") {
  const auto page = page_of(sample);
  std::string out = "before";
  append_record(out, *page, false);
  CHECK(out == "before" + record_of(*page));
}

TEST_CASE("pages that grow and shrink have the index that their size asks for") {
  std::mt19937_64 random{1};
  auto page = new_page(page_kind::hash, counted_ids(), "p").finish().value();
  bool was_wide = false;
  std::size_t turns = 0; // from small to large and back
  for (int step = 0; step < 400; ++step) {
    auto d = copy_page(page, counted_ids());
    const bool grows = step / 40 % 2 == 0;
    if (!grows && page->size() > 2) {
      const auto at = random() % (page->size() - 1);
      REQUIRE(d.erase(page->entry(at).name).has_value());
      REQUIRE(d.erase(page->entry(at + 1).name).has_value());
    }
    const std::string name =
        (random() % 4 == 0 ? "\"" : "") + std::to_string(random() % 99);
    const std::string text(grows ? 4000 : random() % 50, 'x');
    REQUIRE(d.insert(name, {{"t", text}}).has_value());
    page = d.finish().value();
    const auto again = page_of(page->json());
    REQUIRE(again->unmodified(*page));
    const auto record = record_of(*page);
    REQUIRE(record == record_of(*again));
    REQUIRE(decode_record(record, "p").value().page->json() == page->json());
    const bool wide = (static_cast<unsigned char>(record.back()) & 16U) != 0;
    turns += wide == was_wide ? 0 : 1;
    was_wide = wide;
  }
  CHECK(turns >= 4);
}

TEST_CASE("a record of another format is refused as such") {
  auto record = record_of(*page_of(sample));
  for (const int format : {3, 4, 255}) {
    record[format_at] = static_cast<char>(format);
    CHECK(refused_record(record) ==
          error{errc::storage_failure, "a record of a newer format"});
  }
  for (const int format : {0, 1}) {
    record[format_at] = static_cast<char>(format);
    CHECK(refused_record(record) ==
          error{errc::storage_failure, "a record of an older format"});
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

// -- what an index may not say ------------------------------------------------

TEST_CASE("a record whose checksum holds but whose body was cut is refused") {
  const auto text = sample_body().text();
  REQUIRE(decode_record(sealed(text), "p").has_value());
  for (std::size_t size = 0; size < text.size(); ++size) {
    CHECK(refused_record(sealed(text.substr(0, size))).code == errc::storage_failure);
    CHECK(refused_record(sealed(text.substr(size + 1))).code == errc::storage_failure);
  }
  CHECK(refused_record(sealed(text + " ")).code == errc::storage_failure);
}

TEST_CASE("an index that leads out of its record, or to no entry, is refused") {
  const error expected{errc::storage_failure, "a record whose index does not hold"};
  const auto refuses = [&](const body& b) {
    CHECK(refused_record(sealed(b.text())) == expected);
  };
  // One number at a time, and one that no record has room for.
  const body right = sample_body();
  for (std::size_t i = 0; i < right.index.size(); ++i) {
    INFO("number " << i << " of the index");
    body b = right;
    b.index[i] = 0xffff;
    refuses(b);
  }
  for (std::size_t i = 0; i < right.sizes.size(); ++i)
    for (const std::uint32_t wrong : {right.sizes[i] - 1, right.sizes[i] + 1, 0xffffU}) {
      INFO("size " << i << " is " << wrong);
      body b = right;
      b.sizes[i] = wrong;
      refuses(b);
    }
  body joined = right; // the second entry's text begins within the first one's
  joined.index[0] = 27;
  refuses(joined);
  body foreign = right; // the first one's name is in the second one's text
  foreign.index[2] = 30;
  refuses(foreign);
  for (const unsigned flags : {0U, 2U, 8U, 2U | 8U | 1U, 2U | 8U | 4U, 2U | 8U | 16U}) {
    body b = right; // of an array page; without `_next`; with others; with wide numbers
    b.flags = flags;
    refuses(b);
  }
}

TEST_CASE("any change of a byte behind the texts is refused, or gives a page to look at") {
  const auto text = sample_body().text();
  for (std::size_t at = sample_body().json.size(); at < text.size(); ++at)
    for (int byte = 0; byte < 256; ++byte) {
      auto changed = text;
      changed[at] = static_cast<char>(byte);
      const auto stored = decode_record(sealed(changed), "p");
      if (!stored)
        continue;
      std::size_t bytes = stored->page->json().size();
      for (std::size_t i = 0; i < stored->page->size(); ++i) {
        const auto e = stored->page->entry(i);
        bytes += e.name.size() + e.signature.size() + e.text.size();
      }
      CHECK(bytes < 2 * text.size());
      CHECK(record_of(*stored->page).size() == record_bytes(*stored->page));
    }
}

TEST_CASE("a trusted record's hash is taken as it stands") {
  body b = sample_body();
  ++b.hash;
  CHECK(decode_record(sealed(b.text()), "p").value().page->hash() == b.hash);
}

TEST_CASE("a record that stands under another page's id is refused") {
  const auto stored = decode_record(record_of(*page_of(sample)), "q");
  REQUIRE_FALSE(stored.has_value());
  CHECK(stored.error() == error{errc::storage_failure, "a record of another page: p"});
}

TEST_CASE("what was kept is read back even where it is larger than a page may be") {
  // A limit that was lowered must not make pages vanish.
  const std::string text =
      R"({"_id":"a","_sig":"s","t":")" + std::string(limits::page_bytes, 'x') + "\"}";
  page_builder builder{page_kind::array, "p"};
  builder.add("a", "s", text);
  const auto page = builder.finish();
  CHECK(decode_record(record_of(*page), "p").value().page->unmodified(*page));
}

} // namespace flok::testing
