#include "tests/sim/count_checker.hpp"

#include <bit>

#include "tests/sim/rules.hpp"

namespace flok::sim {

namespace {

/// Whether nothing but the page itself is left of it.
bool idle(const page_truth& p) {
  return p.resident && !p.dirty() && p.watchers == 0 && p.writes.empty() && p.loads == 0 &&
         p.reads == 0;
}

} // namespace

void count_checker::notice_evicted(const address_space& space, ns_id ns) {
  const auto evicted = space.stats(ns).evicted;
  std::uint64_t gone = 0;
  for_each_key(keys_of(ns), [&](page_key k) {
    auto& p = truth_.pages[k];
    if (!p.resident || space.resident(ns, id_of(k)))
      return;
    must(idle(p) && truth_.max_bytes != 0 && truth_.storage, "eviction",
         "a page is given up that is dirty, watched or in use");
    p.resident = false;
    p.bytes = 0;
    ++gone;
  });
  must(gone == evicted - evicted_[ns], "counts", "`evicted` is wrong");
  evicted_[ns] = evicted;
}

namespace_stats count_checker::counted(ns_id ns) const {
  namespace_stats n;
  for (page_key k = ns * ids; k < (ns + 1) * ids; ++k) {
    const auto& p = truth_.pages[k];
    n.pages += p.resident ? 1 : 0;
    n.dirty += p.dirty() ? 1 : 0;
    n.watched += p.watchers != 0 ? 1 : 0;
    n.watchers += static_cast<unsigned>(std::popcount(p.watchers));
    n.loads += p.loads;
    n.bytes += p.bytes;
  }
  n.evicted = evicted_[ns];
  n.merged = watchers_.merged(ns);
  return n;
}

void count_checker::check_bound() const {
  std::uint64_t bytes = 0;
  bool any_idle = false;
  for (const auto& p : truth_.pages) {
    bytes += p.bytes;
    any_idle = any_idle || idle(p);
  }
  must(bytes <= truth_.max_bytes || !any_idle, "bound", "more in memory than need be");
}

void count_checker::end_event(const address_space& space) {
  for (ns_id ns = 0; ns < spaces; ++ns) {
    const auto is = space.stats(ns);
    if (is.evicted != evicted_[ns])
      notice_evicted(space, ns);
    const auto expected = counted(ns);
    if (is == expected)
      continue;
    must(is.dirty == expected.dirty, "dirty", "not what no confirmed commit held");
    must(is.merged == expected.merged, "counts", "`merged` is wrong");
    broken("counts", std::to_string(is.pages) + " pages, " + std::to_string(is.watched) +
                         " watched, " + std::to_string(is.watchers) + " watchers, " +
                         std::to_string(is.loads) + " loads, " + std::to_string(is.bytes) +
                         " bytes; expected " + std::to_string(expected.pages) + ", " +
                         std::to_string(expected.watched) + ", " +
                         std::to_string(expected.watchers) + ", " +
                         std::to_string(expected.loads) + ", " +
                         std::to_string(expected.bytes));
  }
  if (truth_.storage && truth_.max_bytes != 0)
    check_bound();
}

void count_checker::check_left(address_space& space, watcher_id last) const {
  for (ns_id ns = 0; ns < spaces; ++ns) {
    const auto is = space.stats(ns);
    must(is.dirty == 0 && is.watched == 0 && is.watchers == 0 && is.loads == 0, "empty",
         "something is left after everyone has gone");
  }
  for (watcher_id w = 1; w <= last; ++w)
    must(!space.watches(w), "empty", "one who has gone is remembered");
}

} // namespace flok::sim
