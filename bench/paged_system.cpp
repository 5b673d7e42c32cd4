#include "bench/paged_system.hpp"

#include <algorithm>
#include <future>
#include <numeric>
#include <random>
#include <stdexcept>

#include <fmt/format.h>

#include "bench/pages.hpp"

namespace flok::bench {

namespace {

/// Writes under way at a time.
constexpr std::size_t window = 64;

struct write_run {
  std::span<const page_ptr> pages;
  std::size_t next = 0;
  std::size_t answered = 0;
  std::promise<void> done;

  void write_next(controller& self) {
    if (next == pages.size())
      return;
    self.write(bench_ns, pages[next++], [&](const expected<page_ptr>& answer) {
      if (!answer)
        return done.set_exception(
            std::make_exception_ptr(std::runtime_error{answer.error().message}));
      if (++answered == pages.size())
        return done.set_value();
      write_next(self);
    });
  }
};

} // namespace

std::unique_ptr<system> start_system(const std::string& directory) {
  system_options options;
  options.config.pagers = {{"mem", bench_ns, "{}"}};
  options.config.pageout.interval_ms = limits::interval_ms_max;
  options.config.pageout.max_dirty = limits::max_dirty_max;
  if (!directory.empty())
    options.data = directory;
  auto sys = system::start(std::move(options), *builtin_pagers());
  if (!sys)
    throw std::runtime_error{sys.error().message};
  return std::move(*sys);
}

std::string page_id(const std::string& prefix, std::size_t number) {
  return fmt::format("{}-{:07}", prefix, number);
}

std::vector<page_ptr> make_pages(const std::string& prefix, std::size_t count,
                                 std::size_t entries, std::size_t version) {
  std::vector<page_ptr> pages;
  pages.reserve(count);
  for (std::size_t i = 0; i < count; ++i)
    pages.push_back(make_page(page_kind::array, page_id(prefix, i), entries, 64, version));
  return pages;
}

void write_all(system& sys, std::span<const page_ptr> pages) {
  write_run run{pages, 0, 0, {}};
  auto done = run.done.get_future();
  const auto writer = sys.spawn({});
  writer.post([&run](controller& self) {
    for (std::size_t i = 0; i < window; ++i)
      run.write_next(self);
  });
  done.get();
  sys.drain(); // the last handler has returned: `run` may go
  writer.stop();
}

std::vector<std::size_t> shuffled(std::size_t count) {
  std::vector<std::size_t> numbers(count);
  std::iota(numbers.begin(), numbers.end(), std::size_t{0});
  std::mt19937_64 random{1};
  std::shuffle(numbers.begin(), numbers.end(), random);
  return numbers;
}

} // namespace flok::bench
