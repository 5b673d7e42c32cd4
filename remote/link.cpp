#include "remote/link.hpp"

#include <algorithm>
#include <chrono>
#include <set>
#include <utility>

#include "remote/caf_network.hpp"
#include "remote/relay.hpp"

namespace flok {

namespace {

constexpr std::chrono::milliseconds first_delay{50};
constexpr std::chrono::milliseconds longest_delay{5'000};

class link_state {
public:
  static inline const char* name = "flok.link"; // CAF's name for the actor
  using pointer = link_actor::stateful_pointer<link_state>;

  explicit link_state(pointer self) : self_{self} {}

  link_actor::behavior_type start(std::shared_ptr<link_shared> shared) {
    shared_ = std::move(shared);
    on_down(self_, [this](const caf::down_msg& m) { ended(m.source); });
    on_exit(self_, [this](const caf::exit_msg&) { end(); });
    connect();
    return {[this](const connect_tick&) { connect(); }};
  }

private:
  [[nodiscard]] std::string place() const {
    return shared_->options.host + ", port " + std::to_string(shared_->options.port);
  }

  void connect() {
    dialling_ = true;
    dial(self_, shared_->options.patience, shared_->options.host, shared_->options.port)
        .then(
            [this](const caf::node_id&, const caf::strong_actor_ptr& door,
                   const std::set<std::string>& signatures) {
              if (dialled())
                enter(door, signatures);
            },
            [this](const caf::error& why) {
              if (dialled())
                failed(errc::connection_lost, why_not_connected(why));
            });
  }

  /// In words for people, as far as CAF says.
  [[nodiscard]] std::string why_not_connected(const caf::error& why) const {
    if (why == caf::sec::cannot_connect_to_node)
      return "nobody listens there, or it cannot be reached";
    if (why == caf::sec::request_timeout)
      return "no answer for " + std::to_string(shared_->options.patience.count()) + " ms";
    if (why == caf::sec::disconnect_during_handshake)
      return "the connection was ended at once: do both sides use TLS, or neither, and "
             "has one of each side's authorities signed the other's certificate?";
    return to_string(why);
  }

  /// Whether anybody still wants to know.
  bool dialled() {
    dialling_ = false;
    if (ending_)
      self_->quit();
    return !ending_;
  }

  /// Not in the middle of an attempt: an actor system that ends meanwhile may hang, since
  /// CAF's network actor can be left with a request that nobody answers.
  void end() {
    ending_ = true;
    if (!dialling_)
      self_->quit();
  }

  /// Asks who is there.
  void enter(const caf::strong_actor_ptr& door, const std::set<std::string>& signatures) {
    const auto ours = self_->system().message_types<door_actor>();
    if (!door ||
        !std::includes(signatures.begin(), signatures.end(), ours.begin(), ours.end()))
      return failed(errc::bad_config, "what listens there is no flok that this one knows");
    door_ = caf::actor_cast<door_actor>(door);
    depend_on(door_);
    ask_within(self_, shared_->options.patience, door_, hello_request{})
        .then([this, door = door_](const hello_reply& reply) { greeted(door, reply); },
              [this, door = door_](const caf::error& why) {
                if (door_ != door)
                  return; // that it is down was heard before
                leave();
                failed(errc::connection_lost, to_string(why));
              });
  }

  void greeted(const door_actor& door, const hello_reply& reply) {
    if (door_ != door)
      return;
    if (reply.version != remote_version || reply.namespaces.empty()) {
      leave();
      return failed(errc::bad_config, "another version of flok listens there");
    }
    delay_ = {};
    told_.clear();
    const bool again = !relays_.empty();
    std::set<std::string> there;
    for (const auto& [ns, gate] : reply.namespaces) {
      there.insert(ns);
      if (!again)
        relays_.emplace(ns, spawn_relay(self_->system(), ns, complaint()));
      depend_on(gate);
      if (const auto relay = relays_.find(ns); relay != relays_.end())
        send(self_, relay->second, gate_change{gate});
    }
    for (const auto& [ns, relay] : relays_)
      if (!there.contains(ns))
        shared_->options.on_problem(
            {errc::unknown_namespace, place() + " no longer has a namespace called " + ns});
    shared_->connected = true;
    if (!again)
      return shared_->first.set_value(relays_);
    if (shared_->options.on_connection)
      shared_->options.on_connection(true);
  }

  /// The first attempt ends with this; later ones are made again, and each reason is told
  /// once until one succeeds.
  void failed(errc code, const std::string& why) {
    const error what{code, place() + ": " + why};
    if (relays_.empty()) {
      shared_->first.set_value(failure(what));
      return end();
    }
    if (told_.insert(what.message).second)
      shared_->options.on_problem(what);
    again_later();
  }

  // -- the loss of a connection -------------------------------------------------

  /// Without one of its actors there is no connection.
  template <class Actor>
  void depend_on(const Actor& a) {
    monitor(self_, a);
    there_.insert(a.address());
  }

  void leave() {
    for (const auto& address : std::exchange(there_, {}))
      demonitor(self_, address);
    door_ = door_actor{};
  }

  void ended(const caf::actor_addr& who) {
    if (!there_.contains(who))
      return;
    if (who != door_.address()) // a gate, in whose place there will be another one
      delay_ = first_delay;
    leave();
    lost();
  }

  void lost() {
    if (!shared_->connected.exchange(false))
      return failed(errc::connection_lost, "the connection was lost at once");
    const error what{errc::connection_lost,
                     "the connection to " + place() + " is lost; it is tried again"};
    for (const auto& [ns, relay] : relays_)
      send(self_, relay, gate_change{});
    shared_->options.on_problem(what);
    if (shared_->options.on_connection)
      shared_->options.on_connection(false);
    for (const auto& address : shared_->context->controllers.alive())
      if (const auto controller = caf::actor_cast<controller_actor>(address))
        send(self_, controller, problem{what});
    again_later();
  }

  /// Of a watch that could not be begun again those hear who hear of a lost connection.
  [[nodiscard]] watch_complaint complaint() const {
    return [shared = shared_](const caf::actor_addr& who, const error& why) {
      shared->options.on_problem(why);
      const auto alive = shared->context->controllers.alive();
      if (std::find(alive.begin(), alive.end(), who) != alive.end())
        if (const auto controller = caf::actor_cast<controller_actor>(who))
          send_from_outside(controller, problem{why});
    };
  }

  void again_later() {
    send_later(self_, delay_, self_, connect_tick{});
    delay_ = std::clamp(2 * delay_, first_delay, longest_delay);
  }

  pointer self_;
  std::shared_ptr<link_shared> shared_;
  std::map<std::string, relay_actor> relays_; ///< by namespace; none: never connected
  door_actor door_;                           ///< invalid: not connected, nor being greeted
  std::set<caf::actor_addr> there_;           ///< the door and the gates
  std::set<std::string> told_;        ///< why the connection could not be made again
  std::chrono::milliseconds delay_{}; ///< before the next attempt
  bool dialling_ = false;
  bool ending_ = false;
};

} // namespace

link_actor spawn_link(caf::actor_system& sys, std::shared_ptr<link_shared> shared) {
  return spawn_function(sys, [shared = std::move(shared)](link_state::pointer self) {
    return state_of(self).start(shared);
  });
}

} // namespace flok
