// Writing versions of a page that few watch, beside actors that pass on messages which were
// built before, along the same way: writer, vm, pager, vm, watchers; and the answers from
// pager to vm to writer. A pager is given one write of a page at a time, as its contract
// wants: one of the floors does that too, the other lets all that are under way follow each
// other.
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include <caf/event_based_actor.hpp>

#include "bench/actors.hpp"
#include "bench/paged_system.hpp"
#include "bench/workloads.hpp"

namespace flok::bench {

namespace {

using clock_type = std::chrono::steady_clock;

/// Writes under way at a time, on both sides.
constexpr std::size_t window = 64;

/// The floor's actors. They look at nothing but a message's type.
class raw_way {
public:
  raw_way(caf::actor_system& actors, const page_ptr& page, std::size_t watchers,
          const tally& told, told_count& reports, bool one_at_a_time)
      : one_at_a_time_{one_at_a_time}, write_{caf::make_message(
                                           write_request{bench_ns, page, {}})},
        pager_write_{caf::make_message(pager_write{page, page})},
        cache_write_{caf::make_message(cache_write{{page}, false})},
        done_{caf::make_message(done{})}, read_res_{read_res_of(page)},
        written_{caf::make_message(written{page})}, reports_{reports} {
    spawn_receivers(actors, receivers_, watchers, told);
    const auto add = [&](caf::behavior (raw_way::*be)(caf::event_based_actor*)) {
      return others_.add(spawn_function(
          actors, [this, be](caf::event_based_actor* self) { return (this->*be)(self); }));
    };
    vm_ = add(&raw_way::be_vm);
    pager_ = add(&raw_way::be_pager);
    writer_ = add(&raw_way::be_writer);
  }

  /// Begins that many writes, as `flok_writer` does.
  void write(std::size_t count) {
    unsent_ = unanswered_ = count;
    send_from_outside(writer_, wake_up{});
  }

private:
  caf::behavior be_writer(caf::event_based_actor* self) {
    return {[this, self](const wake_up&) {
              for (std::size_t i = 0; i < window; ++i)
                write_next(self);
            },
            [this, self](const written&) {
              if (--unanswered_ == 0)
                return reports_.add();
              write_next(self);
            }};
  }

  void write_next(caf::event_based_actor* self) {
    if (unsent_ == 0)
      return;
    --unsent_;
    send_shared(self, vm_, write_);
  }

  caf::behavior be_vm(caf::event_based_actor* self) {
    return {[this, self](const write_request&) {
              if (++waiting_ == 1 || !one_at_a_time_)
                send_shared(self, pager_, pager_write_);
            },
            [this, self](const cache_write&) {
              for (const auto& to : receivers_.all())
                send_shared(self, to, read_res_);
            },
            [this, self](const done&) {
              if (--waiting_ != 0 && one_at_a_time_)
                send_shared(self, pager_, pager_write_);
              send_shared(self, writer_, written_);
            }};
  }

  caf::behavior be_pager(caf::event_based_actor* self) {
    return {[this, self](const pager_write&) {
      send_shared(self, vm_, cache_write_);
      send_shared(self, vm_, done_);
    }};
  }

  bool one_at_a_time_;
  std::size_t waiting_ = 0; ///< writes that the vm has and has not answered
  caf::message write_;
  caf::message pager_write_;
  caf::message cache_write_;
  caf::message done_;
  caf::message read_res_;
  caf::message written_;
  told_count& reports_;
  raw_actors receivers_;
  raw_actors others_;
  caf::actor vm_;
  caf::actor pager_;
  caf::actor writer_;
  std::size_t unsent_ = 0;
  std::size_t unanswered_ = 0;
};

/// A round is over when the last write has been answered and each watcher has been told of
/// each version.
class write_watchers final : public workload {
public:
  write_watchers(std::size_t watchers, std::size_t writes)
      : watchers_{watchers}, writes_{writes} {
    spawn_watchers(*sys_, bench_ns, "page", watchers, tally{reports_, writes});
  }

  figures run(std::size_t side) override {
    expected_ += watchers_ + 1;
    const auto start = clock_type::now();
    if (side == 0)
      flok_.write(writes_);
    else
      (side == 1 ? raw_ : raw_one_).write(writes_);
    reports_.wait(expected_);
    return {static_cast<double>(writes_) / seconds_since(start)};
  }

private:
  std::size_t watchers_;
  std::size_t writes_;
  std::size_t expected_ = 0;
  std::vector<page_ptr> versions_ = versions_of("page", window);
  told_count reports_; // outlives the actors
  actor_system actors_;
  std::unique_ptr<system> sys_ = start_in(actors_.actors, {bench_ns}, *builtin_pagers());
  flok_writer flok_{*sys_, bench_ns, versions_, window, reports_};
  raw_way raw_{actors_.actors,           versions_.front(), watchers_,
               tally{reports_, writes_}, reports_,          false};
  raw_way raw_one_{actors_.actors,           versions_.front(), watchers_,
                   tally{reports_, writes_}, reports_,          true};
};

} // namespace

void add_write_watchers(workloads& all) {
  for (const std::size_t watchers : {1, 10}) {
    const auto n = std::to_string(watchers);
    all.push_back({"write-watchers-" + n,
                   "write, " + n + (watchers == 1 ? " watcher" : " watchers"),
                   {"raw CAF, the same hops", "raw CAF, one with the pager at a time"},
                   {{"writes", "/s", at_least(0.8)}},
                   [watchers](const scale& s) -> std::unique_ptr<workload> {
                     return std::make_unique<write_watchers>(watchers, s.of(20'000, 200));
                   }});
  }
}

} // namespace flok::bench
