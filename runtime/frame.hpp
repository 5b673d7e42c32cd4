// What the address space knows of one page. Private to the core.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "edits.hpp"
#include "effects.hpp"
#include "pending_work.hpp"

namespace flok {

/// Something that one after the other goes through the pager: a write, an edit, a deletion,
/// an invalidation.
struct write_op {
  enum class kind : std::uint8_t { write, edit, erase, invalidate };
  kind what = kind::write;
  request_id request = 0;
  pending_work::epoch since = 0;
  page_ptr page; ///< of an edit: made when its turn comes
  std::vector<edit> edits;
  std::optional<page_kind> create; ///< for `edits`: the kind of page to begin with
  write_rule rule;
};

/// Someone who waits for a load's result.
struct load_waiter {
  enum class kind : std::uint8_t { read, read_sync, watch_sync };
  request_id request = 0;
  pending_work::epoch since = 0;
  kind what = kind::read;
};

/// Loads and writes under way; most pages have none.
struct frame_activity {
  bool urgent = false;          ///< a load that overtakes has been asked for
  std::uint32_t loads = 0;      ///< calls to storage that have not returned
  std::uint32_t awaited = 0;    ///< those of them whose result would count
  std::uint64_t generation = 0; ///< results of calls made in an earlier one are dropped
  std::vector<load_waiter> waiters;
  std::deque<write_op> writes; ///< the first one may be with the pager
  ticket handed_over = 0;      ///< that one's call, or 0
  std::uint32_t reads = 0;     ///< asked of the pager, and not answered
  ticket removed_by = 0;       ///< the last call by which the pager agreed to a removal
  bool refreshed = false;      ///< the pager has cached the page since it was handed over
  bool stalled = false;        ///< the first one waits for room in the cache
};

struct frame;

/// One page that a watcher watches.
struct watched {
  frame* page = nullptr;
  std::uint32_t place = 0; ///< of the pair in `page->watchers`
};

/// Someone who watches, and what is on its way to it.
struct watcher {
  explicit watcher(watcher_id i) : id{i} {}

  watcher_id id;
  std::uint32_t undelivered = 0; ///< notifications sent, and not reported as dealt with
  std::vector<watched> pages;
  std::unordered_map<const frame*, std::uint32_t> index; ///< of `pages`, once it is long
  std::vector<frame*> waiting;   ///< whose news is to be sent once there is room
  pending_work::epoch since = 0; ///< of what waits
};

/// One pair of page and watcher.
struct watching {
  watcher* who = nullptr;
  std::uint32_t place = 0;     ///< of the page in `who->pages`
  bool every = false;          ///< gets every version, however slow it is
  bool waiting = false;        ///< the page is among `who->waiting`
  origin news = origin::cache; ///< where what waits came from
};

/// Pages that one cache_write changed together: committed together or not at all.
struct commit_group {
  std::vector<frame*> members;
};

struct frame {
  ns_id ns = 0;
  const std::string* id = nullptr; ///< the key in its namespace's table
  std::uint64_t serial = 0;        ///< in order of creation: an order that runs share

  page_ptr page; ///< null: not resident
  bool pending = false;
  bool absent = false;    ///< known to be neither resident nor on disk
  bool told = false;      ///< the pager heard `watch` and not yet `unwatch`
  bool in_flight = false; ///< in a batch that is being committed
  std::uint8_t queue = 0; ///< of page-out's two, which one it waits in, from 1; 0: none
  std::uint64_t version =
      0; ///< number of the last change not known to be on disk; 0: clean

  removal gone = removal::deleted; ///< why there is none, if there was one
  bool listed = false;             ///< among the pages that may be evicted
  frame* older = nullptr;          ///< its neighbours there
  frame* newer = nullptr;
  std::vector<watching> watchers;
  std::shared_ptr<commit_group> group;
  std::unique_ptr<frame_activity> activity;

  [[nodiscard]] frame_activity& active() {
    if (!activity)
      activity = std::make_unique<frame_activity>();
    return *activity;
  }
};

} // namespace flok
