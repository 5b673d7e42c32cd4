#include "tools/shell_actor.hpp"

#include <algorithm>

#include "runtime/json_text.hpp"
#include "tools/shell_lines.hpp"

namespace flok::tools {

namespace {

using kind = shell_schedule::kind;

kind kind_of(const shell_op& op) {
  if (op.wrong)
    return kind::free;
  switch (op.kind) {
  case op_kind::hash:
  case op_kind::diff:
  case op_kind::replay:
    return kind::free;
  case op_kind::watch:
    return op.sync ? kind::load : kind::page;
  case op_kind::unwatch:
    return kind::page;
  case op_kind::read:
  case op_kind::read_sync:
    return kind::load;
  case op_kind::write:
  case op_kind::edit:
  case op_kind::erase:
  case op_kind::invalidate:
    return kind::write;
  case op_kind::controller: // what waits before it must still find no controller of that
                            // name
  case op_kind::disconnect:
  case op_kind::pageout:
  case op_kind::drain:
  case op_kind::stats:
  case op_kind::log:
  case op_kind::list:
  case op_kind::stall:
  case op_kind::crash:
  case op_kind::fault:
  case op_kind::cache_write:
    return kind::barrier;
  }
  return kind::barrier;
}

/// Whether watchers may hear of it, or it undoes what they may hear of: that must not
/// overtake a watch that waits for its wave.
bool causes_events(const shell_op& op) {
  if (op.wrong)
    return false;
  switch (op.kind) {
  case op_kind::watch:
  case op_kind::unwatch:
  case op_kind::write:
  case op_kind::edit:
  case op_kind::erase:
  case op_kind::invalidate:
  case op_kind::cache_write:
    return true;
  default:
    return false;
  }
}

/// Names a page among all namespaces'.
std::string page_key(const shell_op& op) {
  return std::to_string(op.ns.size()) + ':' + op.ns + op.id;
}

/// Counts answers that are still to come, and keeps those that have.
template <class Reply>
struct gathering {
  std::size_t missing = 0;
  std::vector<Reply> replies;
  std::optional<error> failed;
};

} // namespace

session_actor::behavior_type session_state::start(std::shared_ptr<session_shared> shared) {
  shared_ = std::move(shared);
  for (const auto& entry : shared_->sys->context().vms)
    if (std::find(vms_.begin(), vms_.end(), entry.second) == vms_.end())
      vms_.push_back(entry.second);
  on_down(self_, [this](caf::down_msg& m) { crashed(m.source); });
  return {[this](const wake_up&) { take_inbox(); }};
}

session_state::~session_state() {
  for (const auto& entry : controllers_)
    entry.second.stop();
}

void session_state::take_inbox() {
  std::deque<shell_op> ops;
  {
    const std::lock_guard lock{shared_->mutex};
    ops.swap(shared_->inbox);
  }
  for (auto& op : ops)
    admit(std::move(op));
}

void session_state::admit(shell_op op) {
  if (op.quiet) { // the session ends: nobody is to be waited for that was slowed down
    ending_ = true;
    for (const auto& entry : controllers_)
      send_from_outside(actor_of(entry.second), stall_request{0});
  }
  const auto shared = std::make_shared<const shell_op>(std::move(op));
  schedule_.add(kind_of(*shared), page_key(*shared), [this, shared] { begin(shared); });
}

void session_state::begin(const op_ptr& op) {
  if (causes_events(*op))
    pace_.begin([this, op] { perform(op); });
  else
    perform(op);
}

void session_state::perform(const op_ptr& op) {
  if (op->wrong)
    return refuse(op, *op->wrong);
  switch (op->kind) {
  case op_kind::controller:
    return spawn_controller(op);
  case op_kind::disconnect:
    return disconnect(op);
  case op_kind::watch:
    return watch(op);
  case op_kind::unwatch:
    return unwatch(op);
  case op_kind::write:
    return write(op);
  case op_kind::edit:
    return edit(op);
  case op_kind::read:
  case op_kind::read_sync:
    return read(op);
  case op_kind::invalidate:
  case op_kind::erase:
    return remove(op);
  case op_kind::list:
    return list(op);
  case op_kind::hash:
    return reply(op, field("page", op->page->json()));
  case op_kind::diff:
    return diff(op);
  case op_kind::replay:
    return replay(op);
  case op_kind::pageout:
    return page_out(op);
  case op_kind::drain:
    return drain(op);
  case op_kind::stats:
    return stats(op);
  case op_kind::log:
    return log(op);
  case op_kind::stall:
    return stall(op);
  case op_kind::crash:
    return crash(op);
  case op_kind::fault:
    return conclude(op, shared_->sys->inject(op->fault));
  case op_kind::cache_write:
    return ask_vm<done>(op, cache_request{op->ns, op->pages, op->pending},
                        [this, op](const done&) { reply(op); });
  }
}

// -- answering ----------------------------------------------------------------

void session_state::answer(const op_ptr& op, std::string line) {
  if (!op->quiet)
    shared_->print(std::move(line));
  shared_->answered();
  schedule_.done(kind_of(*op), page_key(*op));
  if (causes_events(*op))
    pace_.ended();
}

void session_state::reply(const op_ptr& op, std::string_view fields) {
  answer(op, reply_line(*op, fields));
}

void session_state::refuse(const op_ptr& op, const error& why) {
  answer(op, error_line(*op, why));
}

void session_state::conclude(const op_ptr& op, const expected<void>& result) {
  result ? reply(op) : refuse(op, result.error());
}

// -- asking -------------------------------------------------------------------

/// Asks the vm of the operation's namespace; a failure is the operation's answer.
template <class Reply, class Request, class Then>
void session_state::ask_vm(const op_ptr& op, Request request, Then then) {
  const auto& vms = shared_->sys->context().vms;
  const auto vm = vms.find(op->ns);
  if (vm == vms.end())
    return refuse(op, {errc::unknown_namespace, "no namespace is called " + op->ns});
  ask(self_, vm->second, std::move(request))
      .then([then](const Reply& reply) { then(reply); },
            [this, op](const caf::error& why) { refuse(op, from_caf(why)); });
}

/// Asks all vms; the first failure is the operation's answer, but only once all have
/// answered.
template <class Reply, class Request>
void session_state::ask_each(const op_ptr& op, const Request& request,
                             std::function<void(std::vector<Reply>)> then) {
  auto all = std::make_shared<gathering<Reply>>();
  all->missing = vms_.size();
  const auto one_less = [this, op, all, then] {
    if (--all->missing != 0)
      return;
    if (all->failed)
      refuse(op, *all->failed);
    else
      then(std::move(all->replies));
  };
  for (const auto& vm : vms_)
    ask(self_, vm, request)
        .then(
            [all, one_less](const Reply& reply) {
              all->replies.push_back(reply);
              one_less();
            },
            [all, one_less](const caf::error& why) {
              all->failed = from_caf(why);
              one_less();
            });
}

/// Goes on once a controller has printed what it was sent before.
void session_state::pass_controller(const controller_actor& who,
                                    std::function<void()> then) {
  ask(self_, who, barrier_request{})
      .then([then](const done&) { then(); }, [then](const caf::error&) { then(); });
}

/// The same for all of them, or for those that are not stalled.
void session_state::pass_controllers(std::function<void()> then, bool stalled_too) {
  auto missing = std::make_shared<std::size_t>(1);
  const auto one_less = [missing, then = std::move(then)] {
    if (--*missing == 0)
      then();
  };
  for (const auto& entry : controllers_)
    if (stalled_too || !stalled_.contains(entry.first)) {
      ++*missing;
      pass_controller(actor_of(entry.second), one_less);
    }
  one_less();
}

// -- controllers --------------------------------------------------------------

void session_state::spawn_controller(const op_ptr& op) {
  if (!controllers_.contains(op->controller)) {
    auto body = [shared = shared_, controller = op->controller](flok::controller& self) {
      self.on_updates([shared, controller](std::span<const update> updates) {
        shared->print(event_lines(controller, updates));
      });
      self.on_removed([shared, controller](const removed_page& r) {
        shared->print(removed_line(controller, r));
      });
    };
    controllers_.emplace(op->controller, shared_->sys->spawn(std::move(body)));
  }
  reply(op);
}

/// The operation's controller, or an invalid handle after it was refused.
controller_actor session_state::watcher(const op_ptr& op) {
  const auto known = controllers_.find(op->controller);
  if (known != controllers_.end())
    return actor_of(known->second);
  refuse(op, {errc::unknown_controller, "no controller is called " + op->controller});
  return controller_actor{};
}

void session_state::watch(const op_ptr& op) {
  const auto who = watcher(op);
  if (!who)
    return;
  expect_changes(op, op->changes);
  ask_vm<done>(op, watch_request{op->ns, op->id, op->sync, who, op->every},
               [this, op, who](const done&) {
                 if (!op->sync)
                   return reply(op);
                 pass_controller(who, [this, op] { reply(op); }); // the event comes first
               });
}

void session_state::unwatch(const op_ptr& op) {
  const auto who = watcher(op);
  if (!who)
    return;
  expect_changes(op, false);
  ask_vm<done>(op, unwatch_request{op->ns, op->id, who},
               [this, op](const done&) { reply(op); });
}

/// Told to the controller before the vm hears of the watch, and so before its events.
void session_state::expect_changes(const op_ptr& op, bool wanted) {
  controllers_.find(op->controller)->second.post([op, wanted](controller& c) {
    c.expect_changes(op->ns, op->id, wanted);
  });
}

/// The controller takes that long over each event from now on.
void session_state::stall(const op_ptr& op) {
  if (!shared_->services.debug)
    return refuse(op, {errc::unsupported, "only where debug is on"});
  const auto who = watcher(op);
  if (!who)
    return;
  if (op->ms == 0)
    stalled_.erase(op->controller);
  else
    stalled_.insert(op->controller);
  ask(self_, who, stall_request{ending_ ? 0 : op->ms})
      .then([this, op](const done&) { reply(op); },
            [this, op](const caf::error& why) { refuse(op, from_caf(why)); });
}

void session_state::disconnect(const op_ptr& op) {
  const auto who = watcher(op);
  if (!who)
    return;
  ask_each<done>(op, forget_request{who}, [this, op, who](const std::vector<done>&) {
    pass_controller(who, [this, op] {
      const auto entry = controllers_.find(op->controller);
      entry->second.stop();
      controllers_.erase(entry);
      stalled_.erase(op->controller);
      reply(op);
    });
  });
}

// -- pages --------------------------------------------------------------------

void session_state::written_as(const op_ptr& op, const written& w) {
  reply(op, field("id", json::quoted(w.page->id())) +
                field("hash", json::quoted(w.page->hash_text())));
}

void session_state::write(const op_ptr& op) {
  ask_vm<written>(op, write_request{op->ns, op->page, op->rule},
                  [this, op](const written& w) { written_as(op, w); });
}

void session_state::edit(const op_ptr& op) {
  ask_vm<written>(op, edit_request{op->ns, op->id, op->edits, op->create, op->rule},
                  [this, op](const written& w) { written_as(op, w); });
}

void session_state::remove(const op_ptr& op) {
  const auto then = [this, op](const done&) { reply(op); };
  if (op->kind == op_kind::erase)
    ask_vm<done>(op, delete_request{op->ns, op->id, op->rule}, then);
  else
    ask_vm<done>(op, invalidate_request{op->ns, op->id}, then);
}

void session_state::list(const op_ptr& op) {
  ask_vm<list_reply>(op, list_request{op->ns, op->range}, [this, op](const list_reply& r) {
    std::string ids = "[";
    for (const auto& id : r.ids) {
      ids += ids.size() == 1 ? "" : ",";
      json::append_string(ids, id);
    }
    reply(op, field("ids", ids + "]"));
  });
}

void session_state::diff(const op_ptr& op) {
  const auto changes = flok::diff(*op->from, *op->to, op->form);
  if (changes)
    reply(op, field("diff", to_json(*changes)));
  else
    refuse(op, changes.error());
}

void session_state::replay(const op_ptr& op) {
  const auto page = flok::replay(op->page, op->changed);
  if (page)
    reply(op, field("page", (*page)->json()));
  else
    refuse(op, page.error());
}

void session_state::read(const op_ptr& op) {
  ask_vm<page_reply>(
      op, read_request{op->ns, op->id, op->kind == op_kind::read_sync},
      [this, op](const page_reply& r) { reply(op, field("page", r.page->json())); });
}

// -- the whole system ---------------------------------------------------------

void session_state::page_out(const op_ptr& op) {
  ask_each<pageout_reply>(op, pageout_request{},
                          [this, op](const std::vector<pageout_reply>& replies) {
                            std::uint64_t pages = 0;
                            for (const auto& r : replies)
                              pages += r.pages;
                            reply(op, field("written", std::to_string(pages)));
                          });
}

void session_state::drain(const op_ptr& op) {
  ask_each<done>(op, drain_request{}, [this, op](const std::vector<done>&) {
    pass_controllers(
        [this, op] {
          ask(self_, shared_->sys->context().listener, barrier_request{})
              .then([this, op](const done&) { reply(op); },
                    [this, op](const caf::error&) { reply(op); });
        },
        true);
  });
}

void session_state::stats(const op_ptr& op) {
  ask_each<stats_reply>(op, stats_request{},
                        [this, op](const std::vector<stats_reply>& all) {
                          std::map<std::string, namespace_stats> counts;
                          for (const auto& reply : all)
                            for (const auto& entry : reply.namespaces)
                              counts[entry.ns] = entry.counts;
                          std::string text;
                          for (const auto& p : shared_->services.pagers) {
                            text += text.empty() ? '{' : ',';
                            text += json::quoted(p.ns) + ":" + stats_text(counts[p.ns]);
                          }
                          reply(op, field("namespaces", text + "}"));
                        });
}

/// The pager ends as a fault in it would end it.
void session_state::crash(const op_ptr& op) {
  if (!shared_->services.debug)
    return refuse(op, {errc::unsupported, "only where debug is on"});
  ask_vm<find_pager_reply>(op, find_pager_request{op->ns},
                           [this, op](const find_pager_reply& found) {
                             crashing_.emplace(found.pager.address(), op);
                             monitor(self_, found.pager);
                             caf::anon_send_exit(found.pager, caf::exit_reason::kill);
                           });
}

/// The pager has ended, and its vm hears of it as well.
void session_state::crashed(const caf::actor_addr& pager) {
  const auto entry = crashing_.find(pager);
  if (entry == crashing_.end())
    return;
  const auto op = std::move(entry->second);
  crashing_.erase(entry);
  reply(op);
}

void session_state::log(const op_ptr& op) {
  const auto& pagers = shared_->services.pagers;
  const auto p = std::find_if(pagers.begin(), pagers.end(),
                              [&](const pager_config& c) { return c.ns == op->ns; });
  if (p != pagers.end() && !p->name.starts_with("spec"))
    return refuse(op, {errc::unsupported, "only a spec pager keeps a log"});
  ask_vm<find_pager_reply>(
      op, find_pager_request{op->ns}, [this, op](const find_pager_reply& found) {
        ask(self_, caf::actor_cast<spec_pager_actor>(found.pager), pager_log_request{})
            .then(
                [this, op](const pager_log_reply& r) {
                  // The record is an object whose members become the answer's.
                  std::string fields = r.json;
                  fields.front() = ',';
                  fields.pop_back();
                  reply(op, fields);
                },
                [this, op](const caf::error& why) { refuse(op, from_caf(why)); });
      });
}

} // namespace flok::tools
