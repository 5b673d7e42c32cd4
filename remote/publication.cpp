#include "remote/publication.hpp"

#include <memory>
#include <utility>

#include <caf/io/middleman.hpp>
#include <caf/openssl/manager.hpp>
#include <caf/openssl/publish.hpp>
#include <caf/scoped_actor.hpp>

#include "actors/controller_actor.hpp"
#include "actors/why_not_listening.hpp"
#include "remote/keeper.hpp"

namespace flok {

class publication::impl {
public:
  impl(caf::actor_system& actors, const system_context& context)
      : actors_{actors}, keeper_{spawn_keeper(actors,
                                              {context.vms.begin(), context.vms.end()},
                                              gates_, context.root)},
        door_{spawn_door(actors, gates_, keeper_)} {}

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
    self->send_exit(keeper_, caf::exit_reason::user_shutdown);
    self->wait_for(keeper_); // there is no other gate from now on
    for (const auto& [ns, gate] : gates_->all())
      self->wait_for(gate);
    self->wait_for(door_);
    door_ = door_actor{};
    keeper_ = caf::actor{};
  }

  [[nodiscard]] std::uint16_t port() const { return port_; }

private:
  caf::actor_system& actors_;
  std::shared_ptr<gate_table> gates_ = std::make_shared<gate_table>();
  caf::actor keeper_;
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
  const auto port = i->listen(options);
  if (port)
    return publication{std::move(i)};
  const auto number = std::to_string(options.port);
  const auto why = why_not_listening(options.address, number);
  return failure(
      errc::bad_config,
      "cannot listen on " + (options.address.empty() ? "any address" : options.address) +
          ", port " + number + ": " + (why.empty() ? caf::to_string(port.error()) : why));
}

} // namespace flok
