// How long a watch takes while a page-out runs at full speed: of a page that is in memory,
// and of one that is on disk only.
//
// Watches begin at a steady pace, whether those before are answered or not: a system that
// stands still is told of by all that wait meanwhile. They begin on a thread that is no
// actor's, which asks an actor to watch; that hop is part of what is measured, on all sides
// but the plain reading thread's. What is paged out is there in an older version: the
// commits replace records.
//
// The sides beside flok have a committing thread with the same batches and flags, and
// - for pages in memory: an actor that is asked, and answers from a hash table;
// - for pages on disk: a thread that needs nobody to ask it and keeps the pace by itself
//   (what the disk and the processor cost alone), and an actor that is asked, reads, and
//   answers (what they cost to someone who must not block).
#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <stdexcept>
#include <thread>
#include <unordered_map>

#include <caf/event_based_actor.hpp>

#include "actors/messages.hpp"
#include "bench/actors.hpp"
#include "bench/paged_system.hpp"
#include "bench/raw_store.hpp"
#include "bench/temp_directory.hpp"
#include "bench/workloads.hpp"

namespace flok::bench {

namespace {

using clock_type = std::chrono::steady_clock;

constexpr std::chrono::microseconds pace{200};

/// When watches began and were answered, by number.
class latencies {
public:
  explicit latencies(std::size_t most) : begun_(most), took_(most) {}

  [[nodiscard]] std::size_t most() const { return begun_.size(); }
  void begin(std::size_t i) { begin(i, clock_type::now()); }
  void begin(std::size_t i, clock_type::time_point at) {
    begun_[i] = at;
    count_ = i + 1;
  }
  /// Any thread may call.
  void answer(std::size_t i) {
    took_[i] = clock_type::now() - begun_[i];
    ++answered_;
  }
  void wait_all() const {
    while (answered_ < count_)
      std::this_thread::sleep_for(pace);
  }
  /// In microseconds: so long, or shorter, took 99 of 100.
  [[nodiscard]] double percentile_99() {
    if (count_ == 0)
      throw std::runtime_error{"the page-out was over before anything was watched"};
    const auto at = took_.begin() + static_cast<std::ptrdiff_t>(count_ * 99 / 100);
    std::nth_element(took_.begin(), at,
                     took_.begin() + static_cast<std::ptrdiff_t>(count_));
    return std::chrono::duration<double, std::micro>(*at).count();
  }

private:
  std::vector<clock_type::time_point> begun_;
  std::vector<clock_type::duration> took_;
  std::size_t count_ = 0;
  std::atomic<std::size_t> answered_ = 0;
};

/// Calls `watch` for number after number at the pace while `page_out` runs in a thread.
template <class PageOut, class Watch>
double measured(latencies& times, PageOut page_out, Watch watch) {
  std::atomic<bool> over = false;
  std::thread committing{[&] {
    page_out();
    over = true;
  }};
  auto next = clock_type::now();
  for (std::size_t i = 0; i < times.most() && !over; ++i) {
    std::this_thread::sleep_until(next += pace);
    watch(i, next);
  }
  committing.join();
  times.wait_all();
  return times.percentile_99();
}

/// Asks `server` for the page of each number that it is sent; notes when `Reply` comes.
template <class Reply>
caf::behavior be_client(caf::event_based_actor* self, const caf::actor& server,
                        const std::vector<std::string>& ids, latencies& times) {
  return {[self, server, &ids, &times](std::uint64_t i) {
    ask(self, server, ids[i]).then([&times, i](const Reply&) { times.answer(i); });
  }};
}

/// Runs a client of `server` while `page_out` does.
template <class Reply, class PageOut>
double measured_client(actor_system& system, const caf::actor& server,
                       const std::vector<std::string>& ids, PageOut page_out) {
  latencies times{ids.size()};
  const auto client =
      spawn_function(system.actors, [&, server](caf::event_based_actor* self) {
        return be_client<Reply>(self, server, ids, times);
      });
  const double figure = measured(times, page_out, [&](std::size_t i, auto) {
    times.begin(i);
    send_from_outside(client, std::uint64_t{i});
  });
  caf::anon_send_exit(client, caf::exit_reason::user_shutdown);
  caf::anon_send_exit(server, caf::exit_reason::user_shutdown);
  system.actors.await_all_actors_done();
  return figure;
}

class while_paging_out : public workload {
public:
  while_paging_out(std::size_t dirty, std::size_t cold)
      : dirty_{dirty}, cold_{make_pages("cold", cold, entries_of_3500_bytes)} {
    auto all = cold_;
    const auto pages = make_pages("dirty", dirty, entries_of_3500_bytes);
    all.insert(all.end(), pages.begin(), pages.end());
    const auto earlier_life = start_system(for_flok_.path());
    write_all(*earlier_life, all);
    if (!earlier_life->close())
      throw std::runtime_error{"the pages could not be paged out"};
    const auto texts = raw_pages(all);
    raw_store store{for_others_.path()};
    for (const auto& batch : batches_of(all, texts))
      store.commit(batch);
  }

  figures run(std::size_t side) override {
    const auto pages = make_pages("dirty", dirty_, entries_of_3500_bytes, ++version_);
    return {side == 0 ? flok_side(pages) : other_side(side, pages)};
  }

protected:
  /// The ids of the pages to watch, in the order of their watches.
  [[nodiscard]] virtual std::vector<std::string> watched() const = 0;
  /// Measures while `commit` runs on a thread beside.
  virtual double beside(std::size_t side, const std::vector<page_ptr>& pages,
                        const raw_store& store, const std::function<void()>& commit) = 0;

  [[nodiscard]] std::size_t dirty() const { return dirty_; }
  [[nodiscard]] const std::vector<page_ptr>& cold() const { return cold_; }

private:
  double flok_side(const std::vector<page_ptr>& pages) const {
    const auto ids = watched();
    latencies times{ids.size()};
    const auto sys = start_system(for_flok_.path());
    write_all(*sys, pages);
    const auto watcher = sys->spawn({});
    sys->drain();
    return measured(
        times, [&] { (void)sys->page_out(); },
        [&](std::size_t i, auto) {
          times.begin(i);
          watcher.post([&times, &ids, i](controller& self) {
            self.watch(bench_ns, ids[i], [&times, i](const update&) { times.answer(i); });
          });
        });
  }

  double other_side(std::size_t side, const std::vector<page_ptr>& pages) {
    const auto texts = raw_pages(pages);
    const auto batches = batches_of(pages, texts);
    raw_store store{for_others_.path()};
    return beside(side, pages, store, [&] {
      for (const auto& batch : batches)
        store.commit(batch);
    });
  }

  std::size_t dirty_;
  std::vector<page_ptr> cold_;
  std::size_t version_ = 0;
  temp_directory for_flok_;
  temp_directory for_others_;
};

/// What is watched is in memory: the very pages that are being paged out.
class cached_while_paging_out final : public while_paging_out {
public:
  using while_paging_out::while_paging_out;

private:
  [[nodiscard]] std::vector<std::string> watched() const override {
    std::vector<std::string> ids;
    for (const std::size_t i : shuffled(dirty()))
      ids.push_back(page_id("dirty", i));
    return ids;
  }

  double beside(std::size_t, const std::vector<page_ptr>& pages, const raw_store&,
                const std::function<void()>& commit) override {
    std::unordered_map<std::string, page_ptr> table;
    for (const auto& p : pages)
      table.emplace(p->id(), p);
    actor_system system;
    const auto server = spawn_function(system.actors, [&table] {
      return caf::behavior{
          [&table](const std::string& id) { return page_reply{table.at(id)}; }};
    });
    return measured_client<page_reply>(system, server, watched(), commit);
  }
};

/// What is watched is on disk, and each page is watched once only.
class cold_while_paging_out final : public while_paging_out {
public:
  using while_paging_out::while_paging_out;

private:
  [[nodiscard]] std::vector<std::string> watched() const override {
    std::vector<std::string> ids;
    for (const std::size_t i : shuffled(cold().size()))
      ids.emplace_back(cold()[i]->id());
    return ids;
  }

  double beside(std::size_t side, const std::vector<page_ptr>&, const raw_store& store,
                const std::function<void()>& commit) override {
    return side == 1 ? reading_thread(store, commit) : reading_actor(store, commit);
  }

  /// A read that is late because of the one before it has waited since its time.
  double reading_thread(const raw_store& store, const std::function<void()>& commit) const {
    const auto ids = watched();
    latencies times{ids.size()};
    raw_reader reader{store};
    auto last = clock_type::now();
    return measured(times, commit, [&](std::size_t i, clock_type::time_point due) {
      times.begin(i, last > due ? due : clock_type::now());
      reader.renew();
      (void)reader.read(ids[i]);
      times.answer(i);
      last = clock_type::now();
    });
  }

  double reading_actor(const raw_store& store, const std::function<void()>& commit) const {
    raw_reader reader{store};
    actor_system system;
    const auto server = spawn_function(system.actors, [&reader] {
      return caf::behavior{[&reader](const std::string& id) {
        reader.renew();
        return reader.read(id);
      }};
    });
    return measured_client<std::string>(system, server, watched(), commit);
  }
};

template <class Workload>
void add(workloads& all, const char* name, const char* says,
         std::vector<std::string> others) {
  all.push_back({name,
                 says,
                 std::move(others),
                 {{"99 %", "us", at_most(1.5)}},
                 [](const scale& s) -> std::unique_ptr<workload> {
                   return std::make_unique<Workload>(s.of(30'000, 500), s.of(10'000, 500));
                 },
                 5});
}

} // namespace

void add_while_paging_out(workloads& all) {
  add<cached_while_paging_out>(all, "while-paging-out-cached",
                               "watch a resident page while paging out", {"raw CAF"});
  add<cold_while_paging_out>(all, "while-paging-out-cold", "cold watch while paging out",
                             {"LMDB reading thread", "raw CAF, LMDB reading actor"});
}

} // namespace flok::bench
