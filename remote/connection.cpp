#include "remote/connection.hpp"

#include <cstdio>
#include <utility>

#include <caf/scoped_actor.hpp>

#include "actors/random_ids.hpp"
#include "actors/service_impl.hpp"
#include "remote/link.hpp"

namespace flok {

class connection::impl final : public service::impl {
public:
  ~impl() override { close(); }

  expected<void> start(caf::actor_system* given, const connect_options& options) {
    if (options.port == 0)
      return failure(errc::bad_config, "port 0 is nobody's: give the one that is listened "
                                       "at (publication::port)");
    if (auto ok = own_actors(given, options); !ok)
      return ok;
    if (!actors_->has_middleman())
      return failure(errc::unsupported,
                     "the actor system has no network: prepare it with networking()");
    context_->ids = random_ids();
    context_->on_problem = options.on_problem ? options.on_problem : print_problem;
    shared_->options = options;
    shared_->options.on_problem = context_->on_problem;
    shared_->context = context_;
    auto first = shared_->first.get_future();
    link_ = spawn_link(*actors_, shared_);
    auto relays = first.get();
    if (!relays) {
      end_link();
      return failure(relays.error());
    }
    for (const auto& [ns, relay] : *relays) {
      relays_.push_back(relay);
      vms_.push_back(caf::actor_cast<vm_actor>(relay));
      context_->vms.emplace(ns, vms_.back());
    }
    context_->root = spawn_root(*actors_);
    closed_ = false;
    return {};
  }

  void close() {
    if (std::exchange(closed_, true))
      return;
    allowance of_all{shared_->options.patience};
    (void)drain_within(of_all, of_all);
    caf::anon_send_exit(context_->root, caf::exit_reason::user_shutdown);
    context_->controllers.wait_none();
    end_link();
    caf::scoped_actor self{*actors_, true};
    for (const auto& relay : relays_)
      self->send_exit(relay, caf::exit_reason::user_shutdown);
    for (const auto& relay : relays_)
      self->wait_for(relay);
    relays_.clear();
    vms_.clear();
    context_->vms.clear();
    context_->root = caf::actor{};
    shared_->connected = false;
  }

  [[nodiscard]] bool connected() const { return shared_->connected; }

  [[nodiscard]] std::vector<std::string> namespaces() const {
    std::vector<std::string> all;
    for (const auto& [ns, vm] : context_->vms)
      all.push_back(ns);
    return all;
  }

private:
  expected<void> own_actors(caf::actor_system* given, const connect_options& options) {
    actors_ = given;
    if (given != nullptr)
      return {};
    system::prepare(actor_config_);
    if (auto ok = networking(options.tls)(actor_config_); !ok)
      return ok;
    own_ = std::make_unique<caf::actor_system>(actor_config_);
    actors_ = own_.get();
    return {};
  }

  void end_link() {
    caf::scoped_actor self{*actors_, true};
    self->send_exit(link_, caf::exit_reason::user_shutdown);
    self->wait_for(link_);
    link_ = link_actor{};
  }

  caf::actor_system_config actor_config_;
  std::unique_ptr<caf::actor_system> own_;
  std::shared_ptr<link_shared> shared_ = std::make_shared<link_shared>();
  link_actor link_;
  std::vector<relay_actor> relays_;
};

connection::connection(std::unique_ptr<impl> i) : service{std::move(i)} {}

connection::~connection() = default;

connection::impl& connection::inside() const { return static_cast<impl&>(*impl_); }

bool connection::connected() const { return inside().connected(); }

std::vector<std::string> connection::namespaces() const { return inside().namespaces(); }

void connection::close() { inside().close(); }

expected<std::unique_ptr<connection>> connect(const connect_options& options) {
  auto i = std::make_unique<connection::impl>();
  if (auto ok = i->start(nullptr, options); !ok)
    return failure(ok.error());
  return std::unique_ptr<connection>{new connection{std::move(i)}};
}

expected<std::unique_ptr<connection>> connect(caf::actor_system& actors,
                                              const connect_options& options) {
  auto i = std::make_unique<connection::impl>();
  if (auto ok = i->start(&actors, options); !ok)
    return failure(ok.error());
  return std::unique_ptr<connection>{new connection{std::move(i)}};
}

} // namespace flok
