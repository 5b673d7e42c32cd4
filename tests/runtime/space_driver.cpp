#include "tests/runtime/space_driver.hpp"

#include <algorithm>

#include "tests/catch.hpp"

namespace flok::testing {

namespace {

class teller {
public:
  explicit teller(const address_space& space) : space_{space} {}

  std::string operator()(const effects::notify& n) const {
    std::vector<watcher_id> watchers(n.watchers.begin(), n.watchers.end());
    std::sort(watchers.begin(), watchers.end());
    std::string out;
    for (const auto w : watchers)
      out += 'w' + std::to_string(w) + ' ';
    out += "<-";
    for (const auto& p : n.pages)
      out += ' ' + in(n.ns, label(*p));
    return out + " (" + std::string{to_string(n.why)} + (n.pending ? ", pending)" : ")");
  }

  std::string operator()(const effects::notify_removed& n) const {
    std::vector<watcher_id> watchers(n.watchers.begin(), n.watchers.end());
    std::sort(watchers.begin(), watchers.end());
    std::string out;
    for (const auto w : watchers)
      out += 'w' + std::to_string(w) + ' ';
    return out + "<- " + in(n.ns, n.id) + ' ' + std::string{to_string(n.how)};
  }

  std::string operator()(const effects::answer& a) const {
    return 'r' + std::to_string(a.request) + ": " + std::visit(*this, a.result);
  }
  std::string operator()(const std::monostate&) const { return "done"; }
  std::string operator()(const page_ptr& p) const { return p ? label(*p) : "done"; }
  std::string operator()(const std::vector<std::string>& ids) const {
    std::string out = "ids";
    for (const auto& id : ids)
      out += ' ' + id;
    return out;
  }
  std::string operator()(const std::uint64_t& n) const { return std::to_string(n); }
  std::string operator()(const error& e) const { return std::string{to_string(e.code)}; }

  std::string operator()(const effects::pager_watch& e) const {
    return "pager: watch " + in(e.ns, e.page ? label(*e.page) : e.id);
  }
  std::string operator()(const effects::pager_unwatch& e) const {
    return "pager: unwatch " + in(e.ns, e.id);
  }
  std::string operator()(const effects::pager_write& e) const {
    return "pager: write " + in(e.ns, label(*e.page)) + " over " +
           (e.replaces ? label(*e.replaces) : "nothing");
  }
  std::string operator()(const effects::pager_delete& e) const {
    return "pager: delete " + in(e.ns, e.id);
  }
  std::string operator()(const effects::pager_invalidate& e) const {
    return "pager: invalidate " + in(e.ns, e.id);
  }
  std::string operator()(const effects::pager_read& e) const {
    return "pager: read " + in(e.ns, e.id);
  }
  std::string operator()(const effects::pager_barrier& e) const {
    return "pager: barrier" + (e.ns == 0 ? "" : " of " + space_.name(e.ns));
  }
  std::string operator()(const effects::load& e) const {
    return "load " + in(e.ns, e.id) + (e.urgent ? " at once" : "");
  }
  std::string operator()(const effects::list& e) const {
    return "list " + e.range.prefix + "* after " + e.range.after;
  }
  std::string operator()(const effects::commit& e) const {
    std::string out = "commit";
    for (const auto& p : e.pages)
      out += ' ' + in(p.ns, p.page ? label(*p.page) : '-' + p.id) + (p.pending ? "?" : "");
    return out;
  }
  std::string operator()(const effects::arm_retry& e) const {
    return "retry in " + std::to_string(e.delay_ms) + " ms";
  }
  std::string operator()(const effects::report& e) const {
    return "report " + std::string{to_string(e.what.code)};
  }

private:
  [[nodiscard]] std::string in(ns_id ns, const std::string& id) const {
    return ns == 0 ? id : space_.name(ns) + '/' + id;
  }

  const address_space& space_;
};

/// Takes the oldest call about that page.
ticket take(std::map<std::string, std::deque<ticket>, std::less<>>& calls,
            std::string_view id, std::size_t which = 0) {
  const auto entry = calls.find(id);
  INFO("a call about " << id);
  REQUIRE(entry != calls.end());
  REQUIRE(entry->second.size() > which);
  const auto at = entry->second.begin() + static_cast<std::ptrdiff_t>(which);
  const ticket call = *at;
  entry->second.erase(at);
  return call;
}

ticket take(std::deque<ticket>& calls) {
  REQUIRE_FALSE(calls.empty());
  const ticket call = calls.front();
  calls.pop_front();
  return call;
}

const error storage_error{errc::storage_failure, "the disk is full"};

} // namespace

std::string told(const effect& e, const address_space& space) {
  return std::visit(teller{space}, e);
}

address_space_options options_with_storage() {
  address_space_options options{{"user", "other"}, true};
  options.batch_bytes = std::uint64_t{64} << 20U; // six pages of 10 MB
  return options;
}

address_space_options options_without_storage() { return {{"user", "other"}, false}; }

space_driver::space_driver(address_space_options options)
    : space{std::move(options), counted_ids()} {}

/// Remembers the calls that effects make.
void space_driver::note(const effect& e) {
  if (const auto* load = std::get_if<effects::load>(&e))
    loads_[load->id].push_back(load->call);
  else if (const auto* write = std::get_if<effects::pager_write>(&e))
    writes_[std::string{write->page->id()}].push_back(write->call);
  else if (const auto* erase = std::get_if<effects::pager_delete>(&e))
    writes_[erase->id].push_back(erase->call);
  else if (const auto* drop = std::get_if<effects::pager_invalidate>(&e))
    writes_[drop->id].push_back(drop->call);
  else if (const auto* list = std::get_if<effects::list>(&e))
    lists_.push_back(list->call);
  else if (const auto* read = std::get_if<effects::pager_read>(&e))
    reads_[read->id].push_back(read->call);
  else if (const auto* commit = std::get_if<effects::commit>(&e))
    commits_.push_back(commit->call);
  else if (const auto* barrier = std::get_if<effects::pager_barrier>(&e))
    barriers_.push_back(barrier->call);
}

void space_driver::pull() {
  for (auto& e : space.take_effects()) {
    note(e);
    pending_.push_back(std::move(e));
  }
}

strings space_driver::effects() {
  pull();
  taken_.clear();
  taken_.swap(pending_);
  strings words;
  for (const auto& e : taken_)
    words.push_back(told(e, space));
  return words;
}

request_id space_driver::watch(watcher_id w, std::string_view id, bool sync, ns_id ns) {
  space.watch(++last_request_, w, ns, id, sync);
  return last_request_;
}

request_id space_driver::unwatch(watcher_id w, std::string_view id, ns_id ns) {
  space.unwatch(++last_request_, w, ns, id);
  return last_request_;
}

request_id space_driver::forget(watcher_id w) {
  space.forget(++last_request_, w);
  return last_request_;
}

request_id space_driver::read(std::string_view id, bool keep) {
  space.read(++last_request_, 0, id, false, keep);
  return last_request_;
}

request_id space_driver::read_sync(std::string_view id) {
  space.read(++last_request_, 0, id, true);
  return last_request_;
}

request_id space_driver::write(const page_ptr& page, write_rule rule) {
  space.write(++last_request_, 0, page, std::move(rule));
  return last_request_;
}

request_id space_driver::erase(std::string_view id, write_rule rule) {
  space.erase(++last_request_, 0, id, std::move(rule));
  return last_request_;
}

request_id space_driver::invalidate(std::string_view id) {
  space.invalidate(++last_request_, 0, id);
  return last_request_;
}

request_id space_driver::list(id_range range) {
  space.list(++last_request_, 0, std::move(range));
  return last_request_;
}

request_id space_driver::edit(std::string_view id, std::string_view edits,
                              std::optional<page_kind> create) {
  space.edit(++last_request_, 0, id, parse_edits(edits).value(), create);
  return last_request_;
}

request_id space_driver::page_out() {
  space.page_out(++last_request_);
  return last_request_;
}

request_id space_driver::drain() {
  space.drain(++last_request_);
  return last_request_;
}

void space_driver::loaded(std::string_view id, page_ptr page, bool pending,
                          std::size_t which) {
  pull();
  space.loaded(take(loads_, id, which), stored_page{std::move(page), pending});
}

void space_driver::load_failed(std::string_view id) {
  pull();
  space.loaded(take(loads_, id), failure(storage_error));
}

void space_driver::cache(const std::vector<page_ptr>& pages, bool pending, ns_id ns) {
  space.cache_write(ns, pages, pending);
}

void space_driver::wrote(std::string_view id) {
  pull();
  space.pager_wrote(take(writes_, id), {});
}

void space_driver::refused(std::string_view id, errc code) {
  pull();
  space.pager_wrote(take(writes_, id), failure(code, "the pager refuses"));
}

void space_driver::read_done(std::string_view id, const expected<page_ptr>& result) {
  pull();
  space.pager_read_done(take(reads_, id), result);
}

void space_driver::listed(std::vector<std::string> ids) {
  pull();
  space.listed(take(lists_), std::move(ids));
}

void space_driver::passed() {
  pull();
  space.pager_passed(take(barriers_));
}

void space_driver::committed() {
  pull();
  space.committed(take(commits_), {});
}

void space_driver::commit_failed() {
  pull();
  space.committed(take(commits_), failure(storage_error));
}

/// Pages out until nothing is dirty.
void space_driver::settle_commits() {
  space.page_out(0);
  for (pull(); !commits_.empty(); pull())
    space.committed(take(commits_), {});
}

void space_driver::given(const page_ptr& page, ns_id ns) {
  space.cache_write(ns, {page}, false);
  settle_commits();
  (void)effects();
}

void space_driver::given_watched(watcher_id w, const page_ptr& page) {
  given(page);
  space.watch(0, w, 0, page->id(), false);
  (void)effects();
}

} // namespace flok::testing
