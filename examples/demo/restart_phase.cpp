#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <set>
#include <stdexcept>

#include "examples/demo/demo.hpp"

namespace demo {

namespace {

/// A controller that follows a list page by page as they arrive.
class follower {
public:
  explicit follower(std::int64_t began_ns) : began_ns_{began_ns} {}

  void watch(flok::controller& self, std::string_view id) {
    {
      const std::lock_guard lock{mutex_};
      ++missing_;
    }
    self.watch(ns, id, [this, &self](const flok::update& u) { got(self, u); });
  }

  restart_figures wait() {
    std::unique_lock lock{mutex_};
    if (!all_here_.wait_for(lock, std::chrono::seconds{30}, [&] { return missing_ == 0; }))
      throw std::runtime_error{"pages are missing after the restart"};
    return figures_;
  }

private:
  [[nodiscard]] double since_began_ms() const {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    const auto ns = std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
    return static_cast<double>(ns - began_ns_) / 1e6;
  }

  void got(flok::controller& self, const flok::update& u) {
    if (u.page->next())
      watch(self, *u.page->next());
    const std::lock_guard lock{mutex_};
    figures_.all_pages_ms = since_began_ms();
    if (figures_.pages++ == 0)
      figures_.first_page_ms = figures_.all_pages_ms;
    figures_.entries += u.page->size();
    figures_.edited += edited_entries(*u.page);
    figures_.from_disk = figures_.from_disk && u.why == flok::origin::disk;
    if (--missing_ == 0)
      all_here_.notify_all();
  }

  std::int64_t began_ns_;
  std::mutex mutex_;
  std::condition_variable all_here_;
  std::uint64_t missing_ = 0;
  restart_figures figures_;
};

} // namespace

restart_figures run_restart_phase(const std::string& folder, std::int64_t began_ns) {
  follower f{began_ns};
  const auto sys = start(folder);
  const auto watcher = sys->spawn([&](flok::controller& self) {
    for (const auto& s : sources())
      f.watch(self, s.list);
  });
  // All heads are asked for before the first page can have arrived, in the same handler.
  sys->drain();
  auto figures = f.wait();
  (void)sys->close();
  return figures;
}

} // namespace demo
