// Watches begun one by one, and ended as their controllers die, beside two bare hash tables
// that say who watches what, both ways.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <time.h>

#include <fmt/format.h>

#include "bench/pages.hpp"
#include "bench/pin.hpp"
#include "bench/workloads.hpp"
#include "runtime/address_space.hpp"

namespace flok::bench {

namespace {

// A controller watches 20 pages, a page is watched by 10 controllers on average.
constexpr std::size_t pages_of_a_controller = 20;
constexpr std::size_t watches_of_a_page = 10;
constexpr std::size_t watches_a_round = 100'000; // at least, of each size

/// Who is to watch what. Controllers are numbered from 1; `wanted` has each one's pages.
struct scene {
  std::vector<page_ptr> pages;
  std::vector<std::vector<std::string>> wanted;
};

/// Some of the numbers below `end`, each at most once.
std::vector<std::size_t> some_of(std::size_t end, std::size_t count,
                                 std::mt19937_64& random) {
  std::vector<std::size_t> some;
  while (some.size() < std::min(count, end)) {
    const std::size_t one = random() % end;
    if (std::find(some.begin(), some.end(), one) == some.end())
      some.push_back(one);
  }
  return some;
}

scene make_scene(std::size_t watches) {
  std::mt19937_64 random{1};
  scene s;
  for (std::size_t i = 0; i < watches / watches_of_a_page; ++i)
    s.pages.push_back(make_page(page_kind::array, fmt::format("page-{}", i), 0));
  s.wanted.resize(watches / pages_of_a_controller);
  for (auto& pages : s.wanted)
    for (const auto i : some_of(s.pages.size(), pages_of_a_controller, random))
      pages.emplace_back(s.pages[i]->id());
  return s;
}

/// flok's side: the pages are resident, so that each watch is told of its page at once.
class flok_watches {
public:
  explicit flok_watches(const scene& s) {
    for (const auto& page : s.pages)
      space_.cache_write(0, {page}, false);
    (void)space_.take_effects();
  }

  void watch(watcher_id who, const std::string& page) {
    space_.watch(++request_, who, 0, page, false);
    effects_ = space_.take_effects(std::move(effects_));
  }

  void forget(watcher_id who) {
    space_.forget(++request_, who);
    effects_ = space_.take_effects(std::move(effects_));
  }

private:
  address_space space_{{.namespaces = {"bench"}}, [] { return std::string{"made"}; }};
  std::vector<effect> effects_;
  request_id request_ = 0;
};

/// Two hash tables. Lists are searched from front to back: they are short.
class bare_watches {
public:
  explicit bare_watches(const scene& s) {
    for (const auto& page : s.pages)
      watchers_of_.try_emplace(std::string{page->id()});
  }

  void watch(watcher_id who, const std::string& page) {
    auto& watchers = watchers_of_.try_emplace(page).first->second;
    if (std::find(watchers.begin(), watchers.end(), who) != watchers.end())
      return;
    watchers.push_back(who);
    pages_of_[who].push_back(&watchers);
  }

  void forget(watcher_id who) {
    const auto entry = pages_of_.find(who);
    for (auto* watchers : entry->second) {
      *std::find(watchers->begin(), watchers->end(), who) = watchers->back();
      watchers->pop_back();
    }
    pages_of_.erase(entry);
  }

private:
  using watchers = std::vector<watcher_id>;
  std::unordered_map<std::string, watchers> watchers_of_;
  std::unordered_map<watcher_id, std::vector<watchers*>> pages_of_;
};

/// ns of one watch and of one removal.
struct cost {
  double watch = 0;
  double removal = 0;
};

/// Processor time of this thread, which what else runs does not lengthen.
double now_ns() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) * 1e9 + static_cast<double>(t.tv_nsec);
}

/// All watches begin, then all controllers die; small scenes are played several times.
template <class Watches>
cost cost_of(const scene& s) {
  const std::size_t watches = s.wanted.size() * pages_of_a_controller;
  const std::size_t times = std::max<std::size_t>(watches_a_round / watches, 1);
  cost sum;
  for (std::size_t n = 0; n < times; ++n) {
    Watches tables{s};
    const double start = now_ns();
    for (std::size_t i = 0; i < s.wanted.size(); ++i)
      for (const auto& page : s.wanted[i])
        tables.watch(i + 1, page);
    const double watched = now_ns();
    for (std::size_t i = 0; i < s.wanted.size(); ++i)
      tables.forget(i + 1);
    sum.watch += watched - start;
    sum.removal += now_ns() - watched;
  }
  const auto all = static_cast<double>(times * watches);
  return {sum.watch / all, sum.removal / all};
}

class watches_workload final : public workload {
public:
  explicit watches_workload(const std::vector<std::size_t>& sizes) {
    for (const auto size : sizes)
      scenes_.push_back(make_scene(size));
  }

  /// Of each size a watch and a removal; then how much more they cost at the largest than
  /// at the smallest.
  figures run(std::size_t side) override {
    const pin_to_core pinned;
    std::vector<cost> costs;
    for (const auto& s : scenes_)
      costs.push_back(side == 0 ? cost_of<flok_watches>(s) : cost_of<bare_watches>(s));
    figures all;
    for (const auto& c : costs)
      all.push_back(c.watch);
    for (const auto& c : costs)
      all.push_back(c.removal);
    all.push_back(costs.back().watch / costs.front().watch);
    all.push_back(costs.back().removal / costs.front().removal);
    return all;
  }

private:
  std::vector<scene> scenes_;
};

} // namespace

void add_watches(workloads& all) {
  const std::vector<std::size_t> sizes{1000, 10'000, 100'000, 1'000'000};
  description d{
      "watches", "watch, then all controllers die", {"two bare hash tables"}, {}, {}};
  for (const char* name : {"a watch", "a removal"})
    for (const auto size : sizes)
      d.measures.push_back({name, "ns", at_most(3), static_cast<double>(size), "watches"});
  for (const char* name :
       {"a watch, largest by smallest", "a removal, largest by smallest"})
    d.measures.push_back({name, "x", at_most(1)});
  d.make = [sizes](const scale& s) {
    auto scaled = sizes;
    for (auto& size : scaled)
      size = s.of(size, std::max(sizes.front(), size / 100));
    return std::make_unique<watches_workload>(scaled);
  };
  all.push_back(std::move(d));
}

} // namespace flok::bench
