// Checksums and signatures.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace flok {

/// CRC-32 with zlib's polynomial, chained: `crc32(crc32(0, a), b) == crc32(0, a + b)`.
/// Hardware-accelerated where the processor can (ISA-L). Source: seed 002, "Calculating
/// Page Hash".
[[nodiscard]] std::uint32_t crc32(std::uint32_t seed, std::string_view bytes) noexcept;

/// XXH3-64 of the bytes. Stable across machines and releases of xxHash.
[[nodiscard]] std::uint64_t xxh3(std::string_view bytes) noexcept;

/// A signature's text: XXH3-64 as 16 lower-case hexadecimal digits.
[[nodiscard]] std::string signature_text(std::string_view canonical_entry);

} // namespace flok
