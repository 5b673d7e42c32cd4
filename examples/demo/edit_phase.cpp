#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <latch>
#include <mutex>
#include <stdexcept>

#include <nlohmann/json.hpp>

#include "examples/demo/demo.hpp"

namespace demo {

namespace {

using clock_type = std::chrono::steady_clock;

constexpr std::uint64_t watchers_per_page = 3;
constexpr int edits_per_page = 5;

/// What the watchers of one list hear, and how long after the write.
class ear {
public:
  void listen(clock_type::time_point wrote) {
    const std::lock_guard lock{mutex_};
    wrote_ = wrote;
    missing_ = watchers_per_page;
  }

  void hear(const flok::update& u) {
    const auto now = clock_type::now();
    const std::lock_guard lock{mutex_};
    ++notifications_;
    if (u.why != flok::origin::pager)
      return; // the page as it was when the watch began
    delays_us_.push_back(std::chrono::duration<double, std::micro>(now - wrote_).count());
    if (--missing_ == 0)
      all_heard_.notify_all();
  }

  void wait() {
    std::unique_lock lock{mutex_};
    if (!all_heard_.wait_for(lock, std::chrono::seconds{30}, [&] { return missing_ == 0; }))
      throw std::runtime_error{"an edit did not reach all watchers"};
  }

  void sum_up(list_figures& f) {
    const std::lock_guard lock{mutex_};
    f.notifications = notifications_;
    std::sort(delays_us_.begin(), delays_us_.end());
    if (delays_us_.empty())
      return;
    f.median_us = delays_us_[delays_us_.size() / 2];
    f.p99_us = delays_us_[delays_us_.size() * 99 / 100];
  }

private:
  std::mutex mutex_;
  std::condition_variable all_heard_;
  clock_type::time_point wrote_;
  std::uint64_t missing_ = 0;
  std::uint64_t notifications_ = 0;
  std::vector<double> delays_us_;
};

/// Starts controllers that each watch all pages of a list; returns once all watches stand.
void watch_list(flok::system& sys, const std::vector<flok::page_ptr>& pages, ear& e) {
  std::latch watching{static_cast<std::ptrdiff_t>(pages.size() * watchers_per_page)};
  for (std::uint64_t i = 0; i < watchers_per_page; ++i)
    sys.spawn([&](flok::controller& self) {
      for (const auto& page : pages)
        self.watch(
            ns, page->id(), [&e](const flok::update& u) { e.hear(u); },
            [&watching](const flok::expected<void>&) { watching.count_down(); });
    });
  watching.wait();
}

/// A new version of a page, in which one entry says which edit this is.
flok::page_ptr edited(flok::system& sys, const flok::page_ptr& page, int edit) {
  auto draft = flok::copy_page(page, sys.ids());
  auto entry = draft.mutate(static_cast<std::size_t>(edit) % page->size());
  if (!entry || !entry->set(edited_field, edit))
    throw std::runtime_error{"cannot edit " + std::string{page->id()}};
  return draft.finish().value();
}

list_figures edit_list(flok::system& sys, const std::string& list, ear& e) {
  list_figures f;
  f.list = list;
  auto pages = follow(sys, list);
  watch_list(sys, pages, e);
  for (int edit = 0; edit < edits_per_page; ++edit)
    for (auto& page : pages) {
      if (page->empty())
        continue; // the head page
      auto next = edited(sys, page, edit);
      e.listen(clock_type::now());
      page = sys.write(ns, std::move(next)).value();
      e.wait();
      ++f.edits;
    }
  f.pages = pages.size();
  f.watchers = pages.size() * watchers_per_page;
  for (const auto& page : pages) {
    f.entries += page->size();
    f.bytes += page->json().size();
    f.edited += edited_entries(*page);
  }
  return f;
}

} // namespace

edit_figures run_edit_phase(const std::string& folder) {
  edit_figures figures;
  std::vector<std::unique_ptr<ear>> ears;
  const auto sys = start(folder);
  for (const auto& s : sources()) {
    ears.push_back(std::make_unique<ear>());
    figures.lists.push_back(edit_list(*sys, s.list, *ears.back()));
  }
  const auto begin = clock_type::now();
  figures.committed = sys->page_out().value();
  figures.pageout_ms =
      std::chrono::duration<double, std::milli>(clock_type::now() - begin).count();
  (void)sys->close();
  for (std::size_t i = 0; i < ears.size(); ++i)
    ears[i]->sum_up(figures.lists[i]);
  return figures;
}

} // namespace demo
