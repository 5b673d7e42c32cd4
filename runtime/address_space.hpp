// The vm's state machine: events in, effects out.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "draft.hpp"
#include "edits.hpp"
#include "effects.hpp"
#include "errors.hpp"
#include "frame.hpp"
#include "frame_table.hpp"
#include "limits.hpp"
#include "lru_list.hpp"
#include "meters.hpp"
#include "notices.hpp"
#include "page_table.hpp"
#include "pageout.hpp"
#include "stats.hpp"
#include "watch_table.hpp"

namespace flok {

struct address_space_options {
  std::vector<std::string> namespaces;
  bool storage = false; ///< false: nothing is loaded, dirty or committed
  std::uint64_t max_dirty = limits::max_dirty_default;
  std::uint64_t batch_bytes = limits::batch_bytes; ///< of pages in one commit
  std::uint64_t max_bytes = 0; ///< of resident pages, 0: as many as there are
  bool debug = false;          ///< reports signatures that do not keep their promise
  std::vector<std::shared_ptr<page_table>> tables = {}; ///< kept for the namespaces, if any
  /// Where it counts, by namespace, for readers on any thread; none: its own.
  std::vector<std::shared_ptr<namespace_meters>> meters = {};
};

/// Cache, dirty set, notify map and its inverse, loads under way, writes in order,
/// page-out, eviction.
///
/// Pure: no actor, file, clock, thread or random device. Each call is one event; what is to
/// be done about it is appended to the effects, which the shell takes and performs, in
/// order, reporting outcomes as further events. Not for several threads at once. The rules
/// are the design's, section 3, and seed 002's.
class address_space {
public:
  address_space(address_space_options options, id_source ids);
  ~address_space();
  address_space(const address_space&) = delete;
  address_space& operator=(const address_space&) = delete;

  /// The namespace of that name, or none.
  [[nodiscard]] std::optional<ns_id> find(std::string_view name) const;
  [[nodiscard]] const std::string& name(ns_id ns) const { return spaces_[ns].name; }

  /// The effects of all events since the last call; room in the cache is made before. The
  /// memory of `spent`, effects that were performed, is used for the next ones.
  [[nodiscard]] std::vector<effect> take_effects(std::vector<effect> spent = {});

  // -- requests: each is answered once, by an `effects::answer` ---------------

  /// `every`: this watcher gets every version of the page, however slow it is.
  void watch(request_id request, watcher_id who, ns_id ns, std::string_view id, bool sync,
             bool every = false);
  void unwatch(request_id request, watcher_id who, ns_id ns, std::string_view id);

  /// The watcher is gone, or wants to be: all of its watches end.
  void forget(request_id request, watcher_id who);

  /// It has dealt with so many notifications (`limits::undelivered`). Not answered.
  void credit(watcher_id who, std::uint32_t delivered);

  /// Whether it watches anything.
  [[nodiscard]] bool watches(watcher_id who) { return watches_.find(who) != nullptr; }

  /// Without `keep`, a page that is loaded for this alone does not stay resident: whoever
  /// reads all there is must not fill the cache.
  void read(request_id request, ns_id ns, std::string_view id, bool sync, bool keep = true);
  void write(request_id request, ns_id ns, page_ptr page, write_rule rule = {});

  /// Applies `edits` to what is resident when the write's turn comes. A page that is
  /// neither resident nor on disk begins empty as `create`, or is `no_such_page`.
  void edit(request_id request, ns_id ns, std::string_view id,
            std::vector<flok::edit> edits, std::optional<page_kind> create,
            write_rule rule = {});

  /// Deletes the page where its pager agrees, in turn with the writes. That there is none
  /// is no error.
  void erase(request_id request, ns_id ns, std::string_view id, write_rule rule = {});

  /// This copy is not to be trusted: out of the cache and off the disk, where its pager
  /// agrees. What the pager has cached since it was told is not touched.
  void invalidate(request_id request, ns_id ns, std::string_view id);

  /// Answered with the ids of the pages in memory or on disk, sorted by bytes.
  void list(request_id request, ns_id ns, id_range range);

  /// Pages out now; answered with the number of pages committed meanwhile.
  void page_out(request_id request);

  /// Answered once nothing that earlier requests caused is under way: no load, no call to a
  /// pager, and no message that a pager has not dealt with.
  void drain(request_id request);

  // -- what pagers do ---------------------------------------------------------

  void cache_write(ns_id ns, const std::vector<page_ptr>& pages, bool pending);
  void pager_wrote(ticket call, const expected<void>& result);
  void pager_read_done(ticket call, const expected<page_ptr>& result);
  void pager_passed(ticket call);

  /// The pager has died: what it was asked is answered `pager_down`, as is what it is asked
  /// until `pager_started`, which tells it of every watch, in order of ids.
  void pager_lost(ns_id ns);
  void pager_started(ns_id ns);

  // -- what storage and timers do ---------------------------------------------

  /// A load's result; an empty `stored_page` where there is no such page.
  void loaded(ticket call, const expected<stored_page>& result);
  void listed(ticket call, const expected<std::vector<std::string>>& result);
  void committed(ticket call, const expected<void>& result);
  void pageout_due();   ///< the interval is over
  void retry_pageout(); ///< the time of `arm_retry` is over

  [[nodiscard]] namespace_stats stats(ns_id ns) const;
  [[nodiscard]] namespace_totals totals(ns_id ns) const;

  /// The resident page, or null.
  [[nodiscard]] page_ptr resident(ns_id ns, std::string_view id) const;

private:
  struct space {
    std::string name;
    frame_table frames;
    std::shared_ptr<page_table> table;        ///< kept like the frames' pages; may be null
    std::shared_ptr<namespace_meters> meters; ///< never null
    bool pager_up = true;
    std::uint64_t expected_bytes = 0; ///< of pages that its pager is asked to cache
    std::deque<frame*> stalled;       ///< whose writes wait for room
  };

  struct load_call {
    frame* f;
    std::uint64_t generation;
    pending_work::epoch since;
  };

  /// A write (its frame is kept alive by its activity) or a read.
  struct pager_call {
    frame* f; ///< null for a read
    ns_id ns;
    request_id request; ///< of a read
    std::string id;     ///< of a read
    pending_work::epoch since;
  };

  /// A list: what memory knows, as it was when it was asked for.
  struct list_call {
    request_id request;
    std::uint64_t limit;
    std::vector<std::string> resident;
    std::vector<std::string> gone; ///< that the disk may still have
    pending_work::epoch since;
  };

  struct drain_wait {
    request_id request;
    pending_work::epoch until; ///< work of that epoch and before it is waited for
    std::size_t barriers = 0;  ///< not passed yet
    bool sent = false;
  };

  frame& at(ns_id ns, std::string_view id);
  [[nodiscard]] frame* find_frame(ns_id ns, std::string_view id);
  void settle(frame& f);

  void answer(request_id request);
  void answer(request_id request, page_ptr page, bool pending = false);
  void answer(request_id request, std::vector<std::string> ids);
  void answer(request_id request, error why);

  void tell_watch(frame& f);
  void tell_unwatch(frame& f);
  void check_promises(const page& p);
  void set_resident(frame& f, page_ptr page, bool pending);
  void drop_resident(frame& f);
  void uncount_resident(frame& f);
  void mark_dirty(const std::vector<frame*>& changed);
  void remove_page(frame& f, removal how);

  void start_load(frame& f, bool urgent);
  void settle_load(frame& f, const error* failed);
  void ask_pager(frame& f, request_id request, pending_work::epoch since);
  void settle_waiter(frame& f, const load_waiter& w, const error* failed);
  void give_up(frame& f);

  void enqueue(ns_id ns, std::string_view id, write_op op);
  void pump(frame& f);
  [[nodiscard]] bool ready_to_write(frame& f);
  [[nodiscard]] expected<void> prepare(const frame& f, write_op& op) const;
  void hand_over(frame& f, write_op& op);
  void drop_first_write(frame& f, const error& why);
  void finish_write(frame& f, write_op& op, const expected<void>& result);
  void refuse_writes(frame& f, const error& why);

  void expect_dirty(frame& f, const page_ptr& page);
  void expected_came(frame& f);
  [[nodiscard]] bool crowded(const space& in) const;
  [[nodiscard]] bool stall(frame& f);
  void page_out_if_due();
  void make_room();
  void evict();
  void resume_stalled();

  void advance_drains();

  id_source ids_;
  bool storage_;
  bool debug_;
  std::vector<effect> out_;
  std::vector<space> spaces_;
  pending_work work_;
  watch_table watches_{work_};
  notices notices_;
  pageout pageout_;
  lru_list evictable_;
  std::uint64_t max_bytes_;
  std::uint64_t bytes_ = 0;          ///< of resident pages
  std::uint64_t dirty_bytes_ = 0;    ///< of dirty ones
  std::uint64_t expected_bytes_ = 0; ///< of those that all pagers are asked to cache
  std::unordered_map<ticket, load_call> loads_;
  std::unordered_map<ticket, pager_call> pager_calls_;
  std::unordered_map<ticket, request_id> barriers_;
  std::unordered_map<ticket, list_call> lists_;
  std::deque<drain_wait> drains_;
  ticket next_ticket_ = 0;
};

} // namespace flok
