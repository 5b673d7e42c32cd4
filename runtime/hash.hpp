// Checksums and signatures.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace flok {

/// CRC-32 with zlib's polynomial, chained: `crc32(crc32(0, a), b) == crc32(0, a + b)`.
/// Hardware-accelerated where the processor can (ISA-L). Source: seed 002, "Calculating
/// Page Hash".
[[nodiscard]] std::uint32_t crc32(std::uint32_t seed, std::string_view bytes) noexcept;

/// The sum of `crc32(0, s)` of strings that lie one behind the other. Their ends count from
/// where 0 would be: the first one begins at `begin`.
[[nodiscard]] std::uint64_t crc32_sum(const char* first, std::uint32_t begin,
                                      std::span<const std::uint16_t> ends) noexcept;
[[nodiscard]] std::uint64_t crc32_sum(const char* first, std::uint32_t begin,
                                      std::span<const std::uint32_t> ends) noexcept;

/// XXH3-64 of the bytes. Stable across machines and releases of xxHash.
[[nodiscard]] std::uint64_t xxh3(std::string_view bytes) noexcept;

/// The part of an id's XXH3-64 that tables of ids (`hash_slots`) are given.
[[nodiscard]] inline std::uint32_t id_hash(std::string_view id) noexcept {
  return static_cast<std::uint32_t>(xxh3(id));
}

/// A signature's text: XXH3-64 as 16 lower-case hexadecimal digits.
[[nodiscard]] std::string signature_text(std::string_view canonical_entry);

} // namespace flok
