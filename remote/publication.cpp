#include "remote/publication.hpp"

#include <map>
#include <utility>

#include <caf/io/middleman.hpp>
#include <caf/openssl/manager.hpp>
#include <caf/openssl/publish.hpp>
#include <caf/scoped_actor.hpp>

#include "actors/controller_actor.hpp"
#include "remote/gate.hpp"

namespace flok {

class publication::impl {
public:
  impl(caf::actor_system& actors, const system_context& context)
      : actors_{actors}, anchor_{spawn_root(actors)} {
    const std::vector<caf::actor> anchors{anchor_, context.root}; // ours, and the system's
    std::map<std::string, gate_actor> gates;
    for (const auto& [ns, vm] : context.vms) {
      gates.emplace(ns, spawn_gate(actors, ns, vm, anchors));
      gates_.push_back(gates[ns]);
    }
    door_ = spawn_door(actors, std::move(gates), anchors);
  }

  impl(const impl&) = delete;
  impl& operator=(const impl&) = delete;
  ~impl() { close(); }

  caf::expected<std::uint16_t> listen(const publish_options& options) {
    const char* address = options.address.empty() ? nullptr : options.address.c_str();
    auto port = actors_.has_openssl_manager()
                    ? caf::openssl::publish(door_, options.port, address, true)
                    : actors_.middleman().publish(door_, options.port, address, true);
    if (port)
      port_ = *port;
    return port;
  }

  void close() {
    if (!door_)
      return;
    if (port_ != 0) // whose listener is CAF's own, also with TLS
      (void)actors_.middleman().unpublish(door_, port_);
    caf::scoped_actor self{actors_, true};
    self->send_exit(anchor_, caf::exit_reason::user_shutdown);
    for (const auto& gate : gates_)
      self->wait_for(gate);
    self->wait_for(door_);
    gates_.clear();
    door_ = door_actor{};
    anchor_ = caf::actor{};
  }

  [[nodiscard]] std::uint16_t port() const { return port_; }

private:
  caf::actor_system& actors_;
  caf::actor anchor_;
  std::vector<gate_actor> gates_;
  door_actor door_;
  std::uint16_t port_ = 0;
};

publication::publication(std::unique_ptr<impl> i) : impl_{std::move(i)} {}

publication::publication(publication&& other) noexcept = default;

publication& publication::operator=(publication&& other) noexcept = default;

publication::~publication() = default;

std::uint16_t publication::port() const { return impl_->port(); }

void publication::close() { impl_->close(); }

expected<publication> publish(system& sys, const publish_options& options) {
  if (!sys.actors().has_middleman())
    return failure(errc::unsupported,
                   "the actor system has no network: prepare it with networking()");
  if (!sys.context().root)
    return failure(errc::shutting_down, "the system is closed");
  auto i = std::make_unique<publication::impl>(sys.actors(), sys.context());
  if (auto port = i->listen(options); !port)
    return failure(
        errc::bad_config,
        "cannot listen on " + (options.address.empty() ? "any address" : options.address) +
            ", port " + std::to_string(options.port) + ": " + caf::to_string(port.error()));
  return publication{std::move(i)};
}

} // namespace flok
