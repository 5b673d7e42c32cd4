// Micro-benchmarks: each side is a Google Benchmark, on one core; the harness alternates
// them.
#pragma once

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

} // namespace flok::bench
