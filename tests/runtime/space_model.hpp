// What an address space must do, told as plainly as can be: maps, and no cleverness.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "runtime/address_space.hpp"
#include "tests/runtime/pages.hpp"

namespace flok::testing {

using page_key = std::pair<ns_id, std::string>;

/// A version of a page. `position` counts the page's changes up to this one.
struct kept_page {
  page_ptr page;
  bool pending = false;
  std::uint64_t position = 0;
};

/// What a disk keeps of a page.
struct kept_record {
  std::string bytes;
  std::uint64_t position = 0;
};

using disk_image = std::map<page_key, kept_record>;

/// Looks on while an address space runs: is told of each event before it, and of each
/// effect after it, and fails the test where the rules are broken. It keeps
/// - what each watcher must be sent, exactly, and in which order answers may follow it;
/// - what the pager may be told, and what a write must replace;
/// - what a commit must hold, and what must be on disk once a page-out has been answered;
/// - the counts that `stats` must give.
class space_model {
public:
  space_model(std::size_t namespaces, bool storage);

  // -- events

  void watch(request_id r, watcher_id w, const page_key& key, bool sync);
  void unwatch(request_id r, watcher_id w, const page_key& key);
  void forget(request_id r, watcher_id w);
  void read(request_id r, const page_key& key, bool sync);
  void write(request_id r, ns_id ns, const page_ptr& page);
  void edit(request_id r, const page_key& key, std::vector<flok::edit> edits,
            std::optional<page_kind> create);
  void page_out(request_id r);
  void drain(request_id r);
  void cache_write(ns_id ns, const std::vector<page_ptr>& pages, bool pending);
  void loaded(const page_key& key, const std::optional<kept_page>& found);
  void load_failed(ns_id ns);
  void committed(const std::vector<std::pair<page_key, kept_page>>& batch);
  void commit_failed();
  void pager_lost(ns_id ns);
  void pager_started(ns_id ns);

  // -- effects, and the end of an event

  void effect(const flok::effect& e);
  void settled(const address_space& space);

  /// What must hold whenever a commit has been written: of a cache_write's pages all are on
  /// disk, that version or a newer one, or none.
  void check_disk(const disk_image& disk);

  /// At the end, when nothing is under way any more.
  void check_quiet() const;

  /// The process has died: only `disk` remains. Each page on it must be a version of the
  /// page's history, whole, and no older than the last page-out that was answered.
  void crashed(const disk_image& disk);

  // -- what is known

  [[nodiscard]] page_ptr resident(const page_key& key) const;
  [[nodiscard]] std::uint64_t position(const page_key& key) const;
  [[nodiscard]] bool has_watchers(const page_key& key) const;
  [[nodiscard]] std::size_t unanswered() const { return requests_.size(); }
  [[nodiscard]] std::uint64_t notified() const { return notified_; }

private:
  struct page_state {
    page_ptr page; ///< null: not resident
    bool pending = false;
    std::uint64_t position = 0;                   ///< changes so far
    std::uint64_t confirmed = 0;                  ///< of those, known to be on disk
    std::uint64_t promised = 0;                   ///< of those, answered for by a page-out
    std::map<std::uint64_t, std::string> history; ///< records, by position
    std::set<watcher_id> watchers;
    std::set<watcher_id> shown; ///< those who have been sent what is resident
    bool told = false;
    bool write_out = false; ///< a write is with the pager
    std::deque<request_id> writes;
  };

  struct request {
    enum class kind { plain, sync_watch, read, read_sync, write, page_out, drain } what;
    page_key key;
    watcher_id watcher = 0;
    page_ptr page{}; ///< of a write; null: `edits` decide
    std::vector<flok::edit> edits{};
    std::optional<page_kind> create{};
    std::map<page_key, std::uint64_t> positions{}; ///< of a page-out: what it must commit
    std::uint64_t committed_before = 0;
    std::uint64_t failures_before = 0;
  };

  void expect(watcher_id w, ns_id ns, const strings& labels, origin why, bool pending);
  void change(page_state& s, const page_ptr& page, bool pending);

  void on(const effects::notify& n);
  void on(const effects::answer& a);
  void on(const effects::pager_watch& e);
  void on(const effects::pager_unwatch& e);
  void on(const effects::pager_write& e);
  void on(const effects::pager_read& e);
  void on(const effects::notify_removed& e);
  void on(const effects::pager_delete& e);
  void on(const effects::pager_invalidate& e);
  void on(const effects::list& e);
  void on(const effects::pager_barrier& e);
  void on(const effects::load& e);
  void on(const effects::commit& e);
  void on(const effects::arm_retry& e);
  void on(const effects::report& e);

  void check_answer(request_id id, const request& r, const effects::answer& a);
  void check_page_out(const request& r, const effects::answer& a);
  [[nodiscard]] page_ptr meant(const request& r, const page_state& s) const;
  [[nodiscard]] namespace_stats counted(ns_id ns) const;

  bool storage_;
  std::vector<bool> pager_up_;
  std::vector<std::uint64_t> loads_; ///< under way, by namespace
  std::map<page_key, page_state> pages_;
  std::map<request_id, request> requests_;
  std::multiset<std::string> expected_; ///< events that watchers are still to be sent
  std::vector<std::map<page_key, std::uint64_t>>
      groups_; ///< changed together, not yet kept
  std::size_t commits_out_ = 0;
  std::uint64_t committed_ = 0; ///< pages so far
  std::uint64_t failures_ = 0;  ///< of commits and loads
  std::uint64_t notified_ = 0;
};

} // namespace flok::testing
