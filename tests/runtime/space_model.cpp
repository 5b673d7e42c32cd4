#include "tests/runtime/space_model.hpp"

#include <algorithm>

#include "tests/catch.hpp"

namespace flok::testing {

namespace {

/// One event of one watcher, as text that can be compared.
std::string event_text(watcher_id w, ns_id ns, strings labels, origin why, bool pending) {
  std::sort(labels.begin(), labels.end());
  std::string text = 'w' + std::to_string(w) + " ns" + std::to_string(ns);
  for (const auto& l : labels)
    text += ' ' + l;
  return text + ' ' + std::string{to_string(why)} + (pending ? " pending" : "");
}

bool same(const page_ptr& a, const page_ptr& b) {
  return a == b || (a && b && a->unmodified(*b));
}

std::string told(const namespace_stats& n) {
  return std::to_string(n.pages) + " pages, " + std::to_string(n.dirty) + " dirty, " +
         std::to_string(n.watched) + " watched, " + std::to_string(n.watchers) +
         " watchers, " + std::to_string(n.loads) + " loads";
}

std::string first_of(const std::multiset<std::string>& all) {
  return all.empty() ? "" : *all.begin();
}

} // namespace

space_model::space_model(std::size_t namespaces, bool storage)
    : storage_{storage}, pager_up_(namespaces, true), loads_(namespaces, 0) {}

// -- events ------------------------------------------------------------------------------

void space_model::expect(watcher_id w, ns_id ns, const strings& labels, origin why,
                         bool pending) {
  expected_.insert(event_text(w, ns, labels, why, pending));
}

void space_model::watch(request_id r, watcher_id w, const page_key& key, bool sync) {
  requests_[r] = {sync ? request::kind::sync_watch : request::kind::plain, key, w};
  auto& s = pages_[key];
  if (s.watchers.insert(w).second && s.page)
    expect(w, key.first, {label(*s.page)}, origin::cache, s.pending);
}

void space_model::unwatch(request_id r, watcher_id w, const page_key& key) {
  requests_[r] = {request::kind::plain, key, w};
  pages_[key].watchers.erase(w);
  pages_[key].shown.erase(w);
}

void space_model::forget(request_id r, watcher_id w) {
  requests_[r] = {request::kind::plain, {}, w};
  for (auto& [key, s] : pages_) {
    s.watchers.erase(w);
    s.shown.erase(w);
  }
}

void space_model::read(request_id r, const page_key& key, bool sync) {
  requests_[r] = {sync ? request::kind::read_sync : request::kind::read, key};
}

void space_model::write(request_id r, ns_id ns, const page_ptr& page) {
  const page_key key{ns, page->id()};
  requests_[r] = {request::kind::write, key, 0, page};
  pages_[key].writes.push_back(r);
}

void space_model::edit(request_id r, const page_key& key, std::vector<flok::edit> edits,
                       std::optional<page_kind> create) {
  requests_[r] = {request::kind::write, key, 0, nullptr, std::move(edits), create};
  pages_[key].writes.push_back(r);
}

void space_model::page_out(request_id r) {
  auto& q = requests_[r] = {request::kind::page_out, {}};
  q.committed_before = committed_;
  q.failures_before = failures_;
  if (storage_)
    for (const auto& [key, s] : pages_)
      q.positions[key] = s.position;
}

void space_model::drain(request_id r) { requests_[r] = {request::kind::drain, {}}; }

void space_model::change(page_state& s, const page_ptr& page, bool pending) {
  s.page = page;
  s.pending = pending;
  s.shown.clear();
  append_record(s.history[++s.position], *page, pending);
}

void space_model::cache_write(ns_id ns, const std::vector<page_ptr>& pages, bool pending) {
  std::map<watcher_id, strings> news;
  std::map<page_key, std::uint64_t> group;
  for (const auto& page : pages) { // none of them twice
    const page_key key{ns, page->id()};
    auto& s = pages_[key];
    if (s.page && s.pending == pending && same(s.page, page))
      continue;
    change(s, page, pending);
    group[key] = s.position;
    for (const auto w : s.watchers)
      news[w].push_back(label(*page));
  }
  if (storage_ && group.size() > 1)
    groups_.push_back(std::move(group));
  for (const auto& [w, labels] : news)
    expect(w, ns, labels, origin::pager, pending);
}

void space_model::loaded(const page_key& key, const std::optional<kept_page>& found) {
  --loads_[key.first];
  auto& s = pages_[key];
  if (s.page || !found)
    return;
  s.page = found->page;
  s.pending = found->pending;
  s.position = s.confirmed = found->position;
  for (const auto w : s.watchers)
    expect(w, key.first, {label(*s.page)}, origin::disk, s.pending);
}

void space_model::load_failed(ns_id ns) {
  --loads_[ns];
  ++failures_;
}

void space_model::committed(const std::vector<std::pair<page_key, kept_page>>& batch) {
  --commits_out_;
  committed_ += batch.size();
  for (const auto& [key, kept] : batch)
    pages_[key].confirmed = kept.position;
}

void space_model::commit_failed() {
  --commits_out_;
  ++failures_;
}

void space_model::pager_lost(ns_id ns) {
  pager_up_[ns] = false;
  for (auto& [key, s] : pages_)
    if (key.first == ns)
      s.told = s.write_out = false;
}

void space_model::pager_started(ns_id ns) { pager_up_[ns] = true; }

void space_model::crashed(const disk_image& disk) {
  for (auto& [key, s] : std::exchange(pages_, {})) {
    INFO("page " << key.second);
    const auto entry = disk.find(key);
    const auto position = entry == disk.end() ? 0 : entry->second.position;
    CHECK(position >= s.promised);
    if (position == 0)
      continue;
    CHECK(entry->second.bytes == s.history.at(position));
    auto& next = pages_[key];
    next.position = next.confirmed = next.promised = position;
    next.history[position] = entry->second.bytes;
  }
  requests_.clear();
  expected_.clear();
  groups_.clear();
  commits_out_ = 0;
  std::fill(pager_up_.begin(), pager_up_.end(), true);
  std::fill(loads_.begin(), loads_.end(), 0);
}

// -- effects -----------------------------------------------------------------------------

void space_model::effect(const flok::effect& e) {
  std::visit([this](const auto& what) { on(what); }, e);
}

void space_model::on(const effects::notify& n) {
  strings labels;
  for (const auto& page : n.pages) {
    auto& s = pages_[{n.ns, std::string{page->id()}}];
    CHECK(s.page == page); // never an older version, and no copy
    s.shown.insert(n.watchers.begin(), n.watchers.end());
    labels.push_back(label(*page));
  }
  for (const auto w : n.watchers) {
    const auto text = event_text(w, n.ns, labels, n.why, n.pending);
    const auto at = expected_.find(text);
    INFO("sent: " << text << "; expected among others: " << first_of(expected_));
    REQUIRE(at != expected_.end());
    expected_.erase(at);
    ++notified_;
  }
}

void space_model::on(const effects::answer& a) {
  const auto entry = requests_.find(a.request);
  INFO("request " << a.request);
  REQUIRE(entry != requests_.end()); // each is answered once
  const request r = std::move(entry->second);
  requests_.erase(entry);
  check_answer(a.request, r, a);
}

void space_model::on(const effects::pager_watch& e) {
  auto& s = pages_[{e.ns, e.id}];
  INFO("pager told of " << e.id);
  CHECK(pager_up_[e.ns]);
  CHECK_FALSE(s.told);
  CHECK_FALSE(s.watchers.empty());
  CHECK(e.page == s.page);
  s.told = true;
}

void space_model::on(const effects::pager_unwatch& e) {
  auto& s = pages_[{e.ns, e.id}];
  INFO("pager told of the end of " << e.id);
  CHECK(s.told);
  CHECK(s.watchers.empty());
  s.told = false;
}

void space_model::on(const effects::pager_write& e) {
  auto& s = pages_[{e.ns, std::string{e.page->id()}}];
  CHECK(pager_up_[e.ns]);
  CHECK_FALSE(s.write_out);
  CHECK(e.replaces == s.page);
  REQUIRE_FALSE(s.writes.empty());
  CHECK(same(e.page, meant(requests_.at(s.writes.front()), s)));
  s.write_out = true;
}

void space_model::on(const effects::pager_read& e) {
  CHECK(pager_up_[e.ns]);
  CHECK(resident({e.ns, e.id}) == nullptr);
}

void space_model::on(const effects::notify_removed&) { FAIL("nobody removes pages"); }
void space_model::on(const effects::pager_delete&) { FAIL("nobody removes pages"); }
void space_model::on(const effects::pager_invalidate&) { FAIL("nobody removes pages"); }
void space_model::on(const effects::list&) { FAIL("nobody asks for lists"); }

void space_model::on(const effects::pager_barrier& e) { CHECK(pager_up_[e.ns]); }

void space_model::on(const effects::load& e) {
  CHECK(storage_);
  CHECK(resident({e.ns, e.id}) == nullptr);
  ++loads_[e.ns];
}

void space_model::on(const effects::commit& e) {
  CHECK(storage_);
  CHECK(++commits_out_ <= limits::batches_under_way);
  CHECK_FALSE(e.pages.empty());
  page_key last;
  for (const auto& p : e.pages) {
    const page_key key{p.ns, p.id};
    const auto& s = pages_[key];
    CHECK((&p == &e.pages.front() || last < key));
    CHECK(p.page == s.page); // the newest
    CHECK(p.pending == s.pending);
    CHECK(s.position != s.confirmed);
    last = key;
  }
}

void space_model::on(const effects::arm_retry& e) { CHECK(e.delay_ms >= 100); }

void space_model::on(const effects::report& e) {
  CHECK(e.what.code == errc::storage_failure);
}

/// The page that a write or an edit means now; null where an edit cannot be made.
page_ptr space_model::meant(const request& r, const page_state& s) const {
  if (r.page)
    return r.page;
  if (!s.page && !r.create)
    return nullptr;
  auto base = s.page ? copy_page(s.page, counted_ids())
                     : new_page(*r.create, counted_ids(), r.key.second);
  return apply_edits(std::move(base), r.edits).value_or(nullptr);
}

// -- answers -----------------------------------------------------------------------------

void space_model::check_answer(request_id id, const request& r, const effects::answer& a) {
  using kind = request::kind;
  const auto* why = std::get_if<error>(&a.result);
  auto& s = pages_[r.key];
  INFO("request " << id << " about " << r.key.second << ": "
                  << (why != nullptr ? why->message : "done"));
  if (why != nullptr && why->code == errc::storage_failure && r.what != kind::page_out)
    CHECK(failures_ != 0);
  if (why != nullptr && why->code == errc::no_such_page)
    CHECK(s.page == nullptr);
  switch (r.what) {
  case kind::drain:
    for (const auto& [other, q] : requests_)
      CHECK((other > id || q.what == kind::page_out));
    [[fallthrough]];
  case kind::plain:
    CHECK(std::holds_alternative<std::monostate>(a.result));
    break;
  case kind::sync_watch:
    CHECK((why != nullptr || s.page));
    if (s.watchers.contains(r.watcher) && s.page)
      CHECK(s.shown.contains(r.watcher)); // the answer follows its event
    break;
  case kind::read:
  case kind::read_sync:
    if (why == nullptr)
      CHECK(std::get<page_ptr>(a.result) == s.page);
    break;
  case kind::write:
    REQUIRE_FALSE(s.writes.empty());
    CHECK(s.writes.front() == id); // in order
    s.writes.pop_front();
    CHECK((why != nullptr || s.write_out));
    s.write_out = false;
    if (r.page && why == nullptr)
      CHECK(std::get<page_ptr>(a.result) == r.page);
    break;
  case kind::page_out:
    check_page_out(r, a);
  }
}

void space_model::check_page_out(const request& r, const effects::answer& a) {
  if (std::holds_alternative<error>(a.result)) {
    CHECK(failures_ > r.failures_before);
    return;
  }
  CHECK(std::get<std::uint64_t>(a.result) == committed_ - r.committed_before);
  for (const auto& [key, position] : r.positions) {
    INFO(key.second << " at " << position);
    auto& s = pages_[key];
    CHECK(s.confirmed >= position);
    s.promised = std::max(s.promised, position);
  }
}

// -- the state as a whole ----------------------------------------------------------------

namespace_stats space_model::counted(ns_id ns) const {
  namespace_stats n;
  n.loads = loads_[ns];
  for (const auto& [key, s] : pages_) {
    if (key.first != ns)
      continue;
    n.pages += s.page ? 1 : 0;
    n.dirty += storage_ && s.position != s.confirmed ? 1 : 0;
    n.watched += s.watchers.empty() ? 0 : 1;
    n.watchers += s.watchers.size();
  }
  return n;
}

void space_model::settled(const address_space& space) {
  if (!expected_.empty())
    FAIL("not sent: " << first_of(expected_));
  for (ns_id ns = 0; ns < loads_.size(); ++ns)
    if (!(uncounted_bytes(space.stats(ns)) == counted(ns)))
      FAIL("stats: " << told(space.stats(ns)) << "; expected " << told(counted(ns)));
}

void space_model::check_disk(const disk_image& disk) {
  const auto kept = [&](const page_key& key) {
    const auto entry = disk.find(key);
    return entry == disk.end() ? 0 : entry->second.position;
  };
  std::erase_if(groups_, [&](const auto& group) {
    const auto on_disk = [&](const auto& member) {
      return kept(member.first) >= member.second;
    };
    const auto n = std::count_if(group.begin(), group.end(), on_disk);
    CHECK((n == 0 || n == static_cast<std::ptrdiff_t>(group.size())));
    return n != 0;
  });
}

void space_model::check_quiet() const {
  CHECK(requests_.empty());
  for (const auto& [key, s] : pages_) {
    INFO(key.second);
    CHECK(s.told == !s.watchers.empty());
    CHECK_FALSE(s.write_out);
    CHECK(s.writes.empty());
    if (s.page)
      CHECK(s.shown == s.watchers); // everyone has the newest
  }
}

page_ptr space_model::resident(const page_key& key) const {
  const auto entry = pages_.find(key);
  return entry == pages_.end() ? nullptr : entry->second.page;
}

std::uint64_t space_model::position(const page_key& key) const {
  const auto entry = pages_.find(key);
  return entry == pages_.end() ? 0 : entry->second.position;
}

bool space_model::has_watchers(const page_key& key) const {
  const auto entry = pages_.find(key);
  return entry != pages_.end() && !entry->second.watchers.empty();
}

} // namespace flok::testing
