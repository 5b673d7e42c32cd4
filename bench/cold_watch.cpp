// Watching pages that are on disk only, all of them at once and in random order, beside one
// thread that reads the same records in the same order.
#include <chrono>
#include <future>
#include <stdexcept>

#include "bench/paged_system.hpp"
#include "bench/raw_store.hpp"
#include "bench/temp_directory.hpp"
#include "bench/workloads.hpp"

namespace flok::bench {

namespace {

using clock_type = std::chrono::steady_clock;

double seconds_since(clock_type::time_point start) {
  return std::chrono::duration<double>(clock_type::now() - start).count();
}

class cold_watch final : public workload {
public:
  explicit cold_watch(std::size_t count) {
    const auto pages = make_pages("page", count, entries_of_3500_bytes);
    const auto earlier_life = start_system(directory_.path());
    write_all(*earlier_life, pages);
    if (!earlier_life->close())
      throw std::runtime_error{"the pages could not be paged out"};
    for (const std::size_t i : shuffled(count))
      ids_.push_back(page_id("page", i));
  }

  figures run(std::size_t side) override {
    const double seconds = side == 0 ? flok_seconds() : lmdb_seconds(side == 1);
    return {static_cast<double>(ids_.size()) / seconds};
  }

private:
  /// One controller watches everything. A round needs an empty cache, and so a new system.
  [[nodiscard]] double flok_seconds() const {
    std::size_t left = ids_.size();
    std::promise<void> all_told; // outlives the system, and so the handlers
    const auto sys = start_system(directory_.path());
    const auto watcher = sys->spawn({});
    sys->drain();
    const auto start = clock_type::now();
    watcher.post([&](controller& self) {
      const auto told = [&](const update&) {
        if (--left == 0)
          all_told.set_value();
      };
      for (const auto& id : ids_)
        self.watch(bench_ns, id, told);
    });
    all_told.get_future().wait();
    return seconds_since(start);
  }

  /// What is watched stays in memory: so do the copies, where `keep` is set. Otherwise the
  /// next one takes the memory of the last, which spares the kernel from finding it.
  [[nodiscard]] double lmdb_seconds(bool keep) const {
    const raw_store store{directory_.path()};
    std::vector<std::string> pages;
    pages.reserve(ids_.size());
    raw_reader reader{store};
    const auto start = clock_type::now();
    for (const auto& id : ids_) {
      auto page = reader.read(id);
      if (keep)
        pages.push_back(std::move(page));
    }
    return seconds_since(start);
  }

  temp_directory directory_;
  std::vector<std::string> ids_;
};

} // namespace

void add_cold_watch(workloads& all) {
  all.push_back({"cold-watch",
                 "cold: watch 200,000 pages of 3.5 KB in random order",
                 {"LMDB, copies kept", "LMDB, copies dropped"},
                 {{"", "/s", at_least(0.6)}},
                 [](const scale& s) -> std::unique_ptr<workload> {
                   return std::make_unique<cold_watch>(s.of(200'000, 500));
                 },
                 5});
}

} // namespace flok::bench
