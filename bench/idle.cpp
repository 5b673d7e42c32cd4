// What it costs to wait: processor time of a system that is not asked for anything.
#include <chrono>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <time.h>

#include "bench/paged_system.hpp"
#include "bench/temp_directory.hpp"
#include "bench/workloads.hpp"

namespace flok::bench {

namespace {

constexpr std::size_t pages = 1000;
constexpr std::size_t controllers = 1000;
constexpr std::size_t watches_of_each = 10;

/// Of all threads of the process.
double cpu_milliseconds() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_nsec) / 1e6;
}

/// Configured as programs mostly are: pages are kept, and paged out as often as by default.
class idle final : public workload {
public:
  explicit idle(std::chrono::milliseconds time) : time_{time} {
    system_options options;
    options.config.pagers = {{"mem", bench_ns, "{}"}};
    options.data = directory_.path();
    auto sys = system::start(std::move(options), *builtin_pagers());
    if (!sys)
      throw std::runtime_error{sys.error().message};
    sys_ = std::move(*sys);
    const auto all = make_pages("page", pages, entries_of_500_bytes);
    write_all(*sys_, all);
    for (std::size_t i = 0; i < controllers; ++i)
      sys_->spawn([i](controller& self) {
        for (std::size_t n = 0; n < watches_of_each; ++n)
          self.watch(bench_ns, page_id("page", (i + n) % pages), [](const update&) {});
      });
    sys_->drain();
    if (!sys_->page_out())
      throw std::runtime_error{"the pages could not be paged out"};
  }

  figures run(std::size_t) override {
    const double before = cpu_milliseconds();
    std::this_thread::sleep_for(time_);
    return {cpu_milliseconds() - before};
  }

private:
  std::chrono::milliseconds time_;
  temp_directory directory_;
  std::unique_ptr<system> sys_;
};

} // namespace

void add_idle(workloads& all) {
  all.push_back({"idle",
                 "idle for 10 s with 10,000 watches: processor time",
                 {},
                 {{"", "ms", at_most(20)}},
                 [](const scale& s) -> std::unique_ptr<workload> {
                   return std::make_unique<idle>(
                       std::chrono::milliseconds{s.of(10'000, 200)});
                 },
                 1});
}

} // namespace flok::bench
