#include "tools/check_links.hpp"

#include <algorithm>

#include "runtime/hash.hpp"
#include "tools/open_store.hpp"

namespace flok::tools {

namespace {

/// "its _next NAME"
std::string its(const char* pointer, std::string_view id) {
  return std::string{"its "} + pointer + " " + readable(id);
}

/// Whether a list begins here: its first page is the next one.
bool begins_list(const page& p) { return !p.head() && p.empty() && p.next(); }

} // namespace

/// The page, or null where there is none that can be read; a damaged one has been told of.
page_ptr link_checker::load(std::string_view id) {
  auto got = view_.load(ns_, id);
  return got ? std::move(got->found.page) : nullptr;
}

void link_checker::check(const page& p) {
  if (p.head())
    check_head(p);
  if (p.next())
    check_next(p);
  if (p.prev())
    check_prev(p);
  if (begins_list(p))
    walk(p, [this](std::string_view) { ++reached_; });
}

void link_checker::check_head(const page& p) {
  ++members_;
  const auto head = load(*p.head());
  if (!head)
    tell_(p.id(), its("_head", *p.head()) + " is not there");
  else if (!begins_list(*head))
    tell_(p.id(), its("_head", *p.head()) + " is no head page");
}

void link_checker::check_next(const page& p) {
  const auto next = load(*p.next());
  if (!next) {
    tell_(p.id(), its("_next", *p.next()) + " is not there");
    return;
  }
  if (begins_list(p) && next->head() == p.id()) { // the first page has none before it
    if (next->prev() && next->prev() != p.id())
      tell_(p.id(),
            its("_next", *p.next()) + " has another _prev, " + readable(*next->prev()));
    return;
  }
  if (next->head() != p.head())
    tell_(p.id(), its("_next", *p.next()) + " is of another list");
  else if (next->prev() != p.id())
    tell_(p.id(), its("_next", *p.next()) + " has " +
                      (next->prev() ? "another _prev, " + readable(*next->prev())
                                    : std::string{"no _prev"}));
}

void link_checker::check_prev(const page& p) {
  const auto prev = load(*p.prev());
  if (!prev)
    tell_(p.id(), its("_prev", *p.prev()) + " is not there");
  else if (prev->next() != p.id())
    tell_(p.id(), its("_prev", *p.prev()) + " has " +
                      (prev->next() ? "another _next, " + readable(*prev->next())
                                    : std::string{"no _next"}));
}

/// Visits the list's pages. A ring is left at the latest when it has been gone round three
/// times (Brent's way of finding one).
void link_checker::walk(const page& head,
                        const std::function<void(std::string_view id)>& visit) {
  std::string kept;
  std::uint64_t steps = 0;
  std::uint64_t until = 1;
  page_ptr before; // its pointer names the next page
  for (auto id = head.next(); id && *id != kept;) {
    auto p = load(*id);
    if (!p || p->head() != head.id())
      return;
    visit(*id);
    if (++steps == until) {
      kept = *id;
      steps = 0;
      until *= 2;
    }
    before = std::move(p);
    id = before->next();
  }
}

expected<void> link_checker::find_orphans() {
  if (reached_ == members_)
    return {};
  std::vector<std::uint64_t> reached;
  auto ok = view_.scan(ns_, {}, [&](std::string_view, const load_result& got, std::size_t) {
    if (got.found.page && begins_list(*got.found.page))
      walk(*got.found.page,
           [&](std::string_view member) { reached.push_back(xxh3(member)); });
    return true;
  });
  if (!ok)
    return ok;
  std::sort(reached.begin(), reached.end());
  return view_.scan(ns_, {}, [&](std::string_view id, const load_result& got, std::size_t) {
    const auto& p = got.found.page;
    if (p && p->head() && !std::binary_search(reached.begin(), reached.end(), xxh3(id)))
      tell_(id, "an orphan: the list " + readable(*p->head()) + " does not reach it");
    return true;
  });
}

} // namespace flok::tools
