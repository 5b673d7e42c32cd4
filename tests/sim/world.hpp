// An address space in a world that one seed makes.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "tests/sim/answer_checker.hpp"
#include "tests/sim/count_checker.hpp"
#include "tests/sim/disk_checker.hpp"
#include "tests/sim/pager_checker.hpp"
#include "tests/sim/rules.hpp"
#include "tests/sim/stock.hpp"
#include "tests/sim/watcher_checker.hpp"

namespace flok::sim {

/// Who asks for what, when disk and pagers get round to it, what fails, who dies, and what
/// time it is: all of it follows from the seed. Each seed leaves some things out and does
/// others often, so that rare combinations happen. The disk has two moments for each call,
/// one at which it looks or writes, and one at which it tells. Pagers deal with what they
/// are told in order, whenever they get to it. Checkers look on: what is about to happen is
/// told to `truth` and to them, each effect is shown to them afterwards.
class world {
public:
  world(std::uint64_t seed, const page_stock& stock);

  /// Does that many random things; throws `broken_rule`.
  void run(std::uint64_t steps);

  /// Lets all come to its end without faults, pages out, and lets everyone leave.
  void end();

  [[nodiscard]] std::uint64_t steps() const { return steps_; }

  /// The last things that happened, one for each line.
  [[nodiscard]] std::string last_events() const;

private:
  enum op : std::uint8_t {
    op_watch,
    op_unwatch,
    op_forget,
    op_read,
    op_write,
    op_edit,
    op_erase,
    op_invalidate,
    op_list,
    op_cache_one,
    op_cache_some,
    op_page_out,
    op_pageout_due,
    op_drain,
    op_lose_pager,
    op_fail_load,
    op_fail_commit,
    op_crash,
    op_stray, ///< results that nobody waits for
    // What ends things is never left out.
    op_credit,
    op_start_pager,
    op_look,
    op_load,
    op_apply,
    op_commit,
    op_pager_acts,
    ops
  };
  struct load_call {
    ticket call;
    page_key key;
    request_id tag; ///< the last request before it
    std::uint64_t position;
    bool urgent;
    bool looked = false;
    kept_page found{};
  };
  struct list_call {
    ticket call;
    ns_id ns;
    id_range range;
    bool looked = false;
    std::vector<std::string> found{};
  };
  struct commit_call {
    ticket call;
    std::vector<std::pair<page_key, kept_page>> pages;
    bool applied = false;
  };
  struct pager_message {
    enum class kind : std::uint8_t { watch, unwatch, write, remove, read, barrier } what;
    page_key key;
    ticket call;
    request_id tag;
    page_ptr page{};
    bool invalidate = false;
  };
  struct pager {
    std::deque<pager_message> inbox;
    std::uint32_t answers_watch = 0, refuses = 0, pending = 0, brings_other = 0, silent = 0;
  };
  struct event {
    const char* what;
    page_key key;
    std::uint64_t number;
  };

  void start();
  void choose_ops();
  void step();
  [[nodiscard]] bool may(op what) const;
  bool act(op what);
  void timers();
  void perform();
  void note(const char* what, page_key key = keys, std::uint64_t number = 0);
  void check_idle() const;

  page_key some_key();
  unsigned some_slot() { return roll_.below(watchers_); }
  request rule_for(request r);

  bool watch();
  bool unwatch();
  bool forget(unsigned slot);
  bool read();
  bool write();
  bool edit();
  bool remove(request::kind what);
  bool list();
  bool page_out();
  bool drain();
  bool credit(bool all);
  bool credit(unsigned slot, std::uint32_t delivered);

  bool look();
  bool tell_load(bool fails);
  bool tell_list(bool fails);
  bool apply();
  bool tell_commit(bool fails);
  bool crash();
  bool stray();

  bool caches_by_itself(unsigned most);
  void cache(ns_id ns, const std::vector<page_ptr>& pages, bool pending);
  bool lose_pager();
  bool start_pager();
  bool pager_acts();
  void deal_with(pager& p, const pager_message& m);
  void deal_with_write(pager& p, const pager_message& m);
  void deal_with_removal(pager& p, const pager_message& m);
  void deal_with_read(pager& p, const pager_message& m);
  void removed(page_key k, removal how);

  void on(const effects::notify& e);
  void on(const effects::notify_removed& e);
  void on(const effects::answer& e);
  void on(const effects::pager_watch& e);
  void on(const effects::pager_unwatch& e);
  void on(const effects::pager_write& e);
  void on(const effects::pager_delete& e);
  void on(const effects::pager_invalidate& e);
  void on(const effects::pager_read& e);
  void on(const effects::pager_barrier& e);
  void on(const effects::load& e);
  void on(const effects::list& e);
  void on(const effects::commit& e);
  void on(const effects::arm_retry& e);
  void on(const effects::report& e);

  dice roll_;
  const page_stock& stock_;
  unsigned ids_;
  unsigned watchers_;
  std::uint64_t max_dirty_;
  std::uint64_t batch_bytes_;
  std::uint32_t every_; ///< chance that one asks for every version
  std::array<std::uint32_t, watcher_slots> slow_{}; ///< credit is kept back up to so much
  std::uint32_t interval_ms_;

  truth truth_;
  watcher_checker watcher_check_{truth_};
  answer_checker answer_check_{truth_, watcher_check_};
  pager_checker pager_check_{truth_, answer_check_};
  disk_checker disk_check_{truth_};
  count_checker count_check_{truth_, watcher_check_};

  std::unique_ptr<address_space> space_;
  std::array<op, 256> table_{};
  std::array<watcher_id, watcher_slots> who_{};
  watcher_id last_watcher_ = 0;
  std::array<std::uint32_t, watcher_slots> owed_{}; ///< notifications not dealt with

  disk_image disk_{};
  std::vector<load_call> loads_;
  std::vector<list_call> lists_;
  std::vector<commit_call> commits_;
  std::array<pager, spaces> pagers_;
  ticket last_call_ = 0;

  std::uint64_t now_ms_ = 0;
  std::uint64_t retry_at_ = 0; ///< 0: not armed
  std::uint64_t pageout_at_ = 0;
  std::uint64_t steps_ = 0;
  std::array<event, 32> events_{};
  std::uint64_t noted_ = 0;
};

} // namespace flok::sim
