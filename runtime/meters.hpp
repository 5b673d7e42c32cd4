// Where metrics are counted while a system runs.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "counter.hpp"
#include "errors.hpp"
#include "histogram.hpp"
#include "metrics.hpp"
#include "stats.hpp"

namespace flok {

/// Of one namespace. The vm that serves it counts, any thread reads. What each means stands
/// in stats.hpp and metrics.hpp.
struct namespace_meters {
  counter pages, dirty, watched, watchers, loads, bytes, evicted, merged;
  counter reads, writes, removals, watches, hits, notifications, loaded, committed;
  counter load_failures, commit_failures, damaged, pager_failures;
  histogram read, write, notify, load;

  [[nodiscard]] namespace_stats stats() const {
    return {pages.get(), dirty.get(), watched.get(), watchers.get(),
            loads.get(), bytes.get(), evicted.get(), merged.get()};
  }

  [[nodiscard]] namespace_totals totals() const {
    return {reads.get(),           writes.get(),    removals.get(),
            watches.get(),         hits.get(),      notifications.get(),
            loaded.get(),          committed.get(), load_failures.get(),
            commit_failures.get(), damaged.get(),   pager_failures.get()};
  }
};

/// Of one system. Its namespaces are named before it is shared; any thread may then use it.
class meters {
public:
  std::shared_ptr<namespace_meters> add(std::string ns) {
    return namespaces_.emplace_back(std::move(ns), std::make_shared<namespace_meters>())
        .second;
  }

  /// By the order in which they were added.
  [[nodiscard]] const std::shared_ptr<namespace_meters>& at(std::size_t place) const {
    return namespaces_.at(place).second;
  }

  /// Null where no namespace is called so.
  [[nodiscard]] namespace_meters* find(std::string_view ns) const {
    for (const auto& [name, counted] : namespaces_)
      if (name == ns)
        return counted.get();
    return nullptr;
  }

  void count(errc problem) { problems_.at(static_cast<std::size_t>(problem)).add_shared(); }

  histogram page_out;

  [[nodiscard]] metrics read() const {
    metrics now;
    for (const auto& [name, n] : namespaces_)
      now.namespaces.push_back({name, n->stats(), n->totals(), n->read.read(),
                                n->write.read(), n->notify.read(), n->load.read()});
    now.page_out = page_out.read();
    for (std::size_t i = 0; i < problems_.size(); ++i)
      now.problems.at(i) = problems_.at(i).get();
    return now;
  }

private:
  std::vector<std::pair<std::string, std::shared_ptr<namespace_meters>>> namespaces_;
  std::array<counter, errc_count> problems_;
};

} // namespace flok
