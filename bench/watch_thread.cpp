// Getting a resident page from a thread that is no actor's, while nothing else goes on.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <thread>
#include <vector>

#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>

#include "actors/controller_actor.hpp"
#include "bench/actors.hpp"
#include "bench/paged_system.hpp"
#include "bench/pages.hpp"
#include "bench/workloads.hpp"

namespace flok::bench {

namespace {

using clock_type = std::chrono::steady_clock;

/// Before each sample, so that all workers sleep.
constexpr std::chrono::microseconds pause{300};

/// The median of times in microseconds, and what 99 of 100 do not exceed.
figures median_and_99(std::vector<double> times) {
  std::sort(times.begin(), times.end());
  return {times[times.size() / 2], times[(times.size() - 1) * 99 / 100]};
}

/// A thread reads with `system::read`, or watches as it can where it speaks to the vm: as a
/// scoped actor, to which `read_res` comes. The floor is the same for both: a request from
/// a scoped actor that the thread keeps, in an actor system of its own under the policy
/// that is CAF's fastest for it, sharing (docs/decisions/scheduling.md).
class watch_thread final : public workload {
public:
  explicit watch_thread(std::size_t samples) : samples_{samples} {
    const auto page = make_page(page_kind::array, "page", entries_of_500_bytes);
    (void)sys_->write(bench_ns, page);
    sys_->spawn(
        [](controller& self) { self.watch(bench_ns, "page", [](const update&) {}); });
    server_ = raw_.add(spawn_page_server(raw_actors_.actors, read_res_of(page)));
    sys_->drain();
  }

  figures run(std::size_t side) override {
    auto all = side == 0 ? read() : ask();
    const auto more = side == 0 ? watch() : all;
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }

private:
  /// Times `work`, after a pause each time; `after` is not timed.
  template <class Work, class After>
  [[nodiscard]] figures measured(Work work, After after) const {
    std::vector<double> times;
    for (std::size_t i = 0; i < samples_; ++i) {
      std::this_thread::sleep_for(pause);
      const auto start = clock_type::now();
      work();
      times.push_back(seconds_since(start) * 1e6);
      after();
    }
    return median_and_99(std::move(times));
  }

  [[nodiscard]] figures read() {
    return measured([this] { (void)sys_->read(bench_ns, "page"); }, [] {});
  }

  /// The watch is ended in the pause: without a message that would be waited for.
  [[nodiscard]] figures watch() {
    caf::scoped_actor self{actors_.actors};
    const auto me = caf::actor_cast<watcher_actor>(caf::actor{self});
    const auto vm = sys_->context().vms.find(bench_ns)->second;
    return measured(
        [&] {
          send_from_outside(vm, watch_request{bench_ns, "page", false, me, false});
          self->receive([](const read_res&) {});
        },
        [&] {
          send_from_outside(vm, unwatch_request{bench_ns, "page", me});
        });
  }

  [[nodiscard]] figures ask() {
    caf::scoped_actor self{raw_actors_.actors};
    return measured(
        [&] {
          flok::ask(&*self, server_, read_request{bench_ns, "page", false})
              .receive([](const read_res&) {}, [](const caf::error&) {});
        },
        [] {});
  }

  std::size_t samples_;
  actor_system actors_;
  std::unique_ptr<system> sys_ = start_in(actors_.actors, {bench_ns}, *builtin_pagers());
  actor_system raw_actors_{std::max(std::thread::hardware_concurrency(), 2U), "sharing"};
  raw_actors raw_;
  caf::actor server_;
};

} // namespace

void add_watch_thread(workloads& all) {
  all.push_back({"watch-thread",
                 "get a resident page from a plain thread, idle system",
                 {"raw CAF, sharing"},
                 {{"system::read, median", "us", at_most(1.3)},
                  {"system::read, 99 %", "us", at_most(1.3)},
                  {"watch as a scoped actor, median", "us", at_most(1.3)},
                  {"watch as a scoped actor, 99 %", "us", at_most(1.3)}},
                 [](const scale& s) -> std::unique_ptr<workload> {
                   return std::make_unique<watch_thread>(s.of(1000, 50));
                 }});
}

} // namespace flok::bench
