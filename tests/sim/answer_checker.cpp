#include "tests/sim/answer_checker.hpp"

#include <algorithm>
#include <utility>

#include "tests/sim/rules.hpp"

namespace flok::sim {

using kind = request::kind;

request_id answer_checker::ask(request r) {
  const request_id id = ++truth_.last_request;
  if (r.what >= kind::write && r.what <= kind::invalidate && (truth_.storage || !r.durable))
    truth_.pages[r.key].writes.push_back(id);
  drains_ += r.what == kind::drain ? 1 : 0;
  if (r.what == kind::list) {
    lists_.push_back(id);
    r.always = ~key_mask{0};
  }
  if (r.what == kind::page_out) {
    r.committed = committed_;
    for (page_key k = 0; k < keys; ++k)
      r.dirty[k] = truth_.pages[k].position;
  }
  requests_.push_back(std::move(r));
  ++unanswered_;
  return id;
}

/// A pager has decided the first write of the page.
void answer_checker::decided(page_key k, bool agreed) {
  auto& p = truth_.pages[k];
  p.with_pager = false;
  truth_.decided = p.writes.front();
  auto& r = requests_[truth_.decided - first_];
  if (!agreed || !r.durable)
    return;
  r.decided = true;
  r.position = p.position;
  p.writes.pop_front();
}

void answer_checker::on(const effects::answer& a) {
  must(a.request >= first_ && a.request <= truth_.last_request, "answers",
       "an answer to no request, or a second one");
  auto& r = requests_[a.request - first_];
  must(!std::exchange(r.answered, true), "answers", "a second answer");
  --unanswered_;
  switch (r.what) {
  case kind::plain:
  case kind::sync_watch:
    plain(r, a);
    break;
  case kind::read:
  case kind::read_sync:
    read(r, a);
    break;
  case kind::write:
  case kind::edit:
  case kind::erase:
  case kind::invalidate:
    write(a.request, r, a);
    break;
  case kind::list:
    list(r, a);
    std::erase(lists_, a.request);
    break;
  case kind::page_out:
    page_out(r, a);
    break;
  case kind::drain:
    --drains_;
    drain(a.request);
  }
}

void answer_checker::plain(const request& r, const effects::answer& a) const {
  const auto* why = std::get_if<error>(&a.result);
  const auto& p = truth_.pages[r.key];
  if (why == nullptr) {
    must(std::holds_alternative<std::monostate>(a.result), "answers", "not `done`");
    if (r.what != kind::sync_watch)
      return;
    must(p.resident, "answers", "a sync watch is done, and there is no page");
    if (watchers_.watches(r.slot, r.key) && !watchers_.holds_news(r.slot, r.key))
      must(watchers_.knows_newest(r.slot, r.key), "answers",
           "the answer to a sync watch comes before its page");
    return;
  }
  must(r.what == kind::sync_watch, "answers", "refused for no reason");
  if (why->code == errc::no_such_page)
    must(!p.page, "answers", "no_such_page, and there is one");
  else
    must(why->code == errc::storage_failure && truth_.load_failed, "answers",
         "a sync watch is refused for no reason");
}

void answer_checker::read(const request& r, const effects::answer& a) const {
  const auto& p = truth_.pages[r.key];
  if (const auto* page = std::get_if<page_ptr>(&a.result))
    return must(p.resident && (*page == p.page || (*page)->unmodified(*p.page)), "answers",
                "a read gives another page than there is");
  const auto* why = std::get_if<error>(&a.result);
  must(why != nullptr, "answers", "a read gives no page");
  if (why->code == errc::no_such_page)
    return must(!p.page && (r.what == kind::read_sync || truth_.read_key == r.key),
                "answers", "no_such_page, and there is one, or nobody has looked");
  if (why->code == errc::storage_failure)
    return must(truth_.load_failed, "answers", "a read fails for no reason");
  must(r.what == kind::read, "answers", "a sync read asks the pager");
  if (why->code == errc::pager_down)
    return must(!truth_.pager_up[ns_of(r.key)], "answers", "pager_down, and it is up");
  must(truth_.read_key == r.key && truth_.read_refusal != nullptr &&
           *truth_.read_refusal == *why,
       "answers", "a read is refused for no reason");
}

void answer_checker::write(request_id id, request& r, const effects::answer& a) {
  auto& p = truth_.pages[r.key];
  const auto* why = std::get_if<error>(&a.result);
  if (r.decided) { // a durable one
    if (why != nullptr)
      return must(why->code == errc::storage_failure && truth_.commit_failed, "durable",
                  "refused for no reason");
    must(p.confirmed >= r.position, "durable", "answered before it is on disk");
    p.promised = std::max(p.promised, r.position);
    return;
  }
  if (r.durable && !truth_.storage)
    return must(why != nullptr && why->code == errc::unsupported, "durable",
                "agreed to, and nothing is kept");
  must(!p.writes.empty() && p.writes.front() == id, "writes", "answered out of order");
  p.writes.pop_front();
  if (why != nullptr)
    return refused_write(id, r, *why);
  must(truth_.decided == id && truth_.refusal == nullptr, "answers",
       "a write is done, and its pager has not agreed");
  must(!r.durable, "durable", "answered at once");
  if (r.what == kind::write)
    must(std::get<page_ptr>(a.result) == r.page, "answers", "not the page written");
}

void answer_checker::refused_write(request_id id, const request& r,
                                   const error& why) const {
  const auto& p = truth_.pages[r.key];
  if (truth_.decided == id)
    return must(truth_.refusal != nullptr && why == *truth_.refusal, "answers",
                "not the pager's refusal");
  if (why.code == errc::pager_down)
    return must(!truth_.pager_up[ns_of(r.key)], "answers", "pager_down, and it is up");
  must(!p.with_pager, "answers", "refused, and it is with the pager");
  switch (why.code) {
  case errc::conflict:
    return must(r.if_hash && *r.if_hash != p.hash() && why.hash == p.hash(), "answers",
                "a conflict that is none, or with another hash");
  case errc::storage_failure:
    return must(truth_.load_failed || truth_.commit_failed || truth_.max_bytes != 0,
                "answers", "a write fails for no reason");
  case errc::no_such_page:
    return must(r.what == kind::edit && !p.page, "answers", "no_such_page for no reason");
  default:
    must(r.what == kind::edit && why.code == errc::bad_index, "answers",
         "refused for no reason");
  }
}

void answer_checker::list(const request& r, const effects::answer& a) const {
  const auto* found = std::get_if<std::vector<std::string>>(&a.result);
  if (found == nullptr)
    return must(truth_.load_failed, "list", "it fails for no reason");
  must(std::is_sorted(found->begin(), found->end()), "list", "it is not sorted");
  must(found->size() <= r.range.limit, "list", "more than were asked for");
  const ns_id ns = ns_of(r.key);
  key_mask listed = 0;
  for (const auto& id : *found) {
    const auto k = key_of(ns, id);
    must(r.range.contains(id) && (r.ever & bit(k)) != 0, "list", "one too many");
    must((listed & bit(k)) == 0, "list", "one twice");
    listed |= bit(k);
  }
  for_each_key(r.always & r.ever & keys_of(ns) & ~listed, [&](page_key k) {
    const auto id = id_of(k);
    if (r.range.contains(id) &&
        (found->size() < r.range.limit || (!found->empty() && id < found->back())))
      broken("list", "it lacks " + id);
  });
}

void answer_checker::page_out(const request& r, const effects::answer& a) {
  if (const auto* why = std::get_if<error>(&a.result))
    return must(truth_.commit_failed && why->code == errc::storage_failure, "page-out",
                "it fails for no reason");
  must(std::get<std::uint64_t>(a.result) == committed_ - r.committed, "page-out",
       "not the number of pages that were committed");
  for (page_key k = 0; k < keys; ++k) {
    auto& p = truth_.pages[k];
    must(p.confirmed >= r.dirty[k], "page-out", "answered before all is on disk");
    if (truth_.storage)
      p.promised = std::max(p.promised, r.dirty[k]);
  }
}

void answer_checker::drain(request_id id) const {
  for (request_id other = first_; other < id; ++other) {
    const auto& r = at(other);
    must(r.answered || r.decided || r.what == kind::page_out, "drain",
         "answered before an earlier request");
  }
  must(oldest_work_ >= id, "drain", "answered before what an earlier request caused");
  must(!watchers_.news_waits(id), "drain", "answered while news waits");
}

void answer_checker::end_event() {
  for (const auto id : lists_) {
    auto& r = requests_[id - first_];
    key_mask there = 0;
    for (page_key k = 0; k < keys; ++k)
      there |= truth_.pages[k].page ? bit(k) : 0;
    r.always &= there;
    r.ever |= there;
  }
  while (!requests_.empty() && requests_.front().answered) {
    requests_.pop_front();
    ++first_;
  }
}

void answer_checker::check_idle() const {
  bool stalled = false; // where writes wait for room, drains wait for them
  for (const auto& r : requests_) {
    if (r.answered || r.decided || r.what == kind::page_out)
      continue;
    if (r.what == kind::drain)
      must(stalled, "drain", "it waits for nothing");
    else
      must(truth_.max_bytes != 0, "answers", "a request waits for nothing");
    stalled = true;
  }
}

void answer_checker::check_quiet() const {
  must(requests_.empty(), "answers", "a request is never answered");
}

void answer_checker::crashed() {
  first_ = truth_.last_request + 1;
  requests_.clear();
  lists_.clear();
  unanswered_ = drains_ = 0;
}

} // namespace flok::sim
