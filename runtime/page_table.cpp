#include "runtime/page_table.hpp"

#include <atomic>
#include <cstddef>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#include <urcu/rculfhash.h>
#include <urcu/urcu-bp.h>

#include "runtime/hash.hpp"
#include "runtime/race_detector.hpp"

namespace flok {

namespace {

char grace_period; ///< readers come before what is done after one

/// What is looked for stays as long as this lives.
class reading {
public:
  reading() { urcu_bp_read_lock(); }
  ~reading() {
    comes_before(&grace_period);
    urcu_bp_read_unlock();
  }
  reading(const reading&) = delete;
  reading& operator=(const reading&) = delete;
};

/// A page's place in the table. It never changes: another page has another one.
struct place : cds_lfht_node {
  page_ptr page;
};

place& place_of(cds_lfht_node* node) {
  comes_after(node);
  return *static_cast<place*>(node);
}

int has_id(cds_lfht_node* node, const void* id) {
  return place_of(node).page->id() == *static_cast<const std::string_view*>(id) ? 1 : 0;
}

class places;

/// A place that is waited for, since readers may still be looking at it.
struct leaving : rcu_head {
  leaving(place& p, places& back) : rcu_head{}, what{p}, to{back} {}

  place& what;
  places& to; ///< where it belongs
  leaving* next = nullptr;
};

/// Where places come from, and go to once no reader can be looking at them. They lie side
/// by side, and so apart from the counts of pages' owners: those are what readers write to,
/// and a line of the processor's cache that one of them writes to is slow to all others.
class places {
public:
  places() = default;
  places(const places&) = delete;
  places& operator=(const places&) = delete;

  /// Returns once all that was taken back has been let go of.
  ~places() {
    urcu_bp_barrier();
    collect();
  }

  /// One for the page. Of the thread that changes the table, as is `take_back`.
  [[nodiscard]] place* make(page_ptr page) {
    if (unused_.empty())
      collect();
    if (unused_.empty())
      add_block();
    place* one = unused_.back();
    unused_.pop_back();
    one->page = std::move(page);
    return one;
  }

  void take_back(place& p) {
    auto* one = new leaving{p, *this};
    comes_before(one);
    urcu_bp_call_rcu(one, [](rcu_head* head) {
      auto* gone = static_cast<leaving*>(head);
      comes_after(gone);
      comes_after(&grace_period);
      gone->what.page = nullptr; // on liburcu's thread, which nobody waits for
      gone->to.add_gone(*gone);
    });
  }

private:
  static constexpr std::size_t in_a_block = 256;

  void add_gone(leaving& one) {
    one.next = gone_.load(std::memory_order_relaxed);
    while (!gone_.compare_exchange_weak(one.next, &one, std::memory_order_release,
                                        std::memory_order_relaxed))
      continue;
  }

  /// Makes use again of what has been let go of meanwhile.
  void collect() {
    for (leaving* one = gone_.exchange(nullptr, std::memory_order_acquire);
         one != nullptr;) {
      const std::unique_ptr<leaving> ends{one};
      unused_.push_back(&one->what);
      one = one->next;
    }
  }

  void add_block() {
    blocks_.push_back(std::make_unique<place[]>(in_a_block));
    for (std::size_t i = in_a_block; i-- > 0;)
      unused_.push_back(&blocks_.back()[i]);
  }

  std::vector<std::unique_ptr<place[]>> blocks_;
  std::vector<place*> unused_;
  std::atomic<leaving*> gone_ = nullptr; ///< no reader can be looking at them any more
};

constexpr unsigned long first_buckets = 64;

/// It grows when told to: by itself it would let eight pages share a bucket before it does.
cds_lfht* new_table() {
  auto* table =
      cds_lfht_new_flavor(first_buckets, first_buckets, 0, 0, &urcu_bp_flavor, nullptr);
  if (table == nullptr)
    throw std::bad_alloc{};
  return table;
}

} // namespace

class page_table::impl {
public:
  impl() = default;
  impl(const impl&) = delete;
  impl& operator=(const impl&) = delete;

  ~impl() {
    clear();
    cds_lfht_destroy(table_, nullptr);
  }

  void put(page_ptr page) {
    const auto id = page->id();
    if (add(id, places_.make(std::move(page))) && ++size_ > buckets_)
      cds_lfht_resize(table_, buckets_ *= 2);
  }

  void erase(std::string_view id) {
    const reading now;
    if (auto* node = look(id); node != nullptr && cds_lfht_del(table_, node) == 0) {
      places_.take_back(place_of(node));
      --size_;
    }
  }

  [[nodiscard]] page_ptr find(std::string_view id) const {
    const reading now;
    auto* node = look(id);
    return node != nullptr ? place_of(node).page : nullptr;
  }

private:
  /// False where it took another's place.
  bool add(std::string_view id, place* next) {
    const reading now;
    comes_before(next);
    auto* old = cds_lfht_add_replace(table_, xxh3(id), has_id, &id, next);
    if (old != nullptr)
      places_.take_back(place_of(old));
    return old == nullptr;
  }

  [[nodiscard]] cds_lfht_node* look(std::string_view id) const {
    cds_lfht_iter at{};
    cds_lfht_lookup(table_, xxh3(id), has_id, &id, &at);
    return cds_lfht_iter_get_node(&at);
  }

  void clear() {
    const reading now;
    cds_lfht_iter at{};
    for (cds_lfht_first(table_, &at); cds_lfht_iter_get_node(&at) != nullptr;
         cds_lfht_next(table_, &at))
      if (auto* node = cds_lfht_iter_get_node(&at); cds_lfht_del(table_, node) == 0)
        places_.take_back(place_of(node));
  }

  places places_;
  cds_lfht* table_ = new_table();
  unsigned long buckets_ = first_buckets;
  std::size_t size_ = 0;
};

page_table::page_table() : impl_{std::make_unique<impl>()} {}

page_table::~page_table() = default;

void page_table::put(page_ptr page) { impl_->put(std::move(page)); }

void page_table::erase(std::string_view id) { impl_->erase(id); }

page_ptr page_table::find(std::string_view id) const { return impl_->find(id); }

} // namespace flok
