#include "tests/sim/pager_checker.hpp"

#include <utility>

#include "tests/sim/rules.hpp"

namespace flok::sim {

void pager_checker::lost(ns_id ns) {
  for_each_key(keys_of(ns), [&](page_key k) {
    auto& p = truth_.pages[k];
    p.told = p.with_pager = false;
    p.reads = 0;
  });
}

void pager_checker::on(const effects::pager_watch& e) {
  auto& p = truth_.pages[key_of(e.ns, e.id)];
  must(truth_.pager_up[e.ns], "pager", "it is told of a watch while it is away");
  must(p.watchers != 0, "pager", "it is told of a watch, and nobody watches");
  must(!std::exchange(p.told, true), "pager", "it is told twice of a watch");
  must(e.page == (p.resident ? p.page : nullptr), "pager", "not the page as it is");
}

void pager_checker::on(const effects::pager_unwatch& e) {
  auto& p = truth_.pages[key_of(e.ns, e.id)];
  must(p.watchers == 0, "pager", "it is told of the end of a watch, and someone watches");
  must(std::exchange(p.told, false), "pager", "it is told of the end of no watch");
}

/// The first write of the page goes to the pager.
const request& pager_checker::hand_over(page_key k, request::kind what) {
  auto& p = truth_.pages[k];
  must(truth_.pager_up[ns_of(k)], "writes", "handed over to a pager that is away");
  must(!std::exchange(p.with_pager, true), "writes", "two at once are with the pager");
  must(!p.writes.empty(), "writes", "one that nobody asked for");
  const auto& r = answers_.at(p.writes.front());
  must(r.what == what, "writes", "out of order");
  must(!r.if_hash || *r.if_hash == p.hash(), "writes", "handed over in spite of if_hash");
  p.refreshed = false;
  return r;
}

/// The page that an edit means now; null where it cannot be made.
page_ptr pager_checker::meant(const request& r, const page_truth& p) const {
  const auto none = [] { return std::string{"made"}; };
  auto base =
      p.page ? copy_page(p.page, none) : new_page(page_kind::array, none, id_of(r.key));
  return apply_edits(std::move(base), r.edits).value_or(nullptr);
}

void pager_checker::on(const effects::pager_write& e) {
  const auto k = key_of(e.ns, e.page->id());
  const auto& p = truth_.pages[k];
  must(!p.writes.empty(), "writes", "one that nobody asked for");
  const bool edited = answers_.at(p.writes.front()).what == request::kind::edit;
  const auto& r = hand_over(k, edited ? request::kind::edit : request::kind::write);
  must(e.replaces == p.page, "writes", "not what it replaces");
  const auto page = edited ? meant(r, p) : r.page;
  must(page && (page == e.page || (edited && page->unmodified(*e.page))), "writes",
       "not the page that was meant");
}

void pager_checker::on(const effects::pager_delete& e) {
  hand_over(key_of(e.ns, e.id), request::kind::erase);
}

void pager_checker::on(const effects::pager_invalidate& e) {
  hand_over(key_of(e.ns, e.id), request::kind::invalidate);
}

void pager_checker::on(const effects::pager_read& e) {
  ++truth_.pages[key_of(e.ns, e.id)].reads;
  must(truth_.pager_up[e.ns], "pager", "it is to read while it is away");
  must(!truth_.pages[key_of(e.ns, e.id)].resident, "pager", "it reads what is resident");
}

void pager_checker::on(const effects::pager_barrier& e) const {
  must(truth_.pager_up[e.ns], "pager", "a barrier for one that is away");
}

void pager_checker::end_event() const {
  for (page_key k = 0; k < keys; ++k) {
    const auto& p = truth_.pages[k];
    if (p.watchers == 0)
      must(!p.told, "pager", "it is not told that the last watcher has gone");
    else if (!p.told) // a sync watch tells it behind its load
      must(p.loads != 0 || !truth_.pager_up[ns_of(k)], "pager",
           "it is not told of a watch");
    if (!p.writes.empty() && !p.with_pager)
      must(p.loads != 0 || truth_.max_bytes != 0, "writes", "one waits for nothing");
  }
}

} // namespace flok::sim
