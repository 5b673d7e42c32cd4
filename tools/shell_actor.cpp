#include "tools/shell_actor.hpp"

#include <algorithm>

#include "tools/shell_asking.hpp"
#include "tools/shell_lines.hpp"
#include "tools/shell_rules.hpp"

namespace flok::tools {

session_actor::behavior_type session_state::start(std::shared_ptr<session_shared> shared) {
  shared_ = std::move(shared);
  for (const auto& entry : shared_->sys->context().vms)
    if (std::find(vms_.begin(), vms_.end(), entry.second) == vms_.end())
      vms_.push_back(entry.second);
  on_down(self_, [this](caf::down_msg& m) { crashed(m.source); });
  return {[this](const wake_up&) { wake(); }};
}

session_state::~session_state() {
  for (const auto& entry : controllers_)
    entry.second.ref.stop();
}

void session_state::wake() {
  if (shared_->ready_again.exchange(false)) {
    let_go_on();
    room_.advance();
  }
  take_inbox();
}

/// Events that controllers have set aside may be printed.
void session_state::let_go_on() {
  for (const auto& entry : controllers_)
    entry.second.ref.post([](controller& c) { c.resume(); });
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
    shared_->ending = true;
    for (const auto& entry : controllers_)
      send_from_outside(actor_of(entry.second.ref), stall_request{0});
  }
  const auto shared = std::make_shared<const shell_op>(std::move(op));
  schedule_.add(kind_of(*shared), page_key(*shared), [this, shared] { begin(shared); });
}

void session_state::begin(const op_ptr& op) {
  if (causes_events(*op))
    pace_.begin([this, op] { perform(op); });
  else if (answers_at_length(*op))
    begin_answering(op);
  else
    perform(op);
}

/// Once there is room for the answer. A page in memory tells how large it is; what waits
/// meanwhile is not asked for, and takes no memory.
void session_state::begin_answering(const op_ptr& op) {
  const auto bytes = [this, op]() -> std::optional<std::size_t> {
    if (!reads_a_page(*op))
      return bytes_of_answer(*op);
    const auto page = shared_->sys->peek(op->ns, op->id);
    return page ? std::optional{page->json_bytes_bound() + op->tag.size()} : std::nullopt;
  };
  room_.begin(op.get(), bytes, [this, op] { perform(op); });
}

void session_state::perform(const op_ptr& op) {
  if (op->wrong)
    return refuse(op, *op->wrong);
  if (answers_at_length(*op) && !shared_->heard())
    return answer(op, {}); // it would be thrown away
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
  const auto bytes = line.size();
  if (!op->quiet)
    shared_->sink.print(std::move(line));
  shared_->answered(*op);
  schedule_.done(kind_of(*op), page_key(*op));
  if (causes_events(*op))
    pace_.ended();
  else if (answers_at_length(*op))
    room_.ended(op.get(), bytes);
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
      pass_controller(actor_of(entry.second.ref), one_less);
    }
  one_less();
}

// -- controllers --------------------------------------------------------------

void session_state::spawn_controller(const op_ptr& op) {
  if (!controllers_.contains(op->controller)) {
    const auto every = std::make_shared<std::atomic<bool>>(false);
    auto body = [shared = shared_, controller = op->controller,
                 every](flok::controller& self) {
      self.deliver_while([shared, every] {
        const auto& ready = shared->sink.ready;
        return !ready || ready(*every);
      });
      self.on_updates([shared, controller](std::span<const update> updates) {
        if (shared->heard())
          shared->sink.print(event_lines(controller, updates));
      });
      self.on_removed([shared, controller](const removed_page& r) {
        shared->sink.print(removed_line(controller, r));
      });
    };
    controllers_.emplace(op->controller,
                         known_controller{shared_->sys->spawn(std::move(body)), every});
  }
  reply(op);
}

/// The operation's controller, or an invalid handle after it was refused.
controller_actor session_state::watcher(const op_ptr& op) {
  const auto known = controllers_.find(op->controller);
  if (known != controllers_.end())
    return actor_of(known->second.ref);
  refuse(op, {errc::unknown_controller, "no controller is called " + op->controller});
  return controller_actor{};
}

void session_state::watch(const op_ptr& op) {
  const auto who = watcher(op);
  if (!who)
    return;
  expect_changes(op, op->changes);
  if (op->every)
    expect_every(op);
  ask_vm<done>(op, watch_request{op->ns, op->id, op->sync, who, op->every},
               [this, op, who](const done&) {
                 if (!op->sync)
                   return reply(op);
                 pass_controller(who, [this, op] { reply(op); }); // the event comes first
               });
}

/// What is held does not wait any longer: behind it every version would be.
void session_state::expect_every(const op_ptr& op) {
  const auto& who = controllers_.find(op->controller)->second;
  *who.every = true;
  who.ref.post([](controller& c) { c.resume(); });
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
  controllers_.find(op->controller)->second.ref.post([op, wanted](controller& c) {
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
  ask(self_, who, stall_request{shared_->ending ? 0 : op->ms})
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
      entry->second.ref.stop();
      controllers_.erase(entry);
      stalled_.erase(op->controller);
      reply(op);
    });
  });
}

} // namespace flok::tools
