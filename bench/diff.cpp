// The diff of two pages, one of which has the other's entries in reverse, beside copying
// and sorting the ids of one of them.
#include <algorithm>
#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "bench/micro.hpp"
#include "bench/pages.hpp"
#include "bench/workloads.hpp"
#include "runtime/codec.hpp"
#include "runtime/diff.hpp"

namespace flok::bench {

namespace {

constexpr std::size_t entries = 1000;
constexpr std::size_t one_modified_in = 4;

using ids = std::vector<std::string>;

ids counted(std::size_t size) {
  ids all;
  for (std::size_t i = 0; i < size; ++i)
    all.push_back(fmt::format("entry-{}", i));
  return all;
}

/// Random ones, as flok makes them.
ids uuids(std::size_t size) {
  std::mt19937_64 random{1};
  ids all;
  for (std::size_t i = 0; i < size; ++i) {
    const std::uint64_t a = random();
    const std::uint64_t b = random();
    all.push_back(fmt::format("{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}", a >> 32U,
                              (a >> 16U) & 0xffffU, a & 0xfffU, b >> 52U,
                              b & 0xffff'ffff'ffffU));
  }
  return all;
}

/// A page of the entries of that name, in their order; about 64 bytes each where names are
/// short. `modified` says which have another content than a page without such has.
page_ptr page_of(const ids& names, const std::vector<bool>& modified) {
  std::string text = R"({"_id":"page","_type":"array","entries":[)";
  for (std::size_t i = 0; i < names.size(); ++i)
    text += fmt::format(R"({}{{"_id":"{}","_sig":"{:016x}","v":"{}"}})", i == 0 ? "" : ",",
                        names[i], std::hash<std::string>{}(names[i]) + modified[i],
                        modified[i] ? 1 : 0);
  return decode_page(text + "]}").value();
}

micro_side diff_reversed(const ids& names) {
  std::vector<bool> modified(names.size());
  const auto from = page_of(names, modified);
  for (std::size_t i = 0; i < names.size(); i += one_modified_in)
    modified[i] = true;
  const auto to = page_of({names.rbegin(), names.rend()}, modified);
  return [from, to](benchmark::State& state) {
    for (auto _ : state)
      benchmark::DoNotOptimize(diff(*from, *to).value());
  };
}

micro_side copy_and_sort(ids names) {
  std::reverse(names.begin(), names.end()); // as they stand in the newer page
  return [names = std::move(names)](benchmark::State& state) {
    for (auto _ : state) {
      auto copy = names;
      std::sort(copy.begin(), copy.end());
      benchmark::DoNotOptimize(copy);
    }
  };
}

std::vector<micro_side> sides(const ids& names) {
  return {diff_reversed(names), copy_and_sort(names)};
}

} // namespace

void add_diff(workloads& all) {
  all.push_back(micro("diff", "diff, 1,000 entries reversed, 1 in 4 modified",
                      {"copy and sort 1,000 ids"}, {"", "", at_most(3)},
                      [] { return sides(counted(entries)); }));
  all.push_back(micro("diff-uuids", "the same, ids are UUIDs", {"copy and sort 1,000 ids"},
                      {"", "", at_most(3)}, [] { return sides(uuids(entries)); }));
}

void add_diff_growth(workloads& all) {
  all.push_back(micro_growth("growth-diff", "diff, reversed, 1 in 4 modified",
                             {"copy and sort ids"}, "entries", page_sizes(),
                             [](std::size_t size) { return sides(counted(size)); }));
}

} // namespace flok::bench
