// What the address space knows of one page. Private to the core.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "edits.hpp"
#include "effects.hpp"
#include "pending_work.hpp"
#include "thin_vector.hpp"

namespace flok {

struct frame;

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
  bool keep = true; ///< the page stays resident
};

/// Pages that one cache_write changed together: committed together or not at all.
struct commit_group {
  std::vector<frame*> members;
};

/// What a page that is resident, clean and at rest does without: loads and writes under
/// way, what it is tied to, and its id, which is the page's own otherwise.
struct frame_rest {
  std::string id; ///< of no meaning while the page is resident
  std::shared_ptr<commit_group> group;

  bool urgent = false;          ///< a load that overtakes has been asked for
  std::uint32_t loads = 0;      ///< calls to storage that have not returned
  std::uint32_t awaited = 0;    ///< those of them whose result would count
  std::uint64_t generation = 0; ///< results of calls made in an earlier one are dropped
  std::vector<load_waiter> waiters;
  std::list<write_op> writes; ///< the first one may be with the pager
  ticket handed_over = 0;     ///< that one's call, or 0
  std::uint64_t expected = 0; ///< bytes that its page will take once it is cached
  std::uint32_t reads = 0;    ///< asked of the pager, and not answered
  ticket removed_by = 0;      ///< the last call by which the pager agreed to a removal
  bool refreshed = false;     ///< the pager has cached the page since it was handed over
  bool stalled = false;       ///< the first one waits for room in the cache

  [[nodiscard]] bool busy() const {
    return loads != 0 || reads != 0 || !waiters.empty() || !writes.empty();
  }
};

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

  /// Of a change of several pages, while it is told: how many it is told of, a hash of
  /// which, and where in `listed_change::places` the next one goes.
  std::uint32_t listed = 0;
  std::uint32_t listed_hash = 0;
  std::size_t next_listed = 0;

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

/// One line of the processor's cache: a million of them are looked at in any order.
struct alignas(64) frame {
  page_ptr page;             ///< null: not resident
  std::uint64_t version = 0; ///< of the last change not known to be on disk; 0: clean
  frame* older = nullptr;    ///< its neighbours among the pages that may be evicted
  frame* newer = nullptr;
  thin_vector<watching> watchers;
  std::unique_ptr<frame_rest> rest; ///< there whenever the page is not
  ns_id ns = 0;
  bool pending = false;
  bool absent : 1 = false;    ///< known to be neither resident nor on disk
  bool told : 1 = false;      ///< the pager heard `watch` and not yet `unwatch`
  bool in_flight : 1 = false; ///< in a batch that is being committed
  bool listed : 1 = false;    ///< among the pages that may be evicted
  std::uint8_t queue = 0;     ///< of page-out's two, which one it waits in, from 1; 0: none
  removal gone = removal::deleted; ///< why there is none, if there was one

  /// Lives until the page, or what is known of it, changes.
  [[nodiscard]] std::string_view id() const { return page ? page->id() : rest->id; }

  [[nodiscard]] frame_rest& active() {
    if (!rest)
      rest = std::make_unique<frame_rest>();
    return *rest;
  }

  [[nodiscard]] const std::shared_ptr<commit_group>& group() const {
    static const std::shared_ptr<commit_group> none;
    return rest ? rest->group : none;
  }
};

static_assert(sizeof(frame) == 64);

} // namespace flok
