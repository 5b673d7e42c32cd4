// An address space in a world that one seed makes: who asks for what, when disk and pagers
// get round to it, and what fails.
#pragma once

#include <array>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <variant>
#include <vector>

#include "runtime/address_space.hpp"
#include "tests/runtime/space_model.hpp"

namespace flok::testing {

/// Runs an address space under a `space_model`. The disk has two moments for each call: one
/// at which it looks or writes, one at which it tells; pagers deal with what they are told
/// in order, whenever they get to it. Each seed leaves some things out and does others
/// often, so that rare combinations happen.
class simulated_world {
public:
  explicit simulated_world(std::uint64_t seed);
  ~simulated_world();

  /// Does that many random things.
  void run(std::size_t steps);

  /// Lets all that is under way come to its end, without faults.
  void quiesce();

  /// Pages out until nothing is dirty, and compares the disk with the memory.
  void check_kept();

  /// Everybody leaves; nobody may be remembered.
  void check_left();

  /// Kills the address space where it stands and starts another one on the same disk. What
  /// was being committed may be there or not.
  void crash();

  [[nodiscard]] const space_model& model() const { return model_; }

private:
  struct load_call {
    ticket call;
    page_key key;
    bool looked = false;
    std::optional<kept_page> found;
  };
  struct commit_call {
    ticket call;
    std::vector<std::pair<page_key, kept_page>> pages;
    bool applied = false;
  };
  using pager_message =
      std::variant<effects::pager_watch, effects::pager_unwatch, effects::pager_write,
                   effects::pager_read, effects::pager_barrier>;
  struct posted {
    pager_message message;
    request_id behind; ///< the last request before it
  };
  struct pager {
    bool up = true;
    std::deque<posted> inbox;
  };
  struct action {
    std::size_t weight;
    std::function<void()> act;
  };

  void start();
  void choose_actions();
  void act();
  void perform();

  page_key some_key();
  watcher_id some_watcher();
  page_ptr some_version(const page_key& key);
  std::vector<flok::edit> some_edits();

  void request_edit();
  void request_forget();
  void request_drain();
  void check_drained(request_id r);
  void pager_caches(std::size_t most);
  void lose_pager();
  void start_pagers();
  void disk_looks();
  void disk_tells();
  void disk_fails_load();
  void commit_writes();
  void commit_ends(bool fails);
  void pager_acts();
  void deal_with(ns_id ns, const effects::pager_watch& m);
  void deal_with(ns_id ns, const effects::pager_unwatch& m);
  void deal_with(ns_id ns, const effects::pager_write& m);
  void deal_with(ns_id ns, const effects::pager_read& m);
  void deal_with(ns_id ns, const effects::pager_barrier& m);
  void cache(ns_id ns, const std::vector<page_ptr>& pages, bool pending);

  void take(const effect& e);

  dice roll_;
  bool storage_;
  bool faults_;
  std::size_t ids_;
  std::size_t watchers_;
  std::uint64_t max_dirty_;
  std::uint64_t batch_bytes_;
  space_model model_;
  std::unique_ptr<address_space> space_;
  std::vector<action> actions_;
  std::size_t weights_ = 0;

  disk_image disk_;
  std::deque<load_call> loads_;
  std::vector<commit_call> commits_;
  bool retry_armed_ = false;
  std::vector<pager> pagers_;
  std::set<request_id> drains_;
  request_id last_request_ = 0;
  std::uint64_t versions_ = 0;
};

} // namespace flok::testing
