#include "actors/random_ids.hpp"

#include <array>
#include <random>

namespace flok {

namespace {

std::mt19937_64 seeded() {
  std::random_device device;
  std::array<std::random_device::result_type, 16> bits{};
  for (auto& b : bits)
    b = device();
  std::seed_seq seed(bits.begin(), bits.end());
  return std::mt19937_64{seed};
}

std::string uuid() {
  thread_local std::mt19937_64 generator = seeded();
  static constexpr char digits[] = "0123456789abcdef";
  static constexpr std::string_view shape = "xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx";
  std::string text{shape};
  std::uint64_t bits = generator();
  unsigned used = 0;
  for (auto& c : text) {
    if (c != 'x' && c != 'y')
      continue;
    const auto nibble = static_cast<unsigned>(bits & 0xfU);
    c = digits[c == 'x' ? nibble : (nibble & 0x3U) | 0x8U]; // the variant is 10xx
    bits >>= 4U;
    if (++used % 16 == 0)
      bits = generator();
  }
  return text;
}

} // namespace

id_source random_ids() { return uuid; }

} // namespace flok
