// A change of many pages at once, of which each of many controllers watches a random half,
// beside a message for each page and watcher.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <numeric>
#include <random>
#include <vector>

#include <caf/event_based_actor.hpp>

#include "bench/actors.hpp"
#include "bench/paged_system.hpp"
#include "bench/pages.hpp"
#include "bench/workloads.hpp"
#include "pagers/pager.hpp"
#include "pagers/registry.hpp"

namespace flok::bench {

namespace {

using clock_type = std::chrono::steady_clock;
using pages = std::vector<page_ptr>;

constexpr std::size_t changed = 100;
constexpr std::size_t watched = changed / 2;

struct pager_state {
  static inline const char* name = "bench.batch"; // CAF's name for the actor
  pager_state() = default;                        // no aggregate, as CAF wants it
  cache_actor cache;
  std::size_t next = 0;
};

/// Upon each write, whatever is written, it caches another version of all pages at once.
pager_actor::behavior_type
be_pager(pager_actor::stateful_pointer<pager_state> self,
         const std::shared_ptr<const std::vector<pages>>& versions) {
  return {
      [self](const pager_init& m) { state_of(self).cache = m.cache; },
      [](const pager_watch&) {},
      [](const pager_unwatch&) {},
      [](const pager_read&) { return pager_read_reply{}; },
      [self, versions](const pager_write&) {
        const auto& next = (*versions)[state_of(self).next++ % versions->size()];
        send(self, state_of(self).cache, cache_write{next, false});
        return done{};
      },
      [](const pager_delete&) { return done{}; },
      [](const pager_invalidate&) { return done{}; },
      [](const pager_barrier&) { return done{}; },
  };
}

/// The numbers of pages that each controller watches; always the same.
std::vector<std::vector<std::size_t>> random_halves(std::size_t controllers) {
  std::mt19937_64 random{1};
  std::vector<std::size_t> numbers(changed);
  std::iota(numbers.begin(), numbers.end(), std::size_t{0});
  std::vector<std::vector<std::size_t>> halves;
  for (std::size_t i = 0; i < controllers; ++i) {
    std::shuffle(numbers.begin(), numbers.end(), random);
    halves.emplace_back(numbers.begin(), numbers.begin() + watched);
  }
  return halves;
}

/// Neighbours are added to by several threads at once: they share no cache line.
struct alignas(64) own_tally {
  tally told;
};

/// Which page's message goes to which receiver.
struct sending {
  std::size_t to;
  std::size_t page;
};

/// One change at a time, on all sides: it is over when each controller has been told of
/// all its pages.
class batch final : public workload {
public:
  batch(std::size_t controllers, std::size_t changes)
      : halves_{random_halves(controllers)}, changes_{changes} {
    const auto versions = std::make_shared<std::vector<pages>>();
    for (std::size_t v = 0; v < 2; ++v)
      versions->push_back(make_pages("page", changed, entries_of_500_bytes, v));
    pager_registry pagers;
    pagers.add({"mem"}, [versions](caf::actor_system& actors) {
      return spawn_function(actors,
                            [versions](pager_actor::stateful_pointer<pager_state> self) {
                              return be_pager(self, versions);
                            });
    });
    sys_ = start_in(actors_.actors, {bench_ns}, pagers);
    writer_ = sys_->spawn({});
    for (const auto& half : halves_)
      spawn_controller(half, versions->front());
    sys_->drain();
    spawn_floor(versions->front());
  }

  figures run(std::size_t side) override {
    const auto start = clock_type::now();
    for (std::size_t i = 0; i < changes_; ++i) {
      expected_ += halves_.size();
      if (side == 0)
        writer_.post([this](controller& self) { self.write(bench_ns, anything_); });
      else
        send_from_outside(sources_.all()[side - 1], wake_up{});
      reports_.wait(expected_);
    }
    const std::size_t callbacks = changes_ * halves_.size() * watched;
    return {static_cast<double>(callbacks) / seconds_since(start)};
  }

private:
  /// Its handlers, one for each page, share a tally.
  void spawn_controller(const std::vector<std::size_t>& half, const pages& all) {
    tally* const told = &tallies_.emplace_back(own_tally{{reports_, watched}}).told;
    std::vector<std::string> ids;
    for (const auto i : half)
      ids.emplace_back(all[i]->id());
    sys_->spawn([ids, told](controller& self) {
      for (const auto& id : ids)
        self.watch(bench_ns, id, [told](const update&) { told->add(); });
    });
  }

  /// A source for either order in which an expert might send.
  void spawn_floor(const pages& all) {
    for (const auto& page : all)
      messages_.push_back(read_res_of(page));
    spawn_receivers(actors_.actors, receivers_, halves_.size(), tally{reports_, watched});
    std::vector<sending> sendings;
    for (std::size_t i = 0; i < halves_.size(); ++i)
      for (const auto page : halves_[i])
        sendings.push_back({i, page});
    spawn_source(sendings);
    std::stable_sort(sendings.begin(), sendings.end(),
                     [](const auto& a, const auto& b) { return a.page < b.page; });
    spawn_source(sendings);
  }

  void spawn_source(const std::vector<sending>& sendings) {
    sources_.add(
        spawn_function(actors_.actors, [this, sendings](caf::event_based_actor* self) {
          return caf::behavior{[this, self, sendings](const wake_up&) {
            for (const auto& s : sendings)
              send_shared(self, receivers_.all()[s.to], messages_[s.page]);
          }};
        }));
  }

  std::vector<std::vector<std::size_t>> halves_;
  std::size_t changes_;
  std::size_t expected_ = 0;
  page_ptr anything_ = make_page(page_kind::array, "anything", 0);
  std::vector<caf::message> messages_;
  told_count reports_; // outlives the actors, as do the tallies
  std::deque<own_tally> tallies_;
  actor_system actors_;
  std::unique_ptr<system> sys_;
  controller_ref writer_;
  raw_actors receivers_;
  raw_actors sources_;
};

} // namespace

void add_batch(workloads& all) {
  all.push_back({"batch",
                 "a change of 100 pages, 1000 controllers watch a random half each",
                 {"raw CAF, controller by controller", "raw CAF, page by page"},
                 {{"page callbacks", "/s", at_least(8)}},
                 [](const scale& s) -> std::unique_ptr<workload> {
                   return std::make_unique<batch>(s.of(1000, 20), s.of(10, 2));
                 }});
}

} // namespace flok::bench
