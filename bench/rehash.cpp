// A page's hash made anew, beside ISA-L's CRC over the same bytes.
#include <cstdint>
#include <string>
#include <vector>

#include <isa-l/crc.h>

#include "bench/micro.hpp"
#include "bench/pages.hpp"
#include "bench/workloads.hpp"

namespace flok::bench {

namespace {

constexpr std::size_t entries = 1000;

std::uint32_t hardware_crc(char* bytes, std::size_t size) {
  return crc32_gzip_refl(0, reinterpret_cast<unsigned char*>(bytes), size);
}

micro_side rehash(page_kind kind, std::size_t size) {
  return [p = make_page(kind, "page", size)](benchmark::State& state) {
    for (auto _ : state)
      benchmark::DoNotOptimize(p->rehash());
  };
}

/// All signatures of a page, one behind the other.
std::string signatures(std::size_t size) {
  std::string all;
  const auto p = make_page(page_kind::array, "page", size);
  for (std::size_t i = 0; i < p->size(); ++i)
    all += p->entry(i).signature;
  return all;
}

micro_side one_crc(std::size_t size) {
  return [bytes = "page" + signatures(size)](benchmark::State& state) mutable {
    for (auto _ : state)
      benchmark::DoNotOptimize(hardware_crc(bytes.data(), bytes.size()));
  };
}

micro_side many_crcs(std::size_t size) {
  return [size, bytes = signatures(size)](benchmark::State& state) mutable {
    const std::size_t each = bytes.size() / size;
    for (auto _ : state) {
      std::uint64_t sum = 0;
      for (std::size_t at = 0; at < bytes.size(); at += each)
        sum += hardware_crc(bytes.data() + at, each);
      benchmark::DoNotOptimize(sum);
    }
  };
}

std::vector<micro_side> array_sides(std::size_t size) {
  return {rehash(page_kind::array, size), one_crc(size)};
}

std::vector<micro_side> hash_sides(std::size_t size) {
  return {rehash(page_kind::hash, size), many_crcs(size)};
}

} // namespace

void add_rehash(workloads& all) {
  all.push_back(micro("rehash-array", "rehash an array page of 1,000 entries",
                      {"one CRC pass"}, {"", "", at_most(1.5)},
                      [] { return array_sides(entries); }));
  all.push_back(micro("rehash-hash", "rehash a hash page of 1,000 entries",
                      {"1,000 short CRCs"}, {"", "", at_most(1.2)},
                      [] { return hash_sides(entries); }));
}

void add_rehash_growth(workloads& all) {
  all.push_back(micro_growth("growth-rehash-array", "rehash an array page",
                             {"one CRC pass"}, "entries", page_sizes(), array_sides));
  all.push_back(micro_growth("growth-rehash-hash", "rehash a hash page", {"short CRCs"},
                             "entries", page_sizes(), hash_sides));
}

} // namespace flok::bench
