// Checks what watchers are told.
#pragma once

#include <array>
#include <vector>

#include "tests/sim/truth.hpp"

namespace flok::sim {

/// Every watcher ends at the newest version and never goes back ("newest"); it gets each
/// version once, with its cause ("delivery"), unless it has `limits::undelivered`
/// notifications to deal with and did not ask for every one: then the newest state waits
/// for it, and comes when it has dealt with some. What changed together, arrives in one
/// message ("together"). An unmodified page notifies nobody ("unmodified"). That a page is
/// gone is told where there was one ("removed").
class watcher_checker {
public:
  explicit watcher_checker(const truth& t) : truth_{t} {}

  // -- events

  void watch(unsigned slot, watcher_id who, page_key k, bool every);
  void unwatch(unsigned slot, page_key k);
  void forget(unsigned slot);
  void credit(unsigned slot, std::uint32_t delivered);
  void changed(key_mask together, origin why, bool pending);
  void removed(page_key k, removal how);

  // -- effects, and the end of an event

  void on(const effects::notify& n);
  void on(const effects::notify_removed& n);
  void end_event() const;
  void check_quiet() const;
  void restarted() {
    watchers_ = {};
    merged_ = {};
  }

  // -- what is known

  [[nodiscard]] std::uint32_t undelivered(unsigned slot) const {
    return watchers_[slot].undelivered;
  }
  [[nodiscard]] bool watches(unsigned slot, page_key k) const {
    return (watchers_[slot].watched & bit(k)) != 0;
  }
  [[nodiscard]] bool watches(unsigned slot) const { return watchers_[slot].watched != 0; }
  [[nodiscard]] bool holds_news(unsigned slot, page_key k) const {
    return (watchers_[slot].waiting & bit(k)) != 0;
  }
  [[nodiscard]] bool knows_newest(unsigned slot, page_key k) const {
    return watchers_[slot].seen[k] == truth_.pages[k].position;
  }
  /// Whether news waits for anyone since before that request; 0: since ever.
  [[nodiscard]] bool news_waits(request_id before = 0) const;
  [[nodiscard]] std::uint64_t merged(ns_id ns) const { return merged_[ns]; }

private:
  struct watcher {
    watcher_id id = 0;
    std::uint32_t undelivered = 0;
    key_mask watched = 0;
    key_mask every = 0;
    key_mask waiting = 0; ///< news of these waits
    request_id since = 0; ///< of the first of it: the last request before
    std::array<origin, keys> why{};
    std::array<std::uint64_t, keys> seen{}; ///< positions; of removals too
  };
  struct message {
    unsigned slot;
    ns_id ns;
    key_mask pages;
    bool gone;
    bool pending;
    origin why;
    removal how;
  };

  [[nodiscard]] bool take(unsigned slot, page_key k, origin why);
  void expect(const message& m);
  void send_waiting(unsigned slot);
  void see(unsigned slot, page_key k);
  unsigned slot_of(watcher_id id) const;
  void settle(const message& m);

  const truth& truth_;
  std::array<watcher, watcher_slots> watchers_;
  std::array<removal, keys> gone_{};
  std::array<std::uint64_t, spaces> merged_{};
  std::vector<message> expected_;
};

} // namespace flok::sim
