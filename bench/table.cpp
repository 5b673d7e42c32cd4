#include "bench/table.hpp"

#include <algorithm>
#include <cmath>
#include <ostream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace flok::bench {

namespace {

double quantile(std::vector<double> values, double q) {
  if (values.empty())
    return 0;
  std::sort(values.begin(), values.end());
  const double at = q * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  const auto above = std::min(below + 1, values.size() - 1);
  const double part = at - static_cast<double>(below);
  return values[below] * (1 - part) + values[above] * part;
}

/// Four digits, and a unit's thousands as k, M or G.
std::string in_short(double value, const std::string& unit) {
  constexpr const char* thousands[] = {"", "k", "M", "G"};
  std::size_t power = 0;
  while (std::abs(value) >= 10'000 && power < 3) {
    value /= 1000;
    ++power;
  }
  return fmt::format("{:.{}f}{} {}", value,
                     value < 10    ? 2
                     : value < 100 ? 1
                                   : 0,
                     thousands[power], unit);
}

std::string goal_of(const measure& m) {
  switch (m.want.what) {
  case goal::kind::at_most:
    return fmt::format("<= {:g}", m.want.limit);
  case goal::kind::at_least:
    return fmt::format(">= {:g}", m.want.limit);
  case goal::kind::none:
    break;
  }
  return "-";
}

/// Digits in groups of three.
std::string in_full(double value) {
  auto digits = fmt::format("{:.0f}", value);
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3)
    digits.insert(static_cast<std::size_t>(at), 1, ',');
  return digits;
}

std::string label(const row& r) {
  auto text = r.says;
  if (!r.what.name.empty())
    text += ": " + r.what.name;
  if (r.what.size != 0)
    text += ", " + in_full(r.what.size) + ' ' + r.what.of;
  return text;
}

/// What stands in the table behind flok's figure.
std::string right_of(const row& r, std::size_t side) {
  const auto verdict = fmt::format("{:>8}  {}", goal_of(r.what),
                                   !has_goal(r) ? "-"
                                   : met(r)     ? "yes"
                                                : "NO");
  if (r.other.empty())
    return fmt::format("{:<{}}  {:>12}  {:>19}  {}", "-", side, "", "", verdict);
  const auto ratio = ratios_of(r);
  return fmt::format(
      "{:<{}}  {:>12}  {:>19}  {}", r.other, side, in_short(median(r.others), r.what.unit),
      fmt::format("{:.2f} ({:.2f}-{:.2f})", ratio.median, ratio.low, ratio.high), verdict);
}

} // namespace

double median(std::vector<double> values) { return quantile(std::move(values), 0.5); }

ratios ratios_of(const row& r) {
  std::vector<double> each;
  if (r.other.empty())
    each = r.flok;
  for (std::size_t i = 0; i < std::min(r.flok.size(), r.others.size()); ++i)
    if (r.others[i] > 0)
      each.push_back(r.flok[i] / r.others[i]);
  return {quantile(each, 0.5), quantile(each, 0.25), quantile(each, 0.75)};
}

bool has_goal(const row& r) {
  return r.what.want.what != goal::kind::none && r.missing.empty();
}

bool met(const row& r) {
  const double ratio = ratios_of(r).median;
  return r.what.want.what == goal::kind::at_most ? ratio <= r.what.want.limit
                                                 : ratio >= r.what.want.limit;
}

void print_table(std::ostream& out, const std::vector<row>& rows) {
  std::size_t wide = 8;
  std::size_t side = 13;
  for (const auto& r : rows) {
    wide = std::max(wide, label(r).size());
    side = std::max(side, r.other.size());
  }
  out << fmt::format("{:<{}}  {:>12}  {:<{}}  {:>12}  {:>19}  {:>8}  met\n", "workload",
                     wide, "flok", "floor or peer", side, "", "ratio (quartiles)", "goal");
  std::size_t goals = 0;
  std::size_t reached = 0;
  for (const auto& r : rows) {
    const auto ours = in_short(median(r.flok), r.what.unit);
    if (!r.missing.empty()) {
      out << fmt::format("{:<{}}  {:>12}  {:<{}}  {}\n", label(r), wide, ours, r.other,
                         side, r.missing);
      continue;
    }
    goals += has_goal(r) ? 1 : 0;
    reached += has_goal(r) && met(r) ? 1 : 0;
    out << fmt::format("{:<{}}  {:>12}  {}\n", label(r), wide, ours, right_of(r, side));
  }
  out << fmt::format("{} of {} goals met\n", reached, goals);
}

std::string to_json(const std::vector<row>& rows) {
  auto all = nlohmann::ordered_json::array();
  for (const auto& r : rows) {
    nlohmann::ordered_json j{{"workload", r.workload}, {"says", r.says},
                             {"measure", r.what.name}, {"unit", r.what.unit},
                             {"other", r.other},       {"flok", median(r.flok)},
                             {"rounds", r.flok.size()}};
    if (r.what.size != 0) {
      j["size"] = r.what.size;
      j["of"] = r.what.of;
    }
    if (!r.missing.empty()) {
      j["missing"] = r.missing;
    } else if (!r.other.empty()) {
      const auto ratio = ratios_of(r);
      j["floor"] = median(r.others);
      j["ratio"] = {{"median", ratio.median}, {"low", ratio.low}, {"high", ratio.high}};
    }
    if (r.what.want.what != goal::kind::none)
      j["goal"] = goal_of(r.what);
    if (has_goal(r))
      j["met"] = met(r);
    all.push_back(std::move(j));
  }
  return all.dump(1);
}

} // namespace flok::bench
