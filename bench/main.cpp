// flok-bench: measures flok beside floors and peers. scripts/bench builds and runs it.
#include <algorithm>
#include <exception>
#include <fstream>
#include <iostream>
#include <string>
#include <tuple>
#include <vector>

#include <unistd.h>

#include <CLI/CLI.hpp>

#include "bench/table.hpp"
#include "bench/workloads.hpp"

namespace flok::bench {

namespace {

workloads all_workloads() {
  workloads all;
  add_rehash(all);
  add_change(all);
  add_diff(all);
  add_decode(all);
  add_memory(all);
  add_watches(all);
  add_watch_resident(all);
  add_watch_thread(all);
  add_peek(all);
  add_write_watchers(all);
  add_write_many(all);
  add_batch(all);
  add_namespaces(all);
  add_cold_watch(all);
  add_page_out(all);
  add_while_paging_out(all);
  add_idle(all);
  add_peers(all);
  add_rehash_growth(all);
  add_change_growth(all);
  add_diff_growth(all);
  add_decode_growth(all);
  return all;
}

void tell(const std::string& what) {
  if (isatty(STDERR_FILENO) != 0)
    std::cerr << "\r\x1b[K" << what << std::flush;
}

/// Rows without figures: one for each measure and each side that is not flok's.
std::vector<row> empty_rows(const description& d, const workload& work) {
  std::vector<row> rows;
  for (const auto& m : d.measures) {
    for (std::size_t i = 0; i < d.others.size(); ++i)
      rows.push_back({d.name, d.says, d.others[i], m, work.missing(i + 1), {}, {}});
    if (d.others.empty())
      rows.push_back({d.name, d.says, {}, m, {}, {}, {}});
  }
  return rows;
}

/// Adds what the sides of one round have come to.
void add_figures(std::vector<row>& rows, const std::vector<figures>& sides) {
  const auto others = std::max<std::size_t>(sides.size() - 1, 1);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto m = i / others;
    rows[i].flok.push_back(sides[0].at(m));
    if (rows[i].missing.empty() && sides.size() > 1)
      rows[i].others.push_back(sides[1 + i % others].at(m));
  }
}

/// The rounds of one workload; flok and each of the others take turns.
std::vector<row> measured(const description& d, const scale& s) {
  const auto work = d.make(s);
  auto rows = empty_rows(d, *work);
  const std::size_t rounds = s.smoke ? 1 : d.rounds + 1; // the first warms up
  for (std::size_t round = 0; round < rounds; ++round) {
    tell(d.name + ": round " + std::to_string(round + 1) + " of " + std::to_string(rounds));
    std::vector<figures> sides(d.others.size() + 1);
    for (std::size_t i = 0; i < sides.size(); ++i) {
      const auto side = (i + round) % sides.size(); // nobody always goes first
      if (side == 0 || work->missing(side).empty())
        sides[side] = work->run(side);
    }
    if (round != 0 || rounds == 1)
      add_figures(rows, sides);
  }
  tell("");
  return rows;
}

/// What is asked for on the command line.
struct wishes {
  scale how;
  std::string only;
  std::string json;
  bool list = false;
  bool list_micro = false;
  std::tuple<std::string, std::size_t, std::size_t> count;
};

void add_options(CLI::App& app, wishes& w) {
  app.add_option("--only", w.only, "only workloads whose name begins so");
  app.add_option("--json", w.json, "writes the figures to this file too");
  app.add_flag("--smoke", w.how.smoke, "one short round of each, to see that it works");
  app.add_flag("--list", w.list, "prints the workloads' names");
  app.add_flag("--list-micro", w.list_micro, "prints the names that --count takes");
  app.add_option("--count", w.count,
                 "NAME SIDE N: does a micro-benchmark's work N times, flok's (0) or "
                 "another side's (1), for callgrind to count")
      ->type_name("");
}

void list(const workloads& chosen, bool micro_only) {
  for (const auto& d : chosen)
    if (!micro_only)
      std::cout << d.name << "  " << d.says << '\n';
    else if (d.repeat)
      std::cout << d.name << '\n';
}

int count(const workloads& all, const std::string& name, std::size_t side,
          std::size_t times) {
  for (const auto& d : all)
    if (d.name == name && d.repeat && side <= d.others.size()) {
      d.repeat(side, times);
      return 0;
    }
  std::cerr << "flok-bench: no micro-benchmark \"" << name << "\" with a side " << side
            << "; --list-micro prints them\n";
  return 2;
}

int measure_all(const workloads& chosen, const wishes& w) {
  std::vector<row> rows;
  for (const auto& d : chosen) {
    auto more = measured(d, w.how);
    rows.insert(rows.end(), more.begin(), more.end());
  }
  print_table(std::cout, rows);
  if (w.json.empty())
    return 0;
  std::ofstream file{w.json};
  file << to_json(rows) << '\n';
  file.close();
  if (file)
    return 0;
  std::cerr << "flok-bench: cannot write " << w.json << '\n';
  return 1;
}

int main(int argc, char** argv) {
  CLI::App app{"Measures flok beside floors and peers, in alternating rounds."};
  wishes w;
  add_options(app, w);
  CLI11_PARSE(app, argc, argv);
  auto chosen = all_workloads();
  if (app.count("--count") != 0)
    return std::apply([&](const auto&... what) { return count(chosen, what...); }, w.count);
  std::erase_if(chosen, [&](const auto& d) { return !d.name.starts_with(w.only); });
  if (chosen.empty()) {
    std::cerr << "flok-bench: no workload's name begins with \"" << w.only
              << "\"; --list prints them\n";
    return 2;
  }
  if (w.list || w.list_micro) {
    list(chosen, w.list_micro);
    return 0;
  }
  return measure_all(chosen, w);
}

} // namespace

} // namespace flok::bench

int main(int argc, char** argv) {
  try {
    return flok::bench::main(argc, argv);
  } catch (const std::exception& e) { // unwinding has removed files and stopped servers
    std::cerr << "flok-bench: " << e.what() << '\n';
    return 1;
  }
}
