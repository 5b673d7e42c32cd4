#include "remote/gate.hpp"

#include <unordered_set>
#include <utility>
#include <vector>

#include "runtime/codec.hpp"

namespace flok {

namespace {

/// Ends when `anchor` does, and for no exit message, but for `kill`, which CAF obeys
/// without asking.
template <class Pointer, class Other>
void end_with(Pointer self, const caf::actor& anchor, Other other) {
  monitor(self, anchor);
  on_exit(self, [](caf::exit_msg&) {});
  ignore_errors_of_others(self);
  on_down(self, [self, address = anchor.address(), other](const caf::down_msg& m) {
    if (m.source == address)
      self->quit(caf::exit_reason::user_shutdown);
    else
      other(m.source);
  });
}

class gate_state {
public:
  static inline const char* name = "flok.gate"; // CAF's name for the actor
  using pointer = gate_actor::stateful_pointer<gate_state>;

  explicit gate_state(pointer self) : self_{self} {}

  ~gate_state() {
    for (const auto& address : watchers_)
      if (const auto watcher = caf::actor_cast<caf::actor>(address))
        send_from_outside(vm_, forget_request{caf::actor_cast<watcher_actor>(watcher)});
  }

  gate_actor::behavior_type start(std::string ns, vm_actor vm, const caf::actor& anchor) {
    ns_ = std::move(ns);
    vm_ = std::move(vm);
    end_with(self_, anchor, [this](const caf::actor_addr& who) { watchers_.erase(who); });
    return {
        [this](const watch_request& m) { return watch(m); },
        [this](const unwatch_request& m) { return ask_for<done>(m); },
        [this](const forget_request& m) { return forget(m); },
        [this](const credit& m) {
          if (own(m.watcher))
            send(self_, vm_, m);
        },
        [this](const delete_request& m) { return ask<done>(m, m.id); },
        [this](const invalidate_request& m) { return ask<done>(m, m.id); },
        [this](const list_request& m) { return ask<list_reply>(m, "any"); },
        [this](const read_request& m) { return ask<page_reply>(m, m.id); },
        [this](const write_request& m) { return ask<written>(m, m.page->id()); },
        [this](const edit_request& m) { return ask<written>(m, m.id); },
        [this](const drain_request& m) { return pass_on<done>(m); },
    };
  }

private:
  template <class Reply>
  caf::typed_response_promise<Reply> refuse(errc code, std::string why) {
    auto promise = self_->make_response_promise<Reply>();
    promise.deliver(to_caf({code, std::move(why)}));
    return promise;
  }

  /// Not delegated: what answers somebody elsewhere can be named from there.
  template <class Reply, class Request>
  caf::typed_response_promise<Reply> pass_on(const Request& m) {
    auto promise = self_->make_response_promise<Reply>();
    if (!promise.pending()) {
      send_from_outside(vm_, m);
      return promise;
    }
    flok::ask(self_, vm_, m)
        .then([promise](Reply& reply) mutable { promise.deliver(std::move(reply)); },
              [promise](caf::error& why) mutable { promise.deliver(std::move(why)); });
    return promise;
  }

  template <class Reply, class Request>
  caf::typed_response_promise<Reply> ask(const Request& m, std::string_view id) {
    if (m.ns != ns_)
      return refuse<Reply>(errc::unknown_namespace, "not the namespace of this gate");
    if (auto ok = check_id(id); !ok)
      return refuse<Reply>(ok.error().code, ok.error().message);
    return pass_on<Reply>(m);
  }

  template <class Reply, class Request>
  caf::typed_response_promise<Reply> ask_for(const Request& m) {
    if (!own(m.watcher))
      return refuse<Reply>(errc::bad_request, "a watcher of another process");
    return ask<Reply>(m, m.id);
  }

  /// Whether this is an actor of the process that asks: each speaks for its own.
  [[nodiscard]] bool own(const watcher_actor& watcher) const {
    const auto& sender = self_->current_sender();
    return watcher && sender && watcher.node() == sender->node();
  }

  caf::typed_response_promise<done> watch(const watch_request& m) {
    // Looked at first: who has made a promise of an answer knows its sender no longer.
    if (own(m.watcher) && m.ns == ns_ && check_id(m.id) &&
        watchers_.insert(m.watcher.address()).second)
      monitor(self_, m.watcher);
    return ask_for<done>(m);
  }

  caf::typed_response_promise<done> forget(const forget_request& m) {
    if (!own(m.watcher))
      return refuse<done>(errc::bad_request, "a watcher of another process");
    if (watchers_.erase(m.watcher.address()) != 0)
      demonitor(self_, m.watcher.address());
    return pass_on<done>(m);
  }

  pointer self_;
  std::string ns_;
  vm_actor vm_;
  std::unordered_set<caf::actor_addr> watchers_;
};

} // namespace

gate_actor spawn_gate(caf::actor_system& sys, const std::string& ns, const vm_actor& vm,
                      const caf::actor& anchor) {
  return spawn_function(sys, [ns, vm, anchor](gate_state::pointer self) {
    return state_of(self).start(ns, vm, anchor);
  });
}

door_actor spawn_door(caf::actor_system& sys, std::shared_ptr<const gate_table> gates,
                      const caf::actor& anchor) {
  return spawn_function(sys,
                        [gates = std::move(gates),
                         anchor](door_actor::pointer self) -> door_actor::behavior_type {
                          end_with(self, anchor, [](const caf::actor_addr&) {});
                          return {[gates](const hello_request& m) {
                            hello_reply reply;
                            if (m.version == remote_version)
                              for (const auto& [ns, gate] : gates->all())
                                reply.namespaces.push_back({ns, gate});
                            return reply;
                          }};
                        });
}

} // namespace flok
