#include "runtime/hash.hpp"

#include <isa-l/crc.h>
#define XXH_INLINE_ALL // most of what is hashed are ids: a call of the library takes longer
#include <xxhash.h>

namespace flok {

namespace {

std::uint32_t hardware_crc32(std::uint32_t seed, const char* bytes, std::size_t size) {
  // ISA-L takes a pointer to mutable bytes but only reads them.
  auto* data = reinterpret_cast<unsigned char*>(const_cast<char*>(bytes));
  return crc32_gzip_refl(seed, data, size);
}

template <class Number>
std::uint64_t sum_of_crcs(const char* first, std::uint32_t begin,
                          std::span<const Number> ends) {
  std::uint64_t sum = 0;
  for (const std::uint32_t end : ends) {
    const auto size = end - begin;
    sum += hardware_crc32(0, first, size);
    first += size;
    begin = end;
  }
  return sum;
}

} // namespace

std::uint32_t crc32(std::uint32_t seed, std::string_view bytes) noexcept {
  return hardware_crc32(seed, bytes.data(), bytes.size());
}

std::uint64_t crc32_sum(const char* first, std::uint32_t begin,
                        std::span<const std::uint16_t> ends) noexcept {
  return sum_of_crcs(first, begin, ends);
}

std::uint64_t crc32_sum(const char* first, std::uint32_t begin,
                        std::span<const std::uint32_t> ends) noexcept {
  return sum_of_crcs(first, begin, ends);
}

std::uint64_t xxh3(std::string_view bytes) noexcept {
  return XXH3_64bits(bytes.data(), bytes.size());
}

std::string signature_text(std::string_view canonical_entry) {
  static constexpr char digits[] = "0123456789abcdef";
  std::uint64_t h = xxh3(canonical_entry);
  std::string text(16, '0');
  for (std::size_t i = 16; i-- > 0; h >>= 4U)
    text[i] = digits[h & 0xfU];
  return text;
}

} // namespace flok
