#include "tests/sim/disk_checker.hpp"

#include <bit>
#include <utility>

#include "runtime/limits.hpp"
#include "tests/sim/rules.hpp"

namespace flok::sim {

void disk_checker::changed_together(key_mask changed) {
  if (std::popcount(changed) < 2)
    return;
  group g{changed, {}};
  for_each_key(changed, [&](page_key k) { g.positions[k] = truth_.pages[k].position; });
  groups_.push_back(g);
}

void disk_checker::on(const effects::commit& c) {
  must(truth_.storage, "commits", "there is no disk");
  must(under_way_.size() < limits::batches_under_way, "commits", "too many at once");
  must(!c.pages.empty(), "commits", "an empty one");
  key_mask before = 0;
  key_mask all = 0;
  for (const auto& e : c.pages) {
    const auto k = key_of(e.ns, e.id);
    const auto& p = truth_.pages[k];
    must(before < bit(k), "commits", "not sorted, or one twice");
    must(p.dirty(), "commits", "a page that is not dirty");
    for (const auto& [call, pages] : under_way_)
      must((pages & bit(k)) == 0, "commits", "a page that is being committed");
    must(e.page == p.page && e.pending == p.pending, "commits", "not the newest version");
    before = bit(k);
    all |= bit(k);
  }
  under_way_.emplace(c.call, all);
}

void disk_checker::applied(const disk_image& disk) {
  std::erase_if(groups_, [&](const group& g) {
    int there = 0;
    for_each_key(g.members,
                 [&](page_key k) { there += disk[k].position >= g.positions[k] ? 1 : 0; });
    must(there == 0 || there == std::popcount(g.members), "groups",
         "a part of what changed together is on disk");
    return there != 0;
  });
}

void disk_checker::crashed(const disk_image& disk) {
  for (page_key k = 0; k < keys; ++k) {
    const auto& kept = disk[k];
    must(kept.position >= truth_.pages[k].promised, "kept",
         "the disk has an older version than was promised");
    page_truth next;
    next.page = kept.page;
    next.pending = kept.pending;
    next.position = next.confirmed = next.promised = kept.position;
    truth_.pages[k] = std::move(next);
  }
  groups_.clear();
  under_way_.clear();
}

void disk_checker::check_kept(const disk_image& disk) const {
  for (page_key k = 0; k < keys; ++k)
    must(disk[k].position == truth_.pages[k].position &&
             disk[k].page == truth_.pages[k].page,
         "kept", "the disk lacks what was paged out");
}

} // namespace flok::sim
