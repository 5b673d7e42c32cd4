// Checks counts and bounds.
#pragma once

#include "tests/sim/truth.hpp"
#include "tests/sim/watcher_checker.hpp"

namespace flok::sim {

/// `stats` are the counts of what is there ("counts"). A page is dirty until a commit of
/// its newest version is confirmed, and only then ("dirty"). Nothing is given up that is
/// dirty, watched or in use ("eviction"), and all else is, until the rest is within its
/// bound ("bound"). After everyone left, every table is empty ("empty").
class count_checker {
public:
  count_checker(truth& t, const watcher_checker& w) : truth_{t}, watchers_{w} {}

  void end_event(const address_space& space);
  /// Everyone has left, and nothing is under way.
  void check_left(address_space& space, watcher_id last) const;
  /// Another address space, on the same disk.
  void restarted() { evicted_ = {}; }

private:
  void notice_evicted(const address_space& space, ns_id ns);
  [[nodiscard]] namespace_stats counted(ns_id ns) const;
  void check_bound() const;

  truth& truth_;
  const watcher_checker& watchers_;
  std::array<std::uint64_t, spaces> evicted_{};
};

} // namespace flok::sim
