// Every message between flok's actors, and their typed interfaces.
//
// All messages are values, cheap to copy (pages are shared), and serializable: a page
// crosses a network as its JSON and is validated on arrival.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "../runtime/codec.hpp"
#include "../runtime/config.hpp"
#include "../runtime/edits.hpp"
#include "../runtime/effects.hpp"
#include "../runtime/page.hpp"
#include "../runtime/page_list.hpp"
#include "../runtime/stats.hpp"
#include "caf_compat.hpp"
#include "timing.hpp"

namespace flok {

// -- to watchers --------------------------------------------------------------

/// Pages that a watcher watches, as they are now. Seed 002, `read_res`.
struct read_res {
  std::string ns;
  page_list pages; ///< never empty
  origin why = origin::cache;
  bool pending = false;
  time_sent sent{}; ///< of few, to see how soon they are taken up
};

/// A page that a watcher watches is there no longer.
struct removed {
  std::string ns;
  std::string id;
  removal how = removal::deleted;
};

/// Something went wrong that nobody in particular asked for, e.g. a commit.
struct problem {
  error what;
};

/// Anyone who watches pages. It tells the vm with `credit` what it has dealt with.
using watcher_actor = interface<handles<read_res>, handles<removed>>;

/// Anyone who wants to know of problems.
using problem_listener = interface<handles<problem>>;

// -- answers ------------------------------------------------------------------

struct done {};

struct page_reply {
  page_ptr page; ///< never null
  bool pending = false;
};

struct written {
  page_ptr page; ///< as it went to the pager, with its hash
};

struct pageout_reply {
  std::uint64_t pages = 0; ///< committed meanwhile
};

struct stats_reply {
  struct entry {
    std::string ns;
    namespace_stats counts;
  };
  std::vector<entry> namespaces;
};

// -- to pagers (docs/pagers.md) -----------------------------------------------

/// A pager caches pages of its namespace, all at once: they become visible, reach a
/// watcher, and are committed together. Only the pager that the vm started is listened to.
struct cache_write {
  std::vector<page_ptr> pages; ///< none null
  bool pending = false;
};

/// Deletes a page, in turn with its writes, where its pager agrees. From a pager: the page
/// is gone where it comes from; it is asked in its turn like anyone's.
struct delete_request {
  std::string ns;
  std::string id;
  write_rule rule{};
};

/// Where a pager caches, and says what is gone.
using cache_actor = interface<handles<cache_write>, handles<delete_request, done>>;

/// The first message to a pager, once in its life.
struct pager_init {
  std::string ns;
  std::string options; ///< JSON text of an object
  cache_actor cache;
};

/// The page got its first watcher; `page` is null where it is not resident.
struct pager_watch {
  std::string id;
  page_ptr page;
};

/// The page lost its last watcher.
struct pager_unwatch {
  std::string id;
};

/// Someone reads a page that is neither resident nor on disk.
struct pager_read {
  std::string id;
};

/// The page, or null where there is none.
struct pager_read_reply {
  page_ptr page;
};

/// Someone writes; `replaces` is what is resident now, or null. The answer is `done`, sent
/// after any `cache_write` that it caused, or an error.
struct pager_write {
  page_ptr page; ///< never null
  page_ptr replaces;
};

/// Someone deletes a page. The answer is `done`, upon which it is gone, or an error.
struct pager_delete {
  std::string id;
};

/// Someone says that the copy of a page is not to be trusted. The answer is `done`, upon
/// which it is dropped, unless the pager has cached another one in the meantime; or an
/// error, `unsupported` where the pager is the authority itself.
struct pager_invalidate {
  std::string id;
};

/// Answered at once; that tells that all messages before it are dealt with.
struct pager_barrier {};

using pager_actor =
    interface<handles<pager_init>, handles<pager_watch>, handles<pager_unwatch>,
              handles<pager_read, pager_read_reply>, handles<pager_write, done>,
              handles<pager_delete, done>, handles<pager_invalidate, done>,
              handles<pager_barrier, done>>;

/// A pager's own timer: `about` is whatever it needs to know then.
struct pager_tick {
  std::string about;
  std::uint64_t call = 0;
};

/// Spawns a pager, never null; called again when it has died. Any thread may call.
using pager_factory = std::function<pager_actor(caf::actor_system&)>;

/// The pagers that a configuration may name (pagers/registry.hpp).
class pager_source {
public:
  virtual ~pager_source() = default;

  /// Their names and rules.
  [[nodiscard]] virtual std::vector<pager_kind> kinds() const = 0;

  /// How the pager of that name, one of `kinds`, is made.
  [[nodiscard]] virtual pager_factory factory(std::string_view name) const = 0;
};

/// Asks a `spec` pager for its record.
struct pager_log_request {};

struct pager_log_reply {
  std::string json; ///< as the shell's `log` prints it
};

/// A pager that records what it hears (pagers/spec.hpp).
using spec_pager_actor = pager_actor::extend<handles<pager_log_request, pager_log_reply>>;

// -- to storage ---------------------------------------------------------------

/// Pages of one namespace, many at once.
struct load_request {
  std::string ns;
  std::vector<std::string> ids;
};

struct loaded_page {
  page_ptr page; ///< null: not there
  bool pending = false;
  std::string damage; ///< why a record that is there could not be used; mostly empty
  std::string failed; ///< why the disk could not be looked at; mostly empty
};

struct load_reply {
  std::vector<loaded_page> pages; ///< one for each id
};

/// The ids of a namespace's pages, to storage of those on disk, to a vm of all of them.
struct list_request {
  std::string ns;
  id_range range;
};

struct list_reply {
  std::vector<std::string> ids; ///< sorted by bytes
};

/// Reads pages. Errors: `storage_failure`.
using storage_reader =
    interface<handles<load_request, load_reply>, handles<list_request, list_reply>>;

struct commit_page {
  std::string ns;
  std::string id;
  page_ptr page; ///< null: it is to be off the disk
  bool pending = false;
};

/// All of it or nothing; sorted by namespace and id.
struct commit_request {
  std::vector<commit_page> pages;
};

/// Commits pages. Errors: `storage_failure`.
using storage_writer = interface<handles<commit_request, done>>;

// -- to the vm ----------------------------------------------------------------

struct watch_request {
  std::string ns;
  std::string id;
  bool sync = false;
  watcher_actor watcher;
  bool every = false; ///< every version, however slow the watcher is
};

struct unwatch_request {
  std::string ns;
  std::string id;
  watcher_actor watcher;
};

/// Ends all watches of a watcher, as its death would.
struct forget_request {
  watcher_actor watcher;
};

/// The watcher has dealt with so many `read_res` and `removed` of this vm. Where there are
/// `limits::undelivered` that it has not, only the newest state of each page waits for it.
struct credit {
  watcher_actor watcher;
  std::uint32_t delivered = 0;
};

struct read_request {
  std::string ns;
  std::string id;
  bool sync = false;
  bool keep = true; ///< false: what is loaded for this alone does not stay resident
};

struct write_request {
  std::string ns;
  page_ptr page; ///< null is refused: `invalid_page`
  write_rule rule{};
};

struct edit_request {
  std::string ns;
  std::string id;
  std::vector<edit> edits;
  std::optional<page_kind> create;
  write_rule rule{};
};

struct invalidate_request {
  std::string ns;
  std::string id;
};

/// Caches as the namespace's pager would. Only where `debug` is on: `unsupported`.
struct cache_request {
  std::string ns;
  std::vector<page_ptr> pages; ///< none null
  bool pending = false;
};

struct pageout_request {};

/// Answered once nothing that earlier requests caused is under way.
struct drain_request {};

struct stats_request {};

struct find_pager_request {
  std::string ns;
};

struct find_pager_reply {
  pager_actor pager;
};

struct listen_request {
  problem_listener listener;
};

/// The vm's own timers.
struct pageout_tick {};
struct retry_tick {};
struct restart_tick {
  std::uint32_t ns = 0;
};

/// The vm service. It serves the namespaces that it was given; others are errors
/// (`unknown_namespace`).
using vm_actor =
    interface<handles<cache_write>, handles<watch_request, done>,
              handles<unwatch_request, done>, handles<forget_request, done>,
              handles<credit>, handles<delete_request, done>,
              handles<invalidate_request, done>, handles<list_request, list_reply>,
              handles<cache_request, done>, handles<read_request, page_reply>,
              handles<write_request, written>, handles<edit_request, written>,
              handles<pageout_request, pageout_reply>, handles<drain_request, done>,
              handles<stats_request, stats_reply>,
              handles<find_pager_request, find_pager_reply>, handles<listen_request, done>,
              handles<pageout_tick>, handles<retry_tick>, handles<restart_tick>>;

// -- to controllers -----------------------------------------------------------

/// There is something to run that did not come as a message (controller.hpp).
struct wake_up {};

/// Answered once all messages before it are dealt with.
struct barrier_request {};

/// From now on the controller takes that long over each event; without holding up a thread.
/// To see what a slow one does to others.
struct stall_request {
  std::uint64_t ms = 0;
};

/// A stalled controller's own timer.
struct stall_tick {};

/// A controller: a watcher that also runs what its owner posts, and hears of what concerns
/// all that it does, such as a lost connection.
using controller_actor =
    watcher_actor::extend<handles<problem>, handles<wake_up>,
                          handles<barrier_request, done>, handles<stall_request, done>,
                          handles<stall_tick>>;

} // namespace flok

#include "messages_inspect.hpp"
