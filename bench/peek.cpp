// Peeking at a resident page, beside a hash table that nobody changes.
#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "bench/pages.hpp"
#include "bench/workloads.hpp"
#include "flok.hpp"

namespace flok::bench {

namespace {

constexpr std::size_t pages = 10'000;
constexpr std::size_t readers = 2;

struct text_hash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>{}(text);
  }
};

/// Readers look at pages of their own, in random order, so that what is measured is the
/// table and not the count of owners of one page.
class peek final : public workload {
public:
  explicit peek(std::size_t lookups) : lookups_{lookups} {
    system_options options;
    options.config.pagers = {{"mem", "bench", "{}"}};
    system_ = system::start(std::move(options), *builtin_pagers()).value();
    for (std::size_t i = 0; i < pages; ++i) {
      auto id = "page-" + std::to_string(i);
      const auto page = make_page(page_kind::array, id, 4);
      if (!system_->write("bench", page))
        throw std::runtime_error("a page was not written");
      table_.emplace(id, page);
      ids_[i % readers].push_back(std::move(id));
    }
    for (auto& ids : ids_)
      std::shuffle(ids.begin(), ids.end(), std::mt19937{1});
  }

  figures run(std::size_t side) override {
    return {nanoseconds(side, 1), nanoseconds(side, readers)};
  }

private:
  [[nodiscard]] page_ptr look(std::size_t side, const std::string& id) const {
    return side == 0 ? system_->peek("bench", id)
                     : table_.find(std::string_view{id})->second;
  }

  void look_at_all(std::size_t side, const std::vector<std::string>& ids) const {
    std::size_t entries = 0;
    for (std::size_t i = 0; i < lookups_; ++i)
      entries += look(side, ids[i % ids.size()])->size();
    if (entries != lookups_ * 4)
      throw std::runtime_error("a page was not found");
  }

  /// Of each lookup of each of so many threads at once.
  [[nodiscard]] double nanoseconds(std::size_t side, std::size_t threads) const {
    const auto start = std::chrono::steady_clock::now();
    std::vector<std::thread> running;
    for (std::size_t i = 1; i < threads; ++i)
      running.emplace_back([this, side, i] { look_at_all(side, ids_[i]); });
    look_at_all(side, ids_[0]);
    for (auto& t : running)
      t.join();
    const std::chrono::duration<double, std::nano> took =
        std::chrono::steady_clock::now() - start;
    return took.count() / static_cast<double>(lookups_);
  }

  std::size_t lookups_;
  std::unique_ptr<system> system_;
  std::unordered_map<std::string, page_ptr, text_hash, std::equal_to<>> table_;
  std::vector<std::string> ids_[readers];
};

} // namespace

void add_peek(workloads& all) {
  all.push_back(
      {"peek",
       "peek at a resident page",
       {"hash table lookup"},
       {{"1 reader", "ns", at_most(3)}, {"2 readers at once", "ns", at_most(3)}},
       [](const scale& s) { return std::make_unique<peek>(s.of(1'000'000, 1000)); }});
}

} // namespace flok::bench
