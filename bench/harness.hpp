// The harness: workloads, each of which does the same work on several sides, flok's first;
// the sides alternate in one process, and what is told of them are ratios.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace flok::bench {

/// What a ratio of flok to the other side should be.
struct goal {
  enum class kind { none, at_most, at_least };
  kind what = kind::none;
  double limit = 0;
};

[[nodiscard]] inline goal at_most(double limit) { return {goal::kind::at_most, limit}; }
[[nodiscard]] inline goal at_least(double limit) { return {goal::kind::at_least, limit}; }

/// One thing that a workload measures: a row of the table for each side but flok's.
struct measure {
  std::string name; ///< told after the workload's; may be empty
  std::string unit; ///< of the figures: "us", "/s", "MB"
  goal want{};      ///< of flok's figure by the other side's
  double size = 0;  ///< where a cost's growth is measured
  std::string of{}; ///< what the size counts: "entries", "watches"
};

/// Figures of one round of one side, one for each measure.
using figures = std::vector<double>;

/// Work that several sides do. It is made before its first round and destroyed after its
/// last, so that one workload's memory and threads are gone before the next one's are
/// there.
class workload {
public:
  virtual ~workload() = default;

  /// One round of one side: 0 is flok, the others are floors and peers in the order of
  /// their names. The same bytes, hops, sync flags and deliveries on all of them.
  virtual figures run(std::size_t side) = 0;

  /// Why a side cannot run here, such as a server that is not installed; empty where it
  /// can.
  [[nodiscard]] virtual std::string missing(std::size_t) const { return {}; }
};

/// How much is done: what a table is made from, or just enough to see that all of it works.
struct scale {
  bool smoke = false;
  [[nodiscard]] std::size_t of(std::size_t full, std::size_t small) const {
    return smoke ? small : full;
  }
};

/// What is known of a workload before it is made.
struct description {
  std::string name;                ///< as in `--only NAME`: "watch-resident"
  std::string says;                ///< in the table: "watch a resident page, from an actor"
  std::vector<std::string> others; ///< names of the sides behind flok: {"raw CAF"}; where
                                   ///< there are none, goals are for flok's own figures
  std::vector<measure> measures;
  std::function<std::unique_ptr<workload>(const scale&)> make;
  std::size_t rounds = 9; ///< counted ones; one more before them warms up

  /// Does the work of one side exactly so many times, so that something else can count
  /// what that costs. Empty where the work is not a micro-benchmark's.
  std::function<void(std::size_t side, std::size_t times)> repeat{};
};

/// All workloads, in the order of the table. Each file of this folder adds its own.
using workloads = std::vector<description>;

} // namespace flok::bench
