// A page decoded from a record that storage kept, beside the checksum and simdjson's
// On-Demand walk of the same bytes.
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <simdjson.h>
#include <xxhash.h>

#include "bench/micro.hpp"
#include "bench/pages.hpp"
#include "bench/workloads.hpp"
#include "runtime/codec.hpp"

namespace flok::bench {

namespace {

namespace ondemand = simdjson::ondemand;

constexpr std::size_t entries = 40;
constexpr std::size_t entry_bytes = 85; // 3.5 KB in all
constexpr std::size_t record_header = 16;

page_ptr page_of(std::size_t size) {
  return make_page(page_kind::array, "page", size, entry_bytes);
}

std::string record_of(std::size_t size) {
  std::string record;
  append_record(record, *page_of(size), false);
  return record;
}

micro_side decode(std::size_t size) {
  return [record = record_of(size)](benchmark::State& state) {
    for (auto _ : state)
      benchmark::DoNotOptimize(decode_record(record, "page").value().page);
  };
}

/// Visits every field of the page and of its entries; of an entry it wants id and
/// signature. Gives the number of bytes in what it wanted.
std::size_t walk_entry(ondemand::object entry) {
  std::size_t bytes = 0;
  for (auto field : entry) {
    const auto key = field.key().value();
    if (key == "_id" || key == "_sig")
      bytes += std::string_view{field.value().get_string()}.size();
  }
  return bytes;
}

std::size_t walk(ondemand::document& page) {
  std::size_t bytes = 0;
  for (auto field : page.get_object()) {
    const auto key = field.key().value();
    if (key == "entries") {
      for (auto entry : field.value().get_array())
        bytes += walk_entry(entry.get_object());
    } else if (auto value = field.value(); !value.is_null()) {
      bytes += std::string_view{value.get_string()}.size();
    }
  }
  return bytes;
}

micro_side checksum_and_walk(std::size_t size) {
  return [body = record_of(size).substr(record_header),
          json = page_of(size)->json()](benchmark::State& state) {
    const simdjson::padded_string padded{json};
    const auto sum = XXH3_64bits(body.data(), body.size());
    ondemand::parser parser;
    for (auto _ : state) {
      if (XXH3_64bits(body.data(), body.size()) != sum)
        throw std::logic_error{"a checksum that does not hold"};
      ondemand::document page = parser.iterate(padded);
      benchmark::DoNotOptimize(walk(page));
    }
  };
}

std::vector<micro_side> sides(std::size_t size) {
  return {decode(size), checksum_and_walk(size)};
}

} // namespace

void add_decode(workloads& all) {
  all.push_back(micro(
      "decode",
      fmt::format("decode a page of {} B from its record", page_of(entries)->json().size()),
      {"checksum, simdjson walk"}, {"", "", at_most(1.4)}, [] { return sides(entries); }));
}

void add_decode_growth(workloads& all) {
  all.push_back(micro_growth("growth-decode", "decode a page from its record",
                             {"checksum, simdjson walk"}, "entries", page_sizes(), sides));
}

} // namespace flok::bench
