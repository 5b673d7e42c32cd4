#include "bench/micro.hpp"

#include <stdexcept>
#include <utility>

#include "bench/pin.hpp"

namespace flok::bench {

namespace {

constexpr double seconds_a_round = 0.1;
constexpr double seconds_of_a_size = 0.05; // of a round, where there are several sizes
constexpr double seconds_of_a_smoke_round = 0.001;

/// Keeps the time of the one run it is told of.
class last_time final : public benchmark::BenchmarkReporter {
public:
  bool ReportContext(const Context&) override { return true; }
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const auto& run : runs) {
      if (run.error_occurred)
        throw std::runtime_error(run.benchmark_name() + ": " + run.error_message);
      ns = run.GetAdjustedCPUTime();
    }
  }

  double ns = 0;
};

/// Lets Google Benchmark run a side, once `set_up` has said how long or how often.
template <class SetUp>
double run_side(const micro_side& side, SetUp set_up) {
  benchmark::ClearRegisteredBenchmarks();
  set_up(*benchmark::RegisterBenchmark("side", side));
  last_time reporter;
  benchmark::RunSpecifiedBenchmarks(&reporter, std::string{"side"});
  return reporter.ns;
}

class micro_workload final : public workload {
public:
  /// `sides` of each measure.
  micro_workload(std::vector<std::vector<micro_side>> sides, double seconds)
      : sides_{std::move(sides)}, seconds_{seconds} {}

  figures run(std::size_t side) override {
    const pin_to_core pinned;
    figures ns;
    for (const auto& of_measure : sides_)
      ns.push_back(run_side(of_measure[side], [&](auto& b) { b.MinTime(seconds_); }));
    return ns;
  }

private:
  std::vector<std::vector<micro_side>> sides_;
  double seconds_;
};

} // namespace

description micro(std::string name, std::string says, std::vector<std::string> others,
                  measure what, std::function<std::vector<micro_side>()> make_sides) {
  what.unit = "ns";
  description d{std::move(name), std::move(says), std::move(others), {std::move(what)}, {}};
  d.make = [make_sides](const scale& s) {
    std::vector<std::vector<micro_side>> sides;
    sides.push_back(make_sides());
    return std::make_unique<micro_workload>(
        std::move(sides), s.smoke ? seconds_of_a_smoke_round : seconds_a_round);
  };
  d.repeat = [make_sides](std::size_t side, std::size_t times) {
    run_side(make_sides().at(side),
             [&](auto& b) { b.Iterations(static_cast<benchmark::IterationCount>(times)); });
  };
  return d;
}

description
micro_growth(std::string name, std::string says, std::vector<std::string> others,
             std::string of, const std::vector<std::size_t>& sizes,
             std::function<std::vector<micro_side>(std::size_t size)> make_sides) {
  description d{std::move(name), std::move(says), std::move(others), {}, {}};
  for (const auto size : sizes)
    d.measures.push_back({"", "ns", {}, static_cast<double>(size), of});
  d.make = [sizes, make = std::move(make_sides)](const scale& s) {
    std::vector<std::vector<micro_side>> sides;
    for (const auto size : sizes)
      sides.push_back(make(size));
    return std::make_unique<micro_workload>(
        std::move(sides), s.smoke ? seconds_of_a_smoke_round : seconds_of_a_size);
  };
  return d;
}

} // namespace flok::bench
