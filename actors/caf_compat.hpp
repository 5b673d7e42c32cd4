// All that differs between CAF 0.17 and CAF 1.x, in one place.
#pragma once

#include <caf/config.hpp>

#if CAF_MAJOR_VERSION != 0
#error "flok is written against CAF 0.17; another version needs its spelling added here"
#endif

#include <atomic>
#include <string>
#include <utility>

#include <caf/abstract_actor.hpp>
#include <caf/actor_cast.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/infer_handle.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/make_actor.hpp>
#include <caf/message.hpp>
#include <caf/meta/load_callback.hpp>
#include <caf/meta/type_name.hpp>
#include <caf/replies_to.hpp>
#include <caf/type_id.hpp>
#include <caf/typed_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "../runtime/errors.hpp"

namespace flok {

// -- typed interfaces ---------------------------------------------------------

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

/// The handle of an actor that takes these messages.
template <class... Handles>
using interface = caf::typed_actor<Handles...>;

// -- inspection ---------------------------------------------------------------

/// What `inspect` returns. It is void for the inspector that prints.
template <class Inspector>
using inspection = typename Inspector::result_type;

/// Inspects the fields of a message, in order.
template <class Inspector, class... Fields>
inspection<Inspector> inspect_fields(Inspector& f, const char* name, Fields&... fields) {
  return f(caf::meta::type_name(name), fields...);
}

/// The same, where a message may arrive whose fields make no sense: after a load `restore`
/// takes them over, and is false where it cannot.
template <class Inspector, class Restore, class... Fields>
inspection<Inspector> inspect_checked(Inspector& f, const char* name, Restore restore,
                                      Fields&... fields) {
  return f(caf::meta::type_name(name), fields...,
           caf::meta::load_callback([&restore]() -> caf::error {
             return restore() ? caf::error{} : caf::error{caf::sec::invalid_argument};
           }));
}

/// Inspects `stored`, a plain form of a value, which `restore` turns back into the value
/// after a load; it is false where the bytes hold no such value.
template <class Inspector, class Stored, class Restore>
inspection<Inspector> inspect_as(Inspector& f, Stored& stored, Restore restore) {
  return f(stored, caf::meta::load_callback([&restore]() -> caf::error {
             return restore() ? caf::error{} : caf::error{caf::sec::invalid_argument};
           }));
}

// -- errors -------------------------------------------------------------------

inline constexpr caf::atom_value error_category = caf::atom("flok");

/// An error as CAF carries it. Codes are counted from 1: to CAF, 0 is no error at all.
[[nodiscard]] inline caf::error to_caf(const error& e) {
  return {static_cast<std::uint8_t>(static_cast<unsigned>(e.code) + 1U), error_category,
          caf::make_message(e.message, e.hash)};
}

/// An error that CAF delivered. What is not flok's own, such as an actor that is down, is
/// told as `shutting_down`.
[[nodiscard]] inline error from_caf(const caf::error& e) {
  if (!e || e.category() != error_category || e.code() == 0 || e.code() > errc_count)
    return {errc::shutting_down, "the actor asked is gone"};
  error what{static_cast<errc>(e.code() - 1U), {}};
  if (e.context().match_elements<std::string, std::string>()) {
    what.message = e.context().get_as<std::string>(0);
    what.hash = e.context().get_as<std::string>(1);
  }
  return what;
}

// -- spawning -----------------------------------------------------------------

/// Spawns an actor from a function that takes its self pointer, or nothing. CAF 0.17 binds
/// a null reference where a function is spawned without arguments: here the function is
/// one.
template <caf::spawn_options Options = caf::no_spawn_options, class Function>
auto spawn_function(caf::actor_system& sys, Function body) {
  using inferred = caf::infer_handle_from_fun<Function>;
  using self_pointer = typename inferred::impl*;
  constexpr auto call = [](self_pointer self, Function f) {
    if constexpr (inferred::mode == caf::spawn_mode::function_with_selfptr)
      return f(self);
    else
      return f();
  };
  return sys.spawn<Options>(call, std::move(body));
}

// -- sending ------------------------------------------------------------------

/// Sends one message, built once for many receivers, without a sender.
template <class Self>
void send_shared(Self* self, const caf::actor& to, const caf::message& what) {
  if (auto* receiver = caf::actor_cast<caf::abstract_actor*>(to))
    receiver->enqueue(caf::make_mailbox_element(nullptr, caf::make_message_id(), {}, what),
                      self->context());
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

  void enqueue(caf::mailbox_element_ptr what, caf::execution_unit*) override {
    auto& content = what->content();
    if (content.template match_elements<Reply>())
      take(content.template get_mutable_as<Reply>(0));
    else if (content.template match_elements<caf::error>())
      take(failure(from_caf(content.template get_as<caf::error>(0))));
  }

  using abstract_actor::enqueue;
  void attach(caf::attachable_ptr) override {}
  std::size_t detach(const caf::attachable::token&) override { return 0; }
  void add_link(abstract_actor*) override {}
  void remove_link(abstract_actor*) override {}
  bool add_backlink(abstract_actor*) override { return false; }
  bool remove_backlink(abstract_actor*) override { return false; }

private:
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
      caf::make_mailbox_element(std::move(asker), caf::make_message_id(1), {},
                                std::move(request)),
      nullptr);
}

// -- configuration ------------------------------------------------------------

/// Sets the scheduler's policy: "sharing" or "stealing".
inline void set_scheduler_policy(caf::actor_system_config& c, const std::string& policy) {
  c.set("scheduler.policy", caf::atom_from_string(policy));
}

inline void set_scheduler_threads(caf::actor_system_config& c, std::size_t threads) {
  c.set("scheduler.max-threads", threads);
}

/// Makes CAF know the message types of an id block.
template <class Block>
void add_message_types(caf::actor_system_config& c) {
  c.add_message_types<Block>();
}

} // namespace flok
