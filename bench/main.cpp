// flok-bench: measures flok beside floors and peers. scripts/bench builds and runs it.
#include <fstream>
#include <iostream>

#include <unistd.h>

#include <CLI/CLI.hpp>

#include "bench/table.hpp"
#include "bench/workloads.hpp"

namespace flok::bench {

namespace {

workloads all_workloads() {
  workloads all;
  add_rehash(all);
  add_cold_watch(all);
  add_page_out(all);
  add_while_paging_out(all);
  add_peers(all);
  return all;
}

void tell(const std::string& what) {
  if (isatty(STDERR_FILENO) != 0)
    std::cerr << "\r\x1b[K" << what << std::flush;
}

/// The rounds of one workload; flok and each of the others take turns.
std::vector<row> measured(const description& d, const scale& s) {
  const auto work = d.make(s);
  std::vector<std::string> missing;
  for (std::size_t side = 1; side <= d.others.size(); ++side)
    missing.push_back(work->missing(side));
  std::vector<row> rows;
  for (const auto& m : d.measures)
    for (std::size_t other = 0; other < d.others.size(); ++other)
      rows.push_back({d.name, d.says, d.others[other], m, missing[other], {}, {}});
  const std::size_t rounds = s.smoke ? 1 : d.rounds + 1; // the first warms up
  for (std::size_t round = 0; round < rounds; ++round) {
    tell(d.name + ": round " + std::to_string(round + 1) + " of " + std::to_string(rounds));
    std::vector<figures> sides(d.others.size() + 1);
    for (std::size_t i = 0; i < sides.size(); ++i) {
      const auto side = (i + round) % sides.size(); // nobody always goes first
      if (side == 0 || missing[side - 1].empty())
        sides[side] = work->run(side);
    }
    if (round == 0 && rounds > 1)
      continue;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const auto m = i / d.others.size();
      const auto& other = sides[1 + i % d.others.size()];
      rows[i].flok.push_back(sides[0].at(m));
      if (rows[i].missing.empty())
        rows[i].others.push_back(other.at(m));
    }
  }
  tell("");
  return rows;
}

int main(int argc, char** argv) {
  CLI::App app{"Measures flok beside floors and peers, in alternating rounds."};
  scale how;
  std::string only;
  std::string json;
  bool list = false;
  app.add_option("--only", only, "only workloads whose name begins so");
  app.add_option("--json", json, "writes the figures to this file too");
  app.add_flag("--smoke", how.smoke, "one short round of each, to see that it works");
  app.add_flag("--list", list, "prints the workloads' names");
  CLI11_PARSE(app, argc, argv);

  std::vector<row> rows;
  bool found = false;
  for (const auto& d : all_workloads()) {
    if (!d.name.starts_with(only))
      continue;
    found = true;
    if (list) {
      std::cout << d.name << "  " << d.says << '\n';
      continue;
    }
    auto more = measured(d, how);
    rows.insert(rows.end(), more.begin(), more.end());
  }
  if (!found) {
    std::cerr << "flok-bench: no workload's name begins with \"" << only
              << "\"; --list prints them\n";
    return 2;
  }
  if (list)
    return 0;
  print_table(std::cout, rows);
  if (json.empty())
    return 0;
  std::ofstream file{json};
  file << to_json(rows) << '\n';
  file.close();
  if (!file) {
    std::cerr << "flok-bench: cannot write " << json << '\n';
    return 1;
  }
  return 0;
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
