#include "runtime/page_table.hpp"

#include <cstddef>
#include <new>
#include <utility>

#include <urcu/rculfhash.h>
#include <urcu/urcu-bp.h>

#include "runtime/hash.hpp"

namespace flok {

namespace {

/// What is looked for stays as long as this lives.
class reading {
public:
  reading() { urcu_bp_read_lock(); }
  ~reading() { urcu_bp_read_unlock(); }
  reading(const reading&) = delete;
  reading& operator=(const reading&) = delete;
};

/// A page's place in the table. It never changes: another page has another one.
struct place : cds_lfht_node, rcu_head {
  explicit place(page_ptr p) : cds_lfht_node{}, rcu_head{}, page{std::move(p)} {}

  page_ptr page;
};

place& place_of(cds_lfht_node* node) { return *static_cast<place*>(node); }

int has_id(cds_lfht_node* node, const void* id) {
  return place_of(node).page->id() == *static_cast<const std::string_view*>(id) ? 1 : 0;
}

void let_go(rcu_head* head) { delete static_cast<place*>(head); }

void let_go_later(cds_lfht_node* node) { urcu_bp_call_rcu(&place_of(node), let_go); }

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
    urcu_bp_barrier();
  }

  void put(page_ptr page) {
    auto next = std::make_unique<place>(std::move(page));
    const auto id = next->page->id();
    if (add(id, next.release()) && ++size_ > buckets_)
      cds_lfht_resize(table_, buckets_ *= 2);
  }

  void erase(std::string_view id) {
    const reading now;
    if (auto* node = look(id); node != nullptr && cds_lfht_del(table_, node) == 0) {
      let_go_later(node);
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
    auto* old = cds_lfht_add_replace(table_, xxh3(id), has_id, &id, next);
    if (old != nullptr)
      let_go_later(old);
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
        let_go_later(node);
  }

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
