// Which scheduling policy of CAF suits flok: the figures behind
// docs/decisions/scheduling.md.
//
// Each workload runs under each policy in turn, several rounds, in one process; what is
// printed is the median of the rounds. Ratios are to CAF's default.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include <sys/resource.h>

#include "actors/caf_compat.hpp"
#include "flok.hpp"

#include <nlohmann/json.hpp>

namespace {

using clock_type = std::chrono::steady_clock;

constexpr int rounds = 7;

double microseconds(clock_type::duration d) {
  return std::chrono::duration<double, std::micro>(d).count();
}

double cpu_milliseconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto ms = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_usec) / 1e3;
  };
  return ms(usage.ru_utime) + ms(usage.ru_stime);
}

double at(std::vector<double> values, double quantile) {
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(quantile *
                                         static_cast<double>(values.size() - 1))];
}

struct policy {
  std::string name;
  std::string scheduler; ///< CAF's; empty: flok's own
};

struct figures {
  double read_median =
      0; ///< µs, from a plain thread, with pauses in which all workers idle
  double read_99 = 0;
  double writes = 0;     ///< a second, to 10 watchers, 64 under way
  double deliveries = 0; ///< a second, to 1,000 watchers
  double idle = 0;       ///< ms of processor time for a second without work
};

flok::page_ptr page_of(flok::system& sys, int version) {
  auto draft = flok::new_page(flok::page_kind::array, sys.ids(), "page");
  (void)draft.insert(0, {{"_id", "entry"}, {"version", version}});
  return draft.finish().value();
}

/// Starts watchers; `heard` counts what reaches them.
void start_watchers(flok::system& sys, int count, std::atomic<long>& heard) {
  for (int i = 0; i < count; ++i) {
    std::promise<void> watching;
    sys.spawn([&](flok::controller& self) {
      self.watch(
          "bench", "page", [&heard](const flok::update&) { ++heard; },
          [&watching](const flok::expected<void>&) { watching.set_value(); },
          {.changes = false, .every = true});
    });
    watching.get_future().wait();
  }
}

/// Writes `count` versions, `window` under way at a time; gives the seconds until all are
/// answered and heard by all watchers.
double write_versions(flok::system& sys, int count, int window, int watchers) {
  static int version = 0;
  std::atomic<long> heard{0};
  start_watchers(sys, watchers, heard);
  sys.drain();
  heard = 0;
  std::vector<flok::page_ptr> pages;
  for (int i = 0; i < count; ++i)
    pages.push_back(page_of(sys, ++version));
  std::promise<void> done;
  int next = 0;
  int answered = 0;
  const auto start = clock_type::now();
  const auto writer = sys.spawn({});
  std::function<void(flok::controller&)> write_one = [&](flok::controller& self) {
    if (next == count)
      return;
    self.write("bench", pages[static_cast<std::size_t>(next++)],
               [&](const flok::expected<flok::page_ptr>&) {
                 if (++answered == count)
                   return done.set_value(); // all of this may be gone now
                 write_one(self);
               });
  };
  writer.post([&](flok::controller& self) {
    for (int i = 0; i < window; ++i)
      write_one(self);
  });
  done.get_future().wait();
  while (heard < static_cast<long>(count) * watchers)
    std::this_thread::yield();
  const double seconds = microseconds(clock_type::now() - start) / 1e6;
  writer.stop();
  return seconds;
}

void measure_reads(flok::system& sys, figures& f) {
  (void)sys.write("bench", page_of(sys, 0));
  std::vector<double> times;
  for (int i = 0; i < 2000; ++i) {
    if (i % 4 == 0)
      std::this_thread::sleep_for(std::chrono::microseconds{300});
    const auto start = clock_type::now();
    (void)sys.read("bench", "page");
    times.push_back(microseconds(clock_type::now() - start));
  }
  f.read_median = at(times, 0.5);
  f.read_99 = at(times, 0.99);
}

/// Each measurement has a system of its own, since watchers stay until it ends.
figures measure(const policy& p) {
  figures f;
  const auto with_system = [&](auto work) {
    caf::actor_system_config c;
    flok::system::prepare(c, p.scheduler.empty() ? flok::scheduling::prompt_stealing
                                                 : flok::scheduling::as_configured);
    if (!p.scheduler.empty())
      flok::set_scheduler_policy(c, p.scheduler);
    caf::actor_system actors{c};
    flok::system_options options;
    options.config.pagers = {{"mem", "bench", "{}"}};
    auto sys = flok::system::start(actors, std::move(options), *flok::builtin_pagers());
    work(**sys);
    (void)(*sys)->close();
  };
  with_system([&](flok::system& sys) { measure_reads(sys, f); });
  with_system(
      [&](flok::system& sys) { f.writes = 20000 / write_versions(sys, 20000, 64, 10); });
  with_system(
      [&](flok::system& sys) { f.deliveries = 1e6 / write_versions(sys, 1000, 8, 1000); });
  with_system([&](flok::system& sys) {
    std::atomic<long> heard{0};
    start_watchers(sys, 100, heard);
    const double before = cpu_milliseconds();
    std::this_thread::sleep_for(std::chrono::seconds{1});
    f.idle = cpu_milliseconds() - before;
  });
  return f;
}

} // namespace

int main() {
  const std::vector<policy> policies = {{"CAF's stealing", "stealing"},
                                        {"CAF's sharing", "sharing"},
                                        {"prompt stealing", ""}};
  std::vector<std::vector<figures>> all(policies.size());
  for (int round = 0; round < rounds; ++round)
    for (std::size_t i = 0; i < policies.size(); ++i)
      all[i].push_back(measure(policies[i]));
  std::printf("%-22s %10s %10s %12s %14s %8s\n", "policy", "read us", "99 %", "writes/s",
              "deliveries/s", "idle ms");
  for (std::size_t i = 0; i < policies.size(); ++i) {
    const auto median = [&](double figures::*field) {
      std::vector<double> values;
      for (const auto& f : all[i])
        values.push_back(f.*field);
      return at(values, 0.5);
    };
    std::printf("%-22s %10.1f %10.1f %12.0f %14.0f %8.1f\n", policies[i].name.c_str(),
                median(&figures::read_median), median(&figures::read_99),
                median(&figures::writes), median(&figures::deliveries),
                median(&figures::idle));
  }
}
