// What the vm does about the effects of its address space.

#include <chrono>

#include "actors/vm_state.hpp"
#include "runtime/limits.hpp"

namespace flok {

using std::chrono::milliseconds;

/// Performs what the last event caused, and what that causes in turn.
void vm_state::perform() {
  auto effects = space_->take_effects(std::move(performed_));
  for (; !effects.empty(); effects = space_->take_effects(std::move(effects)))
    for (auto& e : effects)
      std::visit([this](auto& what) { perform(what); }, e);
  if (effects.capacity() <= limits::kept_effects)
    performed_ = std::move(effects);
  send_loads();
}

void vm_state::perform(effects::notify& e) {
  read_res news{pagers_[e.ns].ns.name, std::move(e.pages), e.why, e.pending,
                time_notice(e.ns, e.watchers)};
  send_to(e.watchers, caf::make_message(std::move(news)));
}

/// All share one message: its last receiver tells how long it took.
time_sent vm_state::time_notice(ns_id ns, const few<watcher_id>& watchers) {
  const auto times = pagers_[ns].notices.times(has_more_messages(self_));
  const auto* last = times == 0 ? nullptr : watchers_.find(*(watchers.end() - 1));
  return last == nullptr ? time_sent{}
                         : time_sent{time_source::now(), times, (*last)->id()};
}

void vm_state::send_to(const few<watcher_id>& watchers, const caf::message& what) {
  for (const watcher_id w : watchers)
    if (const auto* to = watchers_.find(w))
      send_shared(self_, *to, what);
}

void vm_state::perform(effects::answer& e) {
  if (promises_.find(e.request) == nullptr)
    return;
  auto [promise, with, time] = promises_.take(e.request);
  time.end();
  if (const auto* failed = std::get_if<error>(&e.result))
    return promise.deliver(to_caf(*failed));
  switch (with) {
  case reply::page:
    return promise.deliver(page_reply{std::get<page_ptr>(e.result), e.pending});
  case reply::written:
    return promise.deliver(written{std::get<page_ptr>(e.result)});
  case reply::pages:
    return promise.deliver(pageout_reply{std::get<std::uint64_t>(e.result)});
  case reply::ids:
    return promise.deliver(
        list_reply{std::move(std::get<std::vector<std::string>>(e.result))});
  case reply::done:
    return promise.deliver(done{});
  }
}

void vm_state::perform(effects::notify_removed& e) {
  const auto message =
      caf::make_message(removed{pagers_[e.ns].ns.name, std::move(e.id), e.how});
  send_to(e.watchers, message);
}

void vm_state::perform(effects::pager_watch& e) {
  send(self_, pagers_[e.ns].actor, pager_watch{std::move(e.id), std::move(e.page)});
}

void vm_state::perform(effects::pager_unwatch& e) {
  send(self_, pagers_[e.ns].actor, pager_unwatch{std::move(e.id)});
}

void vm_state::perform(effects::pager_write& e) {
  ask_pager(e.ns, e.call, pager_write{std::move(e.page), std::move(e.replaces)});
}

void vm_state::perform(effects::pager_delete& e) {
  ask_pager(e.ns, e.call, pager_delete{std::move(e.id)});
}

void vm_state::perform(effects::pager_invalidate& e) {
  ask_pager(e.ns, e.call, pager_invalidate{std::move(e.id)});
}

/// What the pager may do or refuse.
template <class Request>
void vm_state::ask_pager(ns_id ns, ticket call, Request request) {
  ask(self_, pagers_[ns].actor, std::move(request))
      .then(
          [this, call](const done&) {
            space_->pager_wrote(call, {});
            perform();
          },
          [this, call](const caf::error& why) {
            space_->pager_wrote(call, failure(from_pager_error(why)));
            perform();
          });
}

void vm_state::perform(effects::pager_read& e) {
  const ticket call = e.call;
  ask(self_, pagers_[e.ns].actor, pager_read{std::move(e.id)})
      .then(
          [this, call](const pager_read_reply& reply) {
            space_->pager_read_done(call, reply.page);
            perform();
          },
          [this, call](const caf::error& why) {
            space_->pager_read_done(call, failure(from_pager_error(why)));
            perform();
          });
}

void vm_state::perform(effects::pager_barrier& e) {
  const ticket call = e.call;
  const auto passed = [this, call] {
    space_->pager_passed(call);
    perform();
  };
  ask(self_, pagers_[e.ns].actor, pager_barrier{})
      .then([passed](const done&) { passed(); }, [passed](const caf::error&) { passed(); });
}

/// One that is urgent goes ahead of all others; those wait for each other, many in a
/// request.
void vm_state::perform(effects::load& e) {
  if (!e.urgent)
    return loads_.push_back(std::move(e));
  load_request r{pagers_[e.ns].ns.name, {std::move(e.id)}};
  await_loads(e.ns, {e.call}, false, ask_urgently(self_, storage_.reader, std::move(r)));
}

void vm_state::send_loads() {
  while (!loads_.empty() && load_requests_ != limits::load_requests) {
    const ns_id ns = loads_.front().ns;
    load_request r{pagers_[ns].ns.name, {}};
    std::vector<ticket> calls;
    while (!loads_.empty() && loads_.front().ns == ns &&
           calls.size() != limits::loads_at_once) {
      calls.push_back(loads_.front().call);
      r.ids.push_back(std::move(loads_.front().id));
      loads_.pop_front();
    }
    ++load_requests_;
    await_loads(ns, std::move(calls), true, ask(self_, storage_.reader, std::move(r)));
  }
}

template <class Response>
void vm_state::await_loads(ns_id ns, std::vector<ticket> calls, bool counted,
                           Response response) {
  const timing time{&pagers_[ns].ns.meters->load, calls.size(), time_source::now()};
  const auto answered = [this, counted, time] {
    time.end();
    if (counted)
      --load_requests_;
    send_loads(); // the disk is not to wait for what comes of these
  };
  std::move(response).then(
      [this, ns, calls, answered](const load_reply& reply) {
        answered();
        for (std::size_t i = 0; i < calls.size(); ++i)
          loaded(ns, calls[i], reply.pages.at(i));
        perform();
      },
      [this, calls, answered](const caf::error& why) {
        answered();
        for (const auto call : calls)
          space_->loaded(call, failure(from_storage_error(why)));
        perform();
      });
}

void vm_state::loaded(ns_id ns, ticket call, const loaded_page& result) {
  if (!result.damage.empty()) {
    ++pagers_[ns].ns.meters->damaged;
    tell({errc::storage_failure, result.damage});
  }
  if (result.failed.empty())
    space_->loaded(call, stored_page{result.page, result.pending});
  else
    space_->loaded(call, failure(errc::storage_failure, result.failed));
}

void vm_state::perform(effects::list& e) {
  const ticket call = e.call;
  ask(self_, storage_.reader, list_request{pagers_[e.ns].ns.name, std::move(e.range)})
      .then(
          [this, call](list_reply& reply) {
            space_->listed(call, std::move(reply.ids));
            perform();
          },
          [this, call](const caf::error& why) {
            space_->listed(call, failure(from_storage_error(why)));
            perform();
          });
}

void vm_state::perform(effects::commit& e) {
  commit_request r;
  r.pages.reserve(e.pages.size());
  for (auto& p : e.pages)
    r.pages.push_back(
        {pagers_[p.ns].ns.name, std::move(p.id), std::move(p.page), p.pending});
  const ticket call = e.call;
  const timing time{&meters_->page_out, 1, time_source::now()};
  ask(self_, storage_.writer, std::move(r))
      .then(
          [this, call, time](const done&) {
            time.end();
            space_->committed(call, {});
            perform();
          },
          [this, call](const caf::error& why) {
            space_->committed(call, failure(from_storage_error(why)));
            perform();
          });
}

void vm_state::perform(effects::arm_retry& e) {
  log_.write(log_level::warning, "page_out_retry", {{"after_ms", e.delay_ms}});
  send_later(self_, milliseconds{e.delay_ms}, self_, retry_tick{});
}

void vm_state::perform(effects::report& e) { tell(e.what); }

/// What a pager refuses is its own word; that it is gone is CAF's. It may also have passed
/// on an error that somebody else gave it.
error vm_state::from_pager_error(const caf::error& why) {
  if (is_from_flok(why))
    return from_caf(why);
  if (is_end_of_asked(why))
    return {errc::pager_down, "the pager died; whether it was done is unknown"};
  return {errc::pager_down,
          "the pager answered with an error that is none of flok's: " + to_string(why)};
}

error vm_state::from_storage_error(const caf::error& why) {
  return is_from_flok(why) ? from_caf(why)
                           : error{errc::storage_failure, "the storage actor is gone"};
}

} // namespace flok
