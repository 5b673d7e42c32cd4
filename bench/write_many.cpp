// Writing versions of pages that many watch, in one namespace and in four at once, beside
// actors that send a message which was built before to as many others.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include <caf/event_based_actor.hpp>

#include "bench/actors.hpp"
#include "bench/workloads.hpp"

namespace flok::bench {

namespace {

using clock_type = std::chrono::steady_clock;

struct sizes {
  std::size_t namespaces;
  std::size_t watchers; ///< of each namespace's page
  std::size_t versions; ///< a round, of each page
};

std::vector<std::string> names(std::size_t count) {
  std::vector<std::string> all;
  for (std::size_t i = 0; i < count; ++i)
    all.push_back("bench" + std::to_string(i));
  return all;
}

/// An actor that sends one message to many, and reports when all are sent.
class raw_fan_out {
public:
  raw_fan_out(caf::actor_system& actors, const page_ptr& page, std::size_t receivers,
              const tally& told, told_count& reports)
      : message_{read_res_of(page)}, reports_{reports} {
    spawn_receivers(actors, receivers_, receivers, told);
    source_ = sources_.add(spawn_function(actors, [this](caf::event_based_actor* self) {
      return caf::behavior{[this, self](std::uint64_t versions) { send(self, versions); }};
    }));
  }

  void start(std::size_t versions) {
    send_from_outside(source_, static_cast<std::uint64_t>(versions));
  }

private:
  void send(caf::event_based_actor* self, std::uint64_t versions) const {
    for (std::uint64_t i = 0; i < versions; ++i)
      for (const auto& to : receivers_.all())
        send_shared(self, to, message_);
    reports_.add();
  }

  caf::message message_;
  told_count& reports_;
  raw_actors receivers_;
  raw_actors sources_;
  caf::actor source_;
};

/// All versions of a round are under way at once, on both sides: the vm, like the floor's
/// source, sends them one right after the other. Controllers ask for every version, so that
/// none is merged with the next where they do not keep up.
class write_many final : public workload {
public:
  write_many(const sizes& s, std::size_t threads) : sizes_{s}, actors_{threads} {
    const auto all = names(s.namespaces);
    sys_ = start_in(actors_.actors, all, *builtin_pagers());
    const tally told{reports_, s.versions};
    const auto versions = versions_of("page", s.versions + 1);
    for (const auto& ns : all) {
      spawn_watchers(*sys_, ns, "page", s.watchers, told);
      writers_.emplace_back(*sys_, ns, versions, s.versions, reports_);
      fan_outs_.emplace_back(actors_.actors, versions.front(), s.watchers, told, reports_);
    }
  }

  figures run(std::size_t side) override {
    const auto [namespaces, watchers, versions] = sizes_;
    expected_ += namespaces * (watchers + 1); // those who write report, too
    const auto start = clock_type::now();
    if (side == 0)
      for (auto& w : writers_)
        w.write(versions);
    else
      for (auto& f : fan_outs_)
        f.start(versions);
    reports_.wait(expected_);
    return {static_cast<double>(namespaces * watchers * versions) / seconds_since(start)};
  }

private:
  sizes sizes_;
  std::size_t expected_ = 0;
  told_count reports_; // outlives the actors
  actor_system actors_;
  std::unique_ptr<system> sys_;
  std::deque<flok_writer> writers_;
  std::deque<raw_fan_out> fan_outs_;
};

} // namespace

void add_write_many(workloads& all) {
  for (const std::size_t watchers : {1000, 10'000}) {
    const auto n = std::to_string(watchers);
    all.push_back(
        {"write-many-" + n,
         "write, " + n + " watchers, every version",
         {"raw CAF fan-out"},
         {{"deliveries", "/s", at_least(0.9)}},
         [watchers](const scale& s) -> std::unique_ptr<workload> {
           return std::make_unique<write_many>(
               sizes{1, s.of(watchers, watchers / 10), s.of(400'000 / watchers, 4)},
               std::max(std::thread::hardware_concurrency(), 2U));
         }});
  }
}

void add_namespaces(workloads& all) {
  all.push_back({"namespaces",
                 "write in four namespaces at once, 1000 watchers each, on two cores",
                 {"four raw CAF fan-outs"},
                 {{"deliveries", "/s", at_least(0.9)}},
                 [](const scale& s) -> std::unique_ptr<workload> {
                   constexpr std::size_t threads = 2; // "two cores", wherever it runs
                   return std::make_unique<write_many>(
                       sizes{4, s.of(1000, 50), s.of(100, 10)}, threads);
                 }});
}

} // namespace flok::bench
