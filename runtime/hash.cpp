#include "runtime/hash.hpp"

#include <isa-l/crc.h>
#include <xxhash.h>

namespace flok {

std::uint32_t crc32(std::uint32_t seed, std::string_view bytes) noexcept {
  // ISA-L takes a pointer to mutable bytes but only reads them.
  auto* data = reinterpret_cast<unsigned char*>(const_cast<char*>(bytes.data()));
  return crc32_gzip_refl(seed, data, bytes.size());
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
