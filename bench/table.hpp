// What the rounds of all workloads come to: a table for people, JSON for programs.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "bench/harness.hpp"

namespace flok::bench {

/// The rounds of one measure, flok's beside another side's.
struct row {
  std::string workload; ///< its name
  std::string says;
  std::string other; ///< floor or peer; empty where flok's figures stand alone
  measure what;
  std::string missing; ///< why the other side did not run
  std::vector<double> flok;
  std::vector<double> others; ///< as many as flok's
};

/// Median and quartiles of the ratios of flok's rounds to the other side's, or where there
/// is none, of flok's figures.
struct ratios {
  double median = 0;
  double low = 0;
  double high = 0;
};

[[nodiscard]] double median(std::vector<double> values);
[[nodiscard]] ratios ratios_of(const row& r);

/// True and false where there is a goal and it was measured; by the median.
[[nodiscard]] bool has_goal(const row& r);
[[nodiscard]] bool met(const row& r);

void print_table(std::ostream& out, const std::vector<row>& rows);
[[nodiscard]] std::string to_json(const std::vector<row>& rows);

} // namespace flok::bench
