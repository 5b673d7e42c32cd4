// Records from storage. The first byte says what the others are: a whole record; the body
// of one that gets a right header and checksum; or changes to bytes of a page's body before
// it gets them.
#include "runtime/codec.hpp"
#include "runtime/hash.hpp"
#include "tests/fuzz/oracles.hpp"

using namespace flok;
using namespace flok::fuzz;

namespace {

constexpr unsigned seal_flag = 1;
constexpr unsigned pending_flag = 2;
constexpr unsigned change_flag = 4;
constexpr std::size_t header_bytes = 16;

std::string sealed(std::string_view body, bool pending) {
  std::string record = "FLOK\2";
  record += static_cast<char>(pending ? 1 : 0);
  record += {0, 0};
  std::uint64_t sum = xxh3(body);
  for (std::size_t i = 0; i < sizeof sum; ++i, sum >>= 8U)
    record += static_cast<char>(sum & 0xffU);
  return record += body;
}

void refused(std::string_view record, std::string_view id) {
  const auto stored = decode_record(record, id);
  require(!stored && stored.error().code == errc::storage_failure &&
              !stored.error().message.empty(),
          "a damaged record is refused as such");
}

/// A page that a record gave is stored and given back as the same.
void check_stored(const stored_page& stored) {
  const auto& p = *stored.page;
  std::string record;
  append_record(record, p, stored.pending);
  const auto json = p.json();
  require(record.size() == record_bytes(p), "a record is as large as it is said to be");
  require(std::string_view{record}.substr(header_bytes, json.size()) == json &&
              record ==
                  sealed(std::string_view{record}.substr(header_bytes), stored.pending),
          "a record is laid out as it says");
  const auto again = decode_record(record, p.id());
  require(again.has_value(), "a page that was stored is given back");
  require(again->pending == stored.pending, "and is pending as before");
  require(again->page->json() == p.json(), "and is printed as before, byte for byte");
  require(again->page->hash() == p.hash() && again->page->unmodified(p),
          "and is unmodified");
  for (std::size_t i = 0; i < p.size(); ++i)
    require(again->page->entry(i).text == p.entry(i).text, "and so are its entries");
}

/// No shorter record, and none with another bit, is taken for this one.
void check_damage(std::string record, std::string_view id, std::size_t choice) {
  refused(std::string_view{record}.substr(0, choice % record.size()), id);
  refused(record, std::string{id} + "?");
  const auto checksum = header_bytes / 2;
  auto& byte = record[checksum + choice % (record.size() - checksum)];
  byte = static_cast<char>(byte ^ static_cast<char>(1U << (choice % 8)));
  refused(record, id);
}

/// A page whose index may say anything can be looked at all the same.
void look_at(const page& p) {
  require(p.json().size() <= p.json_bytes_bound(), "a page is printed");
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < p.size(); ++i) {
    const auto e = p.entry(i);
    for (const auto part : {e.name, e.signature, e.text})
      for (const char c : part)
        bytes += static_cast<unsigned char>(c);
    require(p.find(e.name).has_value(), "an entry is found by its name");
  }
  require(p.unmodified(p) && bytes + p.rehash() + 1 != 0, "a page is looked at");
  std::string record;
  append_record(record, p, false);
  const auto again = decode_record(record, p.id());
  require(again.has_value() && again->page->json() == p.json(), "and stored once more");
}

void check_sealed(std::string_view body, bool pending) {
  for (const std::string_view id : {"p", "m"}) {
    const auto stored = decode_record(sealed(body, pending), id);
    if (!stored) {
      refused(sealed(body, pending), id);
      continue;
    }
    require(stored->pending == pending, "a record says what is pending");
    look_at(*stored->page);
    check_damage(sealed(body, pending), id, static_cast<std::size_t>(xxh3(body) >> 1U));
  }
}

/// Changes bytes of a page's body, most of them behind its JSON: each two of `changes` say
/// where, counted from the end, and what is added.
void check_changed(const page& p, std::string_view changes) {
  std::string record;
  append_record(record, p, false);
  auto body = record.substr(header_bytes);
  for (std::size_t i = 0; i + 1 < changes.size(); i += 2) {
    auto& byte =
        body[body.size() - 1 - static_cast<unsigned char>(changes[i]) % body.size()];
    byte = static_cast<char>(byte + changes[i + 1]);
  }
  if (const auto stored = decode_record(sealed(body, false), p.id()))
    look_at(*stored->page);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0)
    return 0;
  const unsigned flags = data[0];
  const auto bytes = text_of(data + 1, size - 1);
  if ((flags & change_flag) != 0) {
    check_changed(*base_page(flags >> 3U), bytes);
  } else if ((flags & seal_flag) != 0) {
    check_sealed(bytes, (flags & pending_flag) != 0);
  } else if (const auto stored = decode_record(bytes, "p")) {
    look_at(*stored->page);
  }
  if (const auto page = decode_page(bytes)) // as flok writes them
    check_stored({*page, (flags & pending_flag) != 0});
  return 0;
}
