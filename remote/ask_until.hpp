// Asking somebody who may be lost. Private to remote/.
#pragma once

#include <cstdint>
#include <utility>

#include <caf/behavior.hpp>

#include "../actors/caf_compat.hpp"

namespace flok {

/// Sends a request from an actor that may give up waiting for its answer:
/// `stop_waiting` takes the number that is returned. One of the handlers is
/// called, `on_reply` with the answer, or `on_error` with a `caf::error`.
template <class Self, class Actor, class Request, class Handler, class ErrorHandler>
[[nodiscard]] std::uint64_t ask_until(Self* self, const Actor& whom, Request what,
                                      Handler on_reply, ErrorHandler on_error) {
  const auto id = self->new_request_id(caf::message_priority::normal);
  const auto answer = id.response_id();
  self->add_multiplexed_response_handler(
      answer, caf::behavior{std::move(on_reply), std::move(on_error)});
  caf::actor_cast<caf::abstract_actor*>(whom)->enqueue(
      envelope(caf::strong_actor_ptr{self->ctrl()}, caf::make_message(std::move(what)),
               id.integer_value()),
      self->context());
  return answer.integer_value();
}

/// An actor waits no longer: `on_error` is called, by a message to itself, and
/// nothing is kept. (Else CAF keeps the handlers for as long as the actor
/// lives.)
template <class Self>
void stop_waiting(Self* self, std::uint64_t number) {
  self->enqueue(envelope(nullptr,
                         caf::make_message(caf::make_error(caf::sec::request_timeout)),
                         number),
                self->context());
}

} // namespace flok
