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

std::uint32_t hardware_crc(std::string& bytes) {
  return crc32_gzip_refl(0, reinterpret_cast<unsigned char*>(bytes.data()), bytes.size());
}

micro_side rehash(page_kind kind) {
  return [p = make_page(kind, "page", entries)](benchmark::State& state) {
    for (auto _ : state)
      benchmark::DoNotOptimize(p->rehash());
  };
}

std::vector<std::string> signatures() {
  std::vector<std::string> all;
  const auto p = make_page(page_kind::array, "page", entries);
  for (std::size_t i = 0; i < p->size(); ++i)
    all.emplace_back(p->entry(i).signature);
  return all;
}

micro_side one_crc() {
  std::string bytes = "page";
  for (const auto& s : signatures())
    bytes += s;
  return [bytes](benchmark::State& state) mutable {
    for (auto _ : state)
      benchmark::DoNotOptimize(hardware_crc(bytes));
  };
}

micro_side many_crcs() {
  return [all = signatures()](benchmark::State& state) mutable {
    for (auto _ : state) {
      std::uint64_t sum = 0;
      for (auto& s : all)
        sum += hardware_crc(s);
      benchmark::DoNotOptimize(sum);
    }
  };
}

} // namespace

void add_rehash(workloads& all) {
  all.push_back(micro("rehash-array", "rehash an array page of 1,000 entries",
                      {"one CRC pass"}, {"", "", at_most(1.5)}, [] {
                        return std::vector{rehash(page_kind::array), one_crc()};
                      }));
  all.push_back(micro("rehash-hash", "rehash a hash page of 1,000 entries",
                      {"1,000 short CRCs"}, {"", "", at_most(1.2)}, [] {
                        return std::vector{rehash(page_kind::hash), many_crcs()};
                      }));
}

} // namespace flok::bench
