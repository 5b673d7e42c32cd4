#include <array>
#include <cstring>

#include "runtime/codec.hpp"
#include "runtime/hash.hpp"

namespace flok {

namespace {

constexpr std::string_view magic = "FLOK";
constexpr std::size_t header_bytes = 16;
constexpr std::size_t checksum_at = 8;
constexpr unsigned char pending_flag = 1;

std::array<char, 8> little_endian(std::uint64_t n) {
  std::array<char, 8> bytes{};
  for (auto& b : bytes) {
    b = static_cast<char>(n & 0xffU);
    n >>= 8U;
  }
  return bytes;
}

} // namespace

void append_record(std::string& out, const page& p, bool pending) {
  const std::size_t begin = out.size();
  out += magic;
  out += static_cast<char>(record_format);
  out += static_cast<char>(pending ? pending_flag : 0U);
  out.append(header_bytes - out.size() + begin, '\0');
  p.append_json(out);
  const auto sum = little_endian(xxh3(std::string_view{out}.substr(begin + header_bytes)));
  std::memcpy(out.data() + begin + checksum_at, sum.data(), sum.size());
}

expected<stored_page> decode_record(std::string_view record, std::string_view id) {
  if (record.size() < header_bytes || !record.starts_with(magic))
    return failure(errc::storage_failure, "a record without flok's header");
  const auto format = static_cast<unsigned char>(record[4]);
  if (format > record_format)
    return failure(errc::storage_failure, "a record of a newer format");
  if (format == 0)
    return failure(errc::storage_failure, "a record of no known format");
  const auto body = record.substr(header_bytes);
  const auto sum = little_endian(xxh3(body));
  if (std::memcmp(record.data() + checksum_at, sum.data(), sum.size()) != 0)
    return failure(errc::storage_failure, "a record whose checksum does not hold");
  auto page = decode_page(body, checked::all);
  if (!page)
    return failure(errc::storage_failure,
                   "a record that is no page: " + page.error().message);
  if ((*page)->id() != id)
    return failure(errc::storage_failure,
                   "a record of another page: " + std::string{(*page)->id()});
  return stored_page{std::move(*page),
                     (static_cast<unsigned char>(record[5]) & pending_flag) != 0};
}

} // namespace flok
