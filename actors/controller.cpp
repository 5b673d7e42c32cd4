#include "actors/controller.hpp"

#include <chrono>
#include <utility>

#include "actors/controller_actor.hpp"
#include "actors/handler_guard.hpp"
#include "actors/held_events.hpp"
#include "actors/post_queue.hpp"
#include "actors/watched_pages.hpp"
#include "runtime/codec.hpp"
#include "runtime/limits.hpp"

namespace flok {

namespace {

/// A handler that stays while it runs, or null where it would do nothing.
template <class Handler>
std::shared_ptr<const Handler> shared(Handler handler) {
  return handler ? std::make_shared<const Handler>(std::move(handler)) : nullptr;
}

expected<void> as_nothing(const done&) { return {}; }
constexpr auto as_page = [](const auto& reply) { return expected<page_ptr>{reply.page}; };

} // namespace

class controller_ref::impl {
public:
  void post(std::function<void(controller&)> work) {
    queue->add(std::move(work), [&] { send_from_outside(actor, wake_up{}); });
  }

  void stop() {
    queue->while_open([&] { caf::anon_send_exit(actor, caf::exit_reason::user_shutdown); });
  }

  controller_actor actor;
  std::shared_ptr<post_queue> queue = std::make_shared<post_queue>();
};

void controller_ref::post(std::function<void(controller&)> work) const {
  if (impl_)
    impl_->post(std::move(work));
}

void controller_ref::stop() const {
  if (impl_)
    impl_->stop();
}

controller_actor actor_of(const controller_ref& c) {
  return c.inside() ? c.inside()->actor : controller_actor{};
}

// -- the actor ----------------------------------------------------------------

class controller::impl {
public:
  using pointer = controller_actor::stateful_pointer<impl>;
  static inline const char* name = "flok.controller"; // CAF's name for the actor

  explicit impl(pointer self) : self_{self}, face_{*this} {}

  ~impl() {
    if (!context_)
      return;
    posted_->close();
    watched_.clear(); // handlers may use what is there only until this controller has ended
    held_.reset();
    on_updates_.reset();
    on_removed_.reset();
    on_error_.reset();
    context_->controllers.ended(self_->address(), started_);
  }

  controller_actor::behavior_type start(std::shared_ptr<system_context> context,
                                        std::shared_ptr<post_queue> posted,
                                        const std::function<void(controller&)>& body) {
    context_ = std::move(context);
    posted_ = std::move(posted);
    self_->set_exception_handler([this](std::exception_ptr& thrown) {
      if (context_->on_problem)
        context_->on_problem(guard_.told_of(thrown));
      return reason_of(thrown);
    });
    on_down(self_, [this](caf::down_msg&) { quit(); });
    if (!context_->root) {
      quit(); // the system has been closed
    } else {
      monitor(self_, context_->root);
      if (body)
        guard_.run("its start", {}, {}, [&] { body(face_); });
    }
    started_ = true;
    context_->controllers.started(self_->address());
    return {
        [this](const read_res& r) { take(r); },
        [this](const removed& r) { take(r); },
        [this](const problem& p) { hear(p.what); },
        [this](const wake_up&) { run_posted(); },
        [this](const barrier_request&) {
          auto promise = self_->make_response_promise<done>();
          if (nothing_held())
            promise.deliver(done{});
          else
            held_->queue.push_back({[promise]() mutable { promise.deliver(done{}); }});
          return promise;
        },
        [this](const stall_request& r) {
          stall(std::chrono::milliseconds{r.ms});
          return done{};
        },
        [this](const stall_tick&) { run_held(); },
    };
  }

  /// Nothing runs after the current handler.
  void quit() {
    ended_ = true;
    self_->quit();
  }

  /// A namespace and its vm, or null after `answer` was told that there is none.
  using known_vm = vms_by_namespace::value_type;
  template <class T>
  const known_vm* route(std::string_view ns, const answer_handler<T>& answer) {
    const auto vm = context_->vms.find(ns);
    if (vm != context_->vms.end())
      return &*vm;
    fail(answer, {errc::unknown_namespace, "no namespace is called " + std::string{ns}});
    return nullptr;
  }

  /// The same, and null too after `answer` was told that no page can have that id.
  const known_vm* route_to(std::string_view ns, std::string_view id,
                           const answer_handler<void>& answer) {
    const auto* vm = route(ns, answer);
    if (vm == nullptr)
      return nullptr;
    if (auto ok = check_id(id); !ok) {
      fail(answer, ok.error(), ns);
      return nullptr;
    }
    return vm;
  }

  template <class T>
  void fail(const answer_handler<T>& answer, error why, std::string_view ns = {}) {
    if (answer)
      guard_.run("an answer", {}, {}, [&] { answer(failure(std::move(why))); });
    else if (const auto handler = on_error_) // it may replace itself while it runs
      guard_.run("errors", {}, {}, [&] { (*handler)(why); });
    else if (context_->on_problem) {
      if (!ns.empty())
        why.message = "namespace " + std::string{ns} + ": " + why.message;
      context_->on_problem(why);
    }
  }

  /// What nobody in particular asked for is told to `on_error` alone: `on_problem` has
  /// heard of it already.
  void hear(const error& what) {
    if (const auto handler = on_error_) // it may replace itself while it runs
      guard_.run("errors", {}, {}, [&] { (*handler)(what); });
  }

  /// Sends a request; `read` makes the answer of the reply.
  template <class Reply, class T, class Request, class Read>
  void ask(std::string_view ns, Request request, answer_handler<T> answer, Read read) {
    if (const auto* vm = route(ns, answer))
      ask<Reply>(*vm, std::move(request), std::move(answer), read);
  }

  template <class Reply, class T, class Request, class Read>
  void ask(const known_vm& vm, Request request, answer_handler<T> answer, Read read) {
    flok::ask(self_, vm.second, std::move(request))
        .then(
            [this, answer, read](const Reply& reply) {
              if (answer)
                guard_.run("an answer", {}, {}, [&] { answer(read(reply)); });
            },
            [this, answer, where = std::string_view{vm.first}](const caf::error& why) {
              fail(answer, from_caf(why), where);
            });
  }

  /// Sends what the vm answers at once, and refuses only for its id, which was looked at:
  /// where nobody waits for that answer, none is asked for. (CAF 0.17 looks through all
  /// answers that are awaited for each one that comes.)
  template <class Request>
  void ask_at_once(const known_vm& vm, Request request, answer_handler<void> answer) {
    if (answer)
      ask<done>(vm, std::move(request), std::move(answer), as_nothing);
    else
      send_from_outside(vm.second, std::move(request));
  }

  /// A watch that is refused here leaves an earlier one of that page as it was.
  void watch(std::string_view ns, std::string_view id, bool sync, update_handler handler,
             answer_handler<void> answer, watch_options options) {
    const auto* vm = route_to(ns, id, answer);
    if (vm == nullptr)
      return;
    watched_.expect_changes(*context_, ns, id, options.changes);
    watched_.handle(*context_, ns, id, std::move(handler));
    let_go();
    watch_request r{std::string{ns}, std::string{id}, sync, watcher_actor{self_},
                    options.every};
    if (sync) // may fail later
      ask<done>(*vm, std::move(r), std::move(answer), as_nothing);
    else
      ask_at_once(*vm, std::move(r), std::move(answer));
  }

  void unwatch(std::string_view ns, std::string_view id, answer_handler<void> answer) {
    const auto* vm = route_to(ns, id, answer);
    if (vm == nullptr)
      return;
    watched_.forget(ns, id);
    let_go();
    ask_at_once(*vm,
                unwatch_request{std::string{ns}, std::string{id}, watcher_actor{self_}},
                std::move(answer));
  }

  /// Once the events that are held have been told.
  void expect_changes_in_turn(std::string_view ns, std::string_view id, bool wanted) {
    if (nothing_held())
      return watched_.expect_changes(*context_, ns, id, wanted);
    held_->queue.push_back({[this, in = std::string{ns}, page = std::string{id}, wanted] {
      watched_.expect_changes(*context_, in, page, wanted);
    }});
  }

  // -- events -----------------------------------------------------------------

  /// Tells of an event now, or later where this controller is stalled or not ready.
  template <class Event>
  void take(const Event& e) {
    if (!held_ || held_->at_rest())
      return tell(e);
    held_->queue.push_back({[this, e] { tell(e); }, true});
    if (held_->queue.size() == 1 && held_->each.count() != 0)
      send_later(self_, held_->each, self_, stall_tick{});
  }

  /// Each event is told only where `ready` says so.
  void deliver_while(std::function<bool()> ready) { held().ready = std::move(ready); }

  held_events& held() {
    if (!held_)
      held_ = std::make_unique<held_events>();
    return *held_;
  }

  [[nodiscard]] bool nothing_held() const { return !held_ || held_->queue.empty(); }

  /// From now on each event takes that long.
  void stall(std::chrono::milliseconds each) {
    held().each = each;
    if (each.count() == 0)
      run_held();
  }

  /// The first event that was held has taken its time; what takes none may follow. A
  /// handler that is one of them, and asks for more, gets them after its end.
  void run_held() {
    if (!held_ || std::exchange(running_held_, true))
      return;
    run_some_held();
    running_held_ = false;
    if (held_->queue.empty() && held_->each.count() == 0 && !held_->ready)
      held_.reset();
  }

  void run_some_held() {
    auto& s = *held_;
    for (bool first = true; !s.queue.empty() && !ended_; first = false) {
      if (!first && s.queue.front().takes_time && s.each.count() != 0)
        return send_later(self_, s.each, self_, stall_tick{});
      if (s.queue.front().takes_time && s.ready && !s.ready())
        return; // until `resume`
      const auto event = std::move(s.queue.front().run);
      s.queue.pop_front();
      event();
    }
  }

  /// Reports to the vm what was dealt with, many at once.
  void dealt_with(watched_pages::space& space) {
    if (space.delivered == nullptr || ended_ ||
        ++*space.delivered < watched_.credit_batch())
      return;
    send(self_, space.vm, credit{watcher_actor{self_}, std::exchange(*space.delivered, 0)});
  }

  void tell(const removed& r) {
    auto& space = watched_.in(*context_, r.ns);
    space.forget_seen(r.id);
    if (const auto handler = on_removed_) // it may replace itself while it runs
      guard_.run("a removal", r.ns, r.id, [&] { (*handler)({r.ns, r.id, r.how}); });
    dealt_with(space);
  }

  void tell(const read_res& r) {
    context_->taken_up(r, self_->id());
    auto& space = watched_.in(*context_, r.ns);
    if (on_updates_)
      tell_all(space, r);
    else
      tell_each(space, r);
    dealt_with(space);
  }

  void tell_each(watched_pages::space& space, const read_res& r) {
    for (std::size_t i = 0; i < r.pages.size() && !ended_; ++i) {
      if (r.pages.size() != 1 && i % ahead == 0)
        prefetch(space, r.pages, i);
      const auto& page = r.pages[i];
      if (const auto* known = space.find(page->id(), r.pages.hash(i)))
        tell_handler(*known, {r.ns, page, r.why, r.pending, space.changes_to(page)});
    }
  }

  /// Pages that are looked up one after the other are wherever the processor's cache has
  /// not been lately: it fetches so many at once.
  static constexpr std::size_t ahead = 16;

  static void prefetch(const watched_pages::space& space, const page_list& pages,
                       std::size_t first) {
    const auto end = std::min(pages.size(), first + ahead);
    for (auto i = first; i < end; ++i)
      __builtin_prefetch(space.pages.place_of(pages.hash(i)));
    for (auto i = first; i < end; ++i)
      __builtin_prefetch(space.guess(pages.hash(i)));
  }

  /// First to who wants all that came together, then to each page's own handler.
  void tell_all(watched_pages::space& space, const read_res& r) {
    std::vector<update> updates;
    updates.reserve(r.pages.size());
    for (const auto& page : r.pages)
      updates.emplace_back(r.ns, page, r.why, r.pending, space.changes_to(page));
    const auto handler = on_updates_; // it may replace itself while it runs
    guard_.run("updates", r.ns, {}, [&] { (*handler)(updates); });
    for (const auto& u : updates)
      if (const auto* known = space.find(u.page->id()); known != nullptr && !ended_)
        tell_handler(*known, u);
  }

  /// The handler may replace itself, or end its watch, while it runs.
  void tell_handler(const watched_pages::page& known, const update& u) {
    if (!known.handler)
      return;
    telling_ = true;
    guard_.run("an update", u.ns, u.page->id(), [&] { known.handler(u); });
    telling_ = false;
    let_go();
  }

  /// What was replaced or forgotten, unless it may be what runs.
  void let_go() {
    if (!telling_)
      watched_.let_go();
  }

  /// One piece of work for each message, so that none crowds out what comes between.
  void run_posted() {
    if (const auto work = posted_->take())
      guard_.run("posted work", {}, {}, [&] { work(face_); });
  }

  pointer self_;
  controller face_;

private:
  // What each event needs is close together: most of it comes from far in the memory.
  bool started_ = false;
  bool ended_ = false;
  bool telling_ = false; ///< a page's handler runs
  bool running_held_ = false;
  std::unique_ptr<held_events> held_;
  watched_pages watched_;

public:
  std::shared_ptr<const batch_handler> on_updates_;
  std::shared_ptr<const std::function<void(const removed_page&)>> on_removed_;
  std::shared_ptr<const std::function<void(const error&)>> on_error_;
  std::shared_ptr<system_context> context_;
  std::shared_ptr<post_queue> posted_;
  handler_guard guard_;
};

controller_ref spawn_controller(caf::actor_system& sys,
                                std::shared_ptr<system_context> context,
                                std::function<void(controller&)> body) {
  auto ref = std::make_shared<controller_ref::impl>();
  context->controllers.spawned();
  ref->actor =
      spawn_function(sys, [context = std::move(context), queue = ref->queue,
                           body = std::move(body)](controller::impl::pointer self) {
        return state_of(self).start(context, queue, body);
      });
  return controller_ref{std::move(ref)};
}

// -- the face -----------------------------------------------------------------

void controller::watch(std::string_view ns, std::string_view id, update_handler handler,
                       answer_handler<void> answer, watch_options options) {
  impl_.watch(ns, id, false, std::move(handler), std::move(answer), options);
}

void controller::watch_sync(std::string_view ns, std::string_view id,
                            update_handler handler, answer_handler<void> answer,
                            watch_options options) {
  impl_.watch(ns, id, true, std::move(handler), std::move(answer), options);
}

void controller::expect_changes(std::string_view ns, std::string_view id, bool wanted) {
  impl_.expect_changes_in_turn(ns, id, wanted);
}

void controller::deliver_while(std::function<bool()> ready) {
  impl_.deliver_while(std::move(ready));
}

void controller::resume() { impl_.run_held(); }

void controller::on_removed(std::function<void(const removed_page&)> handler) {
  impl_.on_removed_ = shared(std::move(handler));
}

void controller::unwatch(std::string_view ns, std::string_view id,
                         answer_handler<void> answer) {
  impl_.unwatch(ns, id, std::move(answer));
}

void controller::on_updates(batch_handler handler) {
  impl_.on_updates_ = shared(std::move(handler));
}

void controller::read(std::string_view ns, std::string_view id,
                      answer_handler<page_ptr> answer) {
  impl_.ask<page_reply>(ns, read_request{std::string{ns}, std::string{id}, false},
                        std::move(answer), as_page);
}

void controller::read_sync(std::string_view ns, std::string_view id,
                           answer_handler<page_ptr> answer) {
  impl_.ask<page_reply>(ns, read_request{std::string{ns}, std::string{id}, true},
                        std::move(answer), as_page);
}

void controller::write(std::string_view ns, page_ptr page, answer_handler<page_ptr> answer,
                       write_rule rule) {
  impl_.ask<written>(ns, write_request{std::string{ns}, std::move(page), std::move(rule)},
                     std::move(answer), as_page);
}

void controller::edit(std::string_view ns, std::string_view id,
                      std::vector<flok::edit> edits, std::optional<page_kind> create,
                      answer_handler<page_ptr> answer, write_rule rule) {
  impl_.ask<written>(ns,
                     edit_request{std::string{ns}, std::string{id}, std::move(edits),
                                  create, std::move(rule)},
                     std::move(answer), as_page);
}

void controller::erase(std::string_view ns, std::string_view id,
                       answer_handler<void> answer, write_rule rule) {
  impl_.ask<done>(ns, delete_request{std::string{ns}, std::string{id}, std::move(rule)},
                  std::move(answer), as_nothing);
}

void controller::invalidate(std::string_view ns, std::string_view id,
                            answer_handler<void> answer) {
  impl_.ask<done>(ns, invalidate_request{std::string{ns}, std::string{id}},
                  std::move(answer), as_nothing);
}

draft controller::new_page(page_kind kind, std::optional<std::string> id) const {
  return flok::new_page(kind, impl_.context_->ids, std::move(id));
}

draft controller::copy_page(page_ptr base) const {
  return flok::copy_page(std::move(base), impl_.context_->ids);
}

void controller::on_error(std::function<void(const error&)> handler) {
  impl_.on_error_ = shared(std::move(handler));
}

void controller::quit() { impl_.quit(); }

} // namespace flok
