// Records from storage. The first byte says what the others are: a whole record, or the
// body of one that gets a right header and checksum.
#include "runtime/codec.hpp"
#include "runtime/hash.hpp"
#include "tests/fuzz/oracles.hpp"

using namespace flok;
using namespace flok::fuzz;

namespace {

constexpr unsigned seal_flag = 1;
constexpr unsigned pending_flag = 2;
constexpr std::size_t header_bytes = 16;

std::string sealed(std::string_view body, bool pending) {
  std::string record = "FLOK\1";
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
  require(record == sealed(p.json(), stored.pending), "a record is laid out as it says");
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

void check_sealed(std::string_view body, bool pending) {
  const auto record = sealed(body, pending);
  const auto page = decode_page(body, checked::all);
  if (!page) {
    refused(record, "p");
    return;
  }
  const auto stored = decode_record(record, (*page)->id());
  require(stored.has_value() && stored->pending == pending, "a record gives its page");
  require(stored->page->json() == (*page)->json(), "a record gives its body's page");
  check_stored(*stored);
  check_damage(record, (*page)->id(), static_cast<std::size_t>(xxh3(body) >> 1U));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0)
    return 0;
  const unsigned flags = data[0];
  const auto bytes = text_of(data + 1, size - 1);
  if ((flags & seal_flag) != 0) {
    check_sealed(bytes, (flags & pending_flag) != 0);
  } else if (const auto stored = decode_record(bytes, "p")) {
    check_stored(*stored);
  }
  if (const auto page = decode_page(bytes)) // as flok writes them
    check_stored({*page, (flags & pending_flag) != 0});
  return 0;
}
