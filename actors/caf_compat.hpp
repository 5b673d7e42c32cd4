// All that differs between CAF 0.17 and CAF 1.x, in one place, but for how messages are
// written and read (caf_inspect.hpp) and what only tests need (caf_testing.hpp). Why both:
// docs/decisions/caf-versions.md.
//
// flok's actors send, ask and answer by what is here, and so may a program's pagers and
// other actors that are to build with either.
#pragma once

#include <caf/config.hpp>

#include <atomic>
#include <exception>
#include <mutex>
#include <string>
#include <type_traits>
#include <utility>

#include <caf/abstract_actor.hpp>
#include <caf/actor_cast.hpp>
#include <caf/actor_config.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/delegated.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/infer_handle.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/make_actor.hpp>
#include <caf/message.hpp>
#include <caf/scheduled_actor.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/sec.hpp>
#include <caf/send.hpp>
#include <caf/type_id.hpp>
#include <caf/typed_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#if CAF_MAJOR_VERSION == 0
#include <caf/replies_to.hpp>
#elif CAF_MAJOR_VERSION == 1
#include <caf/anon_mail.hpp>
#include <caf/default_enum_inspect.hpp>
#include <caf/error.hpp>
#include <caf/init_global_meta_objects.hpp>
#include <caf/is_error_code_enum.hpp>
#include <caf/result.hpp>
#else
#error "flok is written against CAF 0.17 and 1.x; another version is to be spelled here"
#endif

#include "../runtime/errors.hpp"

#if CAF_MAJOR_VERSION == 1

namespace flok {

/// `errc` as CAF 1.x carries it. Codes are counted from 1: to CAF, 0 is no error at all.
enum class caf_errc : std::uint8_t { none = 0 };

inline std::string to_string(caf_errc code) {
  return code == caf_errc::none
             ? "none"
             : std::string{to_string(static_cast<errc>(static_cast<unsigned>(code) - 1U))};
}

template <class Inspector>
bool inspect(Inspector& f, caf_errc& x) {
  auto code = static_cast<std::uint8_t>(x);
  if (!f.apply(code))
    return false;
  x = static_cast<caf_errc>(code);
  return true;
}

} // namespace flok

CAF_BEGIN_TYPE_ID_BLOCK(flok_errors, caf::first_custom_type_id + 299)
CAF_ADD_TYPE_ID(flok_errors, (flok::caf_errc))
CAF_END_TYPE_ID_BLOCK(flok_errors)

CAF_ERROR_CODE_ENUM(flok::caf_errc)

#endif

namespace flok {

// -- typed interfaces ---------------------------------------------------------

#if CAF_MAJOR_VERSION == 0

namespace detail {

template <class In, class Out>
struct signature {
  using type = typename caf::replies_to<In>::template with<Out>;
};

template <class In>
struct signature<In, void> {
  using type = caf::reacts_to<In>;
};

} // namespace detail

/// One message that an actor takes, and what it answers; without an answer, `void`.
template <class In, class Out = void>
using handles = typename detail::signature<In, Out>::type;

#else

/// One message that an actor takes, and what it answers; without an answer, `void`.
template <class In, class Out = void>
using handles = caf::result<Out>(In);

#endif

/// The handle of an actor that takes these messages.
template <class... Handles>
using interface = caf::typed_actor<Handles...>;

// -- errors -------------------------------------------------------------------

#if CAF_MAJOR_VERSION == 0
inline constexpr caf::atom_value error_category = caf::atom("flok");
#else
inline constexpr caf::type_id_t error_category = caf::type_id_v<caf_errc>;
#endif

namespace detail {

/// An error of flok's category; the code need not be one of flok's.
inline caf::error caf_error(std::uint8_t code, caf::message context) {
#if CAF_MAJOR_VERSION == 0
  return {code, error_category, std::move(context)};
#else
  return {static_cast<caf_errc>(code), std::move(context)};
#endif
}

} // namespace detail

/// An error as CAF carries it. Codes are counted from 1: to CAF, 0 is no error at all.
[[nodiscard]] inline caf::error to_caf(const error& e) {
  return detail::caf_error(static_cast<std::uint8_t>(static_cast<unsigned>(e.code) + 1U),
                           caf::make_message(e.message, e.hash));
}

/// Whether it is one that `to_caf` made.
[[nodiscard]] inline bool is_from_flok(const caf::error& e) {
  return e && e.category() == error_category;
}

/// An error that CAF delivered. What is not flok's own, such as an actor that is down, is
/// told as `shutting_down`.
[[nodiscard]] inline error from_caf(const caf::error& e) {
  if (!is_from_flok(e) || e.code() == 0 || e.code() > errc_count)
    return {errc::shutting_down, "the actor asked is gone"};
  error what{static_cast<errc>(e.code() - 1U), {}};
  if (e.context().match_elements<std::string, std::string>()) {
    what.message = e.context().get_as<std::string>(0);
    what.hash = e.context().get_as<std::string>(1);
  }
  return what;
}

// -- spawning -----------------------------------------------------------------

namespace detail {

#if CAF_MAJOR_VERSION == 0
template <class Function>
using inferred_from = caf::infer_handle_from_fun<Function>;
#else
template <class Function>
using inferred_from = caf::infer_handle_from_fun_trait_t<Function>;
#endif

} // namespace detail

/// What an actor ends with that threw.
[[nodiscard]] inline caf::error reason_of(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& e) {
    return make_error(caf::sec::runtime_error, std::string{e.what()});
  } catch (...) {
    return make_error(caf::sec::runtime_error, std::string{"it threw no std::exception"});
  }
}

/// Spawns an actor from a function that takes its self pointer, or nothing. An exception
/// ends it, and is the reason that those hear who monitor it; CAF would print it instead.
template <caf::spawn_options Options = caf::no_spawn_options, class Function>
auto spawn_function(caf::actor_system& sys, Function body) {
  using inferred = detail::inferred_from<Function>;
  using self_pointer = typename inferred::impl*;
  // The function is an argument: CAF 0.17 binds a null reference where there is none.
  constexpr auto call = [](self_pointer self, Function f) {
    if constexpr (std::is_base_of_v<caf::scheduled_actor, typename inferred::impl>)
      self->set_exception_handler(
          [](std::exception_ptr& thrown) { return reason_of(thrown); });
    if constexpr (inferred::mode == caf::spawn_mode::function_with_selfptr)
      return f(self);
    else
      return f();
  };
  return sys.spawn<Options>(call, std::move(body));
}

/// What an actor threw that ended for that reason; empty where it ended otherwise.
[[nodiscard]] inline std::string what_was_thrown(const caf::error& reason) {
  return reason == caf::sec::runtime_error && reason.context().match_elements<std::string>()
             ? reason.context().get_as<std::string>(0)
             : std::string{};
}

/// Whether a request has failed because who was asked has ended. CAF 1.x sends what an
/// actor threw, so that there a `runtime_error` with a text counts as well.
[[nodiscard]] inline bool is_end_of_asked(const caf::error& why) {
#if CAF_MAJOR_VERSION == 0
  return why == caf::sec::request_receiver_down;
#else
  return why == caf::sec::request_receiver_down || why == caf::sec::broken_promise ||
         why.category() == caf::type_id_v<caf::exit_reason> ||
         !what_was_thrown(why).empty(); // who throws ends
#endif
}

/// The state of an actor that has one.
template <class Self>
auto& state_of(Self* self) {
#if CAF_MAJOR_VERSION == 0
  return self->state;
#else
  return self->state();
#endif
}

// -- sending and asking -------------------------------------------------------

/// Sends a message from an actor.
template <class Self, class Actor, class Message>
void send(Self* self, const Actor& to, Message what) {
#if CAF_MAJOR_VERSION == 0
  self->send(to, std::move(what));
#else
  self->mail(std::move(what)).send(to);
#endif
}

/// The same after a while.
template <class Self, class Duration, class Actor, class Message>
void send_later(Self* self, Duration delay, const Actor& to, Message what) {
#if CAF_MAJOR_VERSION == 0
  self->delayed_send(to, delay, std::move(what));
#else
  self->mail(std::move(what)).delay(delay).send(to);
#endif
}

/// Sends a message from whoever calls, on any thread.
template <class Actor, class Message>
void send_from_outside(const Actor& to, Message what) {
#if CAF_MAJOR_VERSION == 0
  caf::anon_send(to, std::move(what));
#else
  caf::anon_mail(std::move(what)).send(to);
#endif
}

/// Sends a request from an actor, which waits for its answer as long as need be: what is
/// returned has CAF's `then`, or its `receive` where the actor blocks
/// (`caf::scoped_actor`).
template <class Self, class Actor, class Request>
[[nodiscard]] auto ask(Self* self, const Actor& whom, Request what) {
#if CAF_MAJOR_VERSION == 0
  return self->request(whom, caf::infinite, std::move(what));
#else
  return self->mail(std::move(what)).request(whom, caf::infinite);
#endif
}

/// The same with high priority: it overtakes what waits.
template <class Self, class Actor, class Request>
[[nodiscard]] auto ask_urgently(Self* self, const Actor& whom, Request what) {
#if CAF_MAJOR_VERSION == 0
  return self->template request<caf::message_priority::high>(whom, caf::infinite,
                                                             std::move(what));
#else
  return self->mail(std::move(what)).urgent().request(whom, caf::infinite);
#endif
}

/// Has another actor answer instead: what a handler returns then.
template <class Self, class Actor, class Request>
[[nodiscard]] auto delegate(Self* self, const Actor& whom, Request what) {
#if CAF_MAJOR_VERSION == 0
  return self->delegate(whom, std::move(what));
#else
  return self->mail(std::move(what)).delegate(whom);
#endif
}

/// A message as a mailbox takes it; `sender` may be null. With a number, it is a request.
[[nodiscard]] inline caf::mailbox_element_ptr
envelope(caf::strong_actor_ptr sender, caf::message what, std::uint64_t request = 0) {
  const auto id = caf::make_message_id(request);
#if CAF_MAJOR_VERSION == 0
  return caf::make_mailbox_element(std::move(sender), id, {}, std::move(what));
#else
  return caf::make_mailbox_element(std::move(sender), id, std::move(what));
#endif
}

/// Sends one message, built once for many receivers, without a sender.
template <class Self>
void send_shared(Self* self, const caf::actor& to, const caf::message& what) {
  if (auto* receiver = caf::actor_cast<caf::abstract_actor*>(to))
    receiver->enqueue(envelope(nullptr, what), self->context());
}

// -- asking from any thread ---------------------------------------------------

namespace detail {

/// Stands for whoever asked from outside of all actors: takes one answer, on the thread
/// that gives it. It has no mailbox, is never scheduled, and lives as long as somebody may
/// still answer.
template <class Reply, class Handler>
class answer_taker final : public caf::abstract_actor {
public:
  answer_taker(caf::actor_config& c, Handler handler)
      : abstract_actor{c}, handler_{std::move(handler)} {}

  ~answer_taker() override {
    take(failure(from_caf({}))); // who was asked has forgotten it
  }

#if CAF_MAJOR_VERSION == 0
  void enqueue(caf::mailbox_element_ptr what, caf::execution_unit*) override {
    read(what->content());
  }

  using abstract_actor::enqueue;
  void attach(caf::attachable_ptr) override {}
  std::size_t detach(const caf::attachable::token&) override { return 0; }
  void add_link(abstract_actor*) override {}
  void remove_link(abstract_actor*) override {}
  bool add_backlink(abstract_actor*) override { return false; }
  bool remove_backlink(abstract_actor*) override { return false; }
#else
  bool enqueue(caf::mailbox_element_ptr what, caf::scheduler*) override {
    read(what->content());
    return true;
  }

  const char* name() const override { return "flok.asker"; }
  void force_close_mailbox() override {}
  void setup_metrics() {} // CAF calls it
#endif

private:
  template <class Content>
  void read(Content& content) {
    if (content.template match_elements<Reply>())
      take(std::move(content.template get_mutable_as<Reply>(0)));
    else if (content.template match_elements<caf::error>())
      take(failure(from_caf(content.template get_as<caf::error>(0))));
  }

  void take(expected<Reply> answer) {
    if (!taken_.exchange(true))
      handler_(std::move(answer));
  }

  Handler handler_;
  std::atomic<bool> taken_{false};
};

} // namespace detail

/// Asks an actor from any thread, which need not be an actor's. `handler` gets an
/// `expected<Reply>` exactly once, on the thread that answers: it must be quick, and not
/// throw. What nobody can answer any more is `shutting_down`, like any error of CAF's own.
template <class Reply, class Actor, class Request, class Handler>
void ask_from_outside(caf::actor_system& sys, const Actor& who, Request request,
                      Handler handler) {
  using taker = detail::answer_taker<Reply, Handler>;
  caf::actor_config config;
  auto asker = caf::make_actor<taker, caf::strong_actor_ptr>(
      sys.next_actor_id(), sys.node(), &sys, config, std::move(handler));
  caf::actor_cast<caf::abstract_actor*>(who)->enqueue(
      envelope(std::move(asker), caf::make_message(std::move(request)), 1), nullptr);
}

// -- the end of actors --------------------------------------------------------

// CAF 1.x would rather have a callback for each actor that is watched, and a message
// handler for exits; 0.17 has neither.
CAF_PUSH_DEPRECATED_WARNING

/// From now on the actor is told when `whom` ends, by what `on_down` was given.
template <class Self, class Actor>
void monitor(Self* self, const Actor& whom) {
  self->monitor(whom);
}

template <class Self, class Actor>
void demonitor(Self* self, const Actor& whom) {
  self->demonitor(whom);
}

/// Takes a `caf::down_msg&`.
template <class Self, class Handler>
void on_down(Self* self, Handler handler) {
  self->set_down_handler(std::move(handler));
}

/// Takes a `caf::exit_msg&`, instead of ending.
template <class Self, class Handler>
void on_exit(Self* self, Handler handler) {
  self->set_exit_handler(std::move(handler));
}

/// Errors that nobody was asked for do not end the actor: CAF 1.x sends what an actor threw
/// to whoever sent it the message.
template <class Self>
void ignore_errors_of_others(Self* self) {
  self->set_error_handler([](caf::error&) {});
}

CAF_POP_WARNINGS

// -- mailboxes ----------------------------------------------------------------

/// Whether the actor has messages beside the one that it deals with. Of the actor itself.
template <class Self>
[[nodiscard]] bool has_more_messages(Self* self) {
  return !self->mailbox().empty();
}

// -- configuration ------------------------------------------------------------

/// Sets the scheduler's policy: "sharing" or "stealing".
inline void set_scheduler_policy(caf::actor_system_config& c, const std::string& policy) {
#if CAF_MAJOR_VERSION == 0
  c.set("scheduler.policy", caf::atom_from_string(policy));
#else
  c.set("caf.scheduler.policy", policy);
#endif
}

namespace detail {

inline void set_scheduler_option(caf::actor_system_config& c, const std::string& name,
                                 std::size_t value) {
#if CAF_MAJOR_VERSION == 0
  c.set("scheduler." + name, value);
#else
  c.set("caf.scheduler." + name, value);
#endif
}

} // namespace detail

inline void set_scheduler_threads(caf::actor_system_config& c, std::size_t threads) {
  detail::set_scheduler_option(c, "max-threads", threads);
}

/// How many messages an actor deals with before others have their turn.
inline void set_scheduler_throughput(caf::actor_system_config& c, std::size_t messages) {
  detail::set_scheduler_option(c, "max-throughput", messages);
}

/// Makes CAF know the message types of an id block, before the actor system is made. CAF
/// 1.x has one table of them in the process: there, no actor system may run yet when it is
/// called for the first time.
template <class Block>
void add_message_types([[maybe_unused]] caf::actor_system_config& c) {
#if CAF_MAJOR_VERSION == 0
  c.add_message_types<Block>();
#else
  static std::once_flag once;
  std::call_once(once, [] {
    caf::init_global_meta_objects<caf::id_block::flok_errors>();
    caf::init_global_meta_objects<Block>();
    caf::core::init_global_meta_objects();
  });
#endif
}

} // namespace flok
