// Watching resident pages that another watches already, one after the other, from an actor.
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

constexpr std::size_t pages = 100;

/// A visit is a watch of each page, begun when the last page has come. Between visits, and
/// not timed, the controller ends its watches, so that each watch of the next visit is a
/// new one. The floor's client also rests between its visits: workers that have nothing to
/// do go to sleep, and wake for either side as often.
class watch_resident final : public workload {
public:
  explicit watch_resident(std::size_t visits) : visits_{visits} {
    const auto all = make_pages("page", pages, entries_of_500_bytes);
    write_all(*sys_, all);
    for (const auto& page : all)
      ids_.emplace_back(page->id());
    sys_->spawn([this](controller& self) {
      for (const auto& id : ids_)
        self.watch(bench_ns, id, [](const update&) {});
    });
    server_ = raw_.add(spawn_page_server(actors_.actors, read_res_of(all.front())));
    client_ = raw_.add(spawn_function(actors_.actors, [this](caf::event_based_actor* self) {
      return caf::behavior{[this, self](const wake_up&) {
        start_ = clock_type::now();
        ask_next(self);
      }};
    }));
    sys_->drain();
  }

  figures run(std::size_t side) override {
    double seconds = 0;
    for (std::size_t i = 0; i < visits_; ++i)
      seconds += side == 0 ? flok_visit() : raw_visit();
    return {seconds * 1e6 / static_cast<double>(visits_ * pages)};
  }

private:
  double flok_visit() {
    visitor_.post([this](controller& self) {
      start_ = clock_type::now();
      watch_next(self);
    });
    const double took = visit_seconds();
    visitor_.post([this](controller& self) {
      for (const auto& id : ids_)
        self.unwatch(bench_ns, id);
    });
    sys_->drain();
    return took;
  }

  double raw_visit() {
    send_from_outside(client_, wake_up{});
    return visit_seconds();
  }

  double visit_seconds() {
    reports_.wait(++visit_);
    next_ = 0;
    return seconds_;
  }

  void watch_next(controller& self) {
    self.watch(bench_ns, ids_[next_], [this, &self](const update&) {
      if (!over())
        watch_next(self);
    });
  }

  void ask_next(caf::event_based_actor* self) {
    ask(self, server_, read_request{bench_ns, ids_[next_], false})
        .then([this, self](const read_res&) {
          if (!over())
            ask_next(self);
        });
  }

  bool over() {
    if (++next_ != pages)
      return false;
    seconds_ = seconds_since(start_);
    reports_.add();
    return true;
  }

  std::size_t visits_;
  std::vector<std::string> ids_;
  told_count reports_; // outlives the actors
  actor_system actors_;
  std::unique_ptr<system> sys_ = start_in(actors_.actors, {bench_ns}, *builtin_pagers());
  controller_ref visitor_ = sys_->spawn({});
  raw_actors raw_;
  caf::actor server_;
  caf::actor client_;
  std::size_t next_ = 0;
  clock_type::time_point start_;
  double seconds_ = 0;
  std::size_t visit_ = 0;
};

} // namespace

void add_watch_resident(workloads& all) {
  all.push_back({"watch-resident",
                 "watch a resident page that another watches, from an actor",
                 {"raw CAF request and response"},
                 {{"", "us", at_most(1.3)}},
                 [](const scale& s) -> std::unique_ptr<workload> {
                   return std::make_unique<watch_resident>(s.of(500, 3));
                 }});
}

} // namespace flok::bench
