#include "remote/link.hpp"

#include <algorithm>
#include <chrono>
#include <set>
#include <utility>

#include <caf/io/middleman.hpp>
#include <caf/openssl/manager.hpp>

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
    self_->set_down_handler([this](const caf::down_msg& m) {
      if (door_ && m.source == door_.address())
        lost();
    });
    connect();
    return {[this](const connect_tick&) { connect(); }};
  }

private:
  [[nodiscard]] std::string place() const {
    return shared_->options.host + ", port " + std::to_string(shared_->options.port);
  }

  void connect() {
    auto& sys = self_->system();
    const auto& network = sys.has_openssl_manager() ? sys.openssl_manager().actor_handle()
                                                    : sys.middleman().actor_handle();
    self_
        ->request(network, shared_->options.patience, caf::connect_atom_v,
                  shared_->options.host, shared_->options.port)
        .then([this](const caf::node_id&, const caf::strong_actor_ptr& door,
                     const std::set<std::string>& signatures) { enter(door, signatures); },
              [this](const caf::error& why) {
                failed(errc::connection_lost, to_string(why));
              });
  }

  /// Asks who is there.
  void enter(const caf::strong_actor_ptr& door, const std::set<std::string>& signatures) {
    const auto ours = self_->system().message_types(caf::detail::type_list<door_actor>{});
    if (!door ||
        !std::includes(signatures.begin(), signatures.end(), ours.begin(), ours.end()))
      return failed(errc::bad_config, "what listens there is no flok that this one knows");
    door_ = caf::actor_cast<door_actor>(door);
    self_->monitor(door_);
    self_->request(door_, shared_->options.patience, hello_request{})
        .then([this, door = door_](const hello_reply& reply) { greeted(door, reply); },
              [this, door = door_](const caf::error& why) {
                if (door_ != door)
                  return; // that it is down was heard before
                self_->demonitor(door_.address());
                door_ = door_actor{};
                failed(errc::connection_lost, to_string(why));
              });
  }

  void greeted(const door_actor& door, const hello_reply& reply) {
    if (door_ != door)
      return;
    if (reply.version != remote_version || reply.namespaces.empty()) {
      self_->demonitor(door_.address());
      door_ = door_actor{};
      return failed(errc::bad_config, "another version of flok listens there");
    }
    delay_ = {};
    const bool again = !relays_.empty();
    std::set<std::string> there;
    for (const auto& [ns, gate] : reply.namespaces) {
      there.insert(ns);
      if (!again)
        relays_.emplace(ns, spawn_relay(self_->system(), ns));
      if (const auto relay = relays_.find(ns); relay != relays_.end())
        self_->send(relay->second, gate_change{gate});
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

  /// The first attempt ends with this; later ones are made again.
  void failed(errc code, const std::string& why) {
    if (!relays_.empty())
      return again_later();
    shared_->first.set_value(failure(code, place() + ": " + why));
    self_->quit();
  }

  void lost() {
    door_ = door_actor{};
    if (!shared_->connected.exchange(false))
      return failed(errc::connection_lost, "the connection was lost at once");
    const error what{errc::connection_lost,
                     "the connection to " + place() + " is lost; it is tried again"};
    for (const auto& [ns, relay] : relays_)
      self_->send(relay, gate_change{});
    shared_->options.on_problem(what);
    if (shared_->options.on_connection)
      shared_->options.on_connection(false);
    for (const auto& address : shared_->context->controllers.alive())
      if (const auto controller = caf::actor_cast<controller_actor>(address))
        self_->send(controller, problem{what});
    again_later();
  }

  void again_later() {
    self_->delayed_send(self_, delay_, connect_tick{});
    delay_ = std::clamp(2 * delay_, first_delay, longest_delay);
  }

  pointer self_;
  std::shared_ptr<link_shared> shared_;
  std::map<std::string, relay_actor> relays_; ///< by namespace; none: never connected
  door_actor door_;                           ///< invalid: not connected, nor being greeted
  std::chrono::milliseconds delay_{};         ///< before the next attempt
};

} // namespace

link_actor spawn_link(caf::actor_system& sys, std::shared_ptr<link_shared> shared) {
  return spawn_function(sys, [shared = std::move(shared)](link_state::pointer self) {
    return self->state.start(shared);
  });
}

} // namespace flok
