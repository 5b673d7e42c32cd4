// Paging out what is dirty, beside the same puts by someone who has the same pages as
// sorted texts.
//
// The floor makes each record (header, checksum, text) while it puts it, since that can
// only be done once a page is final, and writes it where LMDB keeps it. Its pages are
// contiguous texts and sorted beforehand, which is the most that anyone could have at hand;
// that flok keeps entries apart and joins them here is flok's own affair. Both begin with
// an empty directory, and commit the same batches, each synced to disk.
#include <chrono>
#include <stdexcept>

#include "bench/paged_system.hpp"
#include "bench/raw_store.hpp"
#include "bench/temp_directory.hpp"
#include "bench/workloads.hpp"

namespace flok::bench {

namespace {

using clock_type = std::chrono::steady_clock;

class page_out final : public workload {
public:
  page_out(std::size_t count, std::size_t entries)
      : pages_{make_pages("page", count, entries)}, texts_{raw_pages(pages_)},
        batches_{batches_of(pages_, texts_)} {}

  figures run(std::size_t side) override {
    const temp_directory directory;
    const auto took = side == 0 ? flok_time(directory) : lmdb_time(directory);
    return {static_cast<double>(pages_.size()) /
            std::chrono::duration<double>(took).count()};
  }

private:
  [[nodiscard]] clock_type::duration flok_time(const temp_directory& directory) const {
    const auto sys = start_system(directory.path());
    write_all(*sys, pages_);
    const auto start = clock_type::now();
    const auto committed = sys->page_out();
    const auto took = clock_type::now() - start;
    if (!committed || *committed != pages_.size())
      throw std::runtime_error{"not all pages were paged out"};
    return took;
  }

  [[nodiscard]] clock_type::duration lmdb_time(const temp_directory& directory) const {
    raw_store store{directory.path()};
    const auto start = clock_type::now();
    for (const auto& batch : batches_)
      store.commit(batch);
    return clock_type::now() - start;
  }

  std::vector<page_ptr> pages_;
  std::vector<raw_page> texts_;
  std::vector<std::span<const raw_page>> batches_;
};

void add(workloads& all, const char* name, const char* says, std::size_t entries,
         std::size_t rounds) {
  all.push_back({name,
                 says,
                 {"LMDB puts"},
                 {{"", "/s", at_least(0.8)}},
                 [entries](const scale& s) -> std::unique_ptr<workload> {
                   return std::make_unique<page_out>(s.of(200'000, 500), entries);
                 },
                 rounds});
}

} // namespace

void add_page_out(workloads& all) {
  add(all, "page-out-500", "page out 200,000 dirty pages of 0.5 KB", entries_of_500_bytes,
      9);
  add(all, "page-out-3500", "page out 200,000 dirty pages of 3.5 KB", entries_of_3500_bytes,
      3);
}

} // namespace flok::bench
