// Micro-benchmarks: each side is a Google Benchmark, on one core; the harness alternates
// them.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "bench/harness.hpp"

namespace flok::bench {

using micro_side = std::function<void(benchmark::State&)>;

/// A workload whose one figure is the processor time of an iteration, in ns. `make_sides`
/// makes what the sides work on, flok's side first; it lives as long as they do.
[[nodiscard]] description micro(std::string name, std::string says,
                                std::vector<std::string> others, measure what,
                                std::function<std::vector<micro_side>()> make_sides);

/// The same at several sizes, to show how a cost grows: without a goal. `of` is what the
/// sizes count.
[[nodiscard]] description
micro_growth(std::string name, std::string says, std::vector<std::string> others,
             std::string of, const std::vector<std::size_t>& sizes,
             std::function<std::vector<micro_side>(std::size_t size)> make_sides);

} // namespace flok::bench
