#include "bench/micro.hpp"

#include <stdexcept>
#include <utility>

#include "bench/pin.hpp"

namespace flok::bench {

namespace {

constexpr double seconds_a_round = 0.1;
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

class micro_workload final : public workload {
public:
  micro_workload(std::vector<micro_side> sides, double seconds)
      : sides_{std::move(sides)}, seconds_{seconds} {}

  figures run(std::size_t side) override {
    const pin_to_core pinned;
    benchmark::ClearRegisteredBenchmarks();
    benchmark::RegisterBenchmark("side", sides_[side])->MinTime(seconds_);
    last_time reporter;
    benchmark::RunSpecifiedBenchmarks(&reporter, std::string{"side"});
    return {reporter.ns};
  }

private:
  std::vector<micro_side> sides_;
  double seconds_;
};

} // namespace

description micro(std::string name, std::string says, std::vector<std::string> others,
                  measure what, std::function<std::vector<micro_side>()> make_sides) {
  what.unit = "ns";
  return {std::move(name),
          std::move(says),
          std::move(others),
          {std::move(what)},
          [make = std::move(make_sides)](const scale& s) -> std::unique_ptr<workload> {
            return std::make_unique<micro_workload>(
                make(), s.smoke ? seconds_of_a_smoke_round : seconds_a_round);
          }};
}

} // namespace flok::bench
