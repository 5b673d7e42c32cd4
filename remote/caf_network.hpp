// CAF's network layer, and how 0.17 and 1.x differ in it. Private to remote/.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include <caf/actor_system_config.hpp>
#include <caf/io/middleman.hpp>
#include <caf/openssl/manager.hpp>

#include "../actors/caf_compat.hpp"

namespace flok {

/// Gives an actor system a network, whose peers say something every `heartbeat`, and who
/// does not for as long as `silence` is dead.
inline void add_network(caf::actor_system_config& c, caf::timespan heartbeat,
                        caf::timespan silence) {
  c.load<caf::io::middleman>();
#if CAF_MAJOR_VERSION == 0
  c.set("middleman.heartbeat-interval", heartbeat);
  c.set("middleman.connection-timeout", silence);
#else
  c.set("caf.middleman.heartbeat-interval", heartbeat);
  c.set("caf.middleman.connection-timeout", silence);
#endif
}

/// The same with TLS, beside `add_network`. CAF ends the process where a file cannot be
/// used.
inline void add_tls(caf::actor_system_config& c, const std::string& certificate,
                    const std::string& key, const std::string& authorities) {
  c.load<caf::openssl::manager>();
#if CAF_MAJOR_VERSION == 0
  c.openssl_certificate = certificate;
  c.openssl_key = key;
  c.openssl_cafile = authorities;
#else
  c.set("caf.openssl.certificate", certificate);
  c.set("caf.openssl.key", key);
  c.set("caf.openssl.cafile", authorities);
#endif
}

/// Makes the process know an id block and CAF's own network messages, where there is one
/// table of them for all actor systems: as the library is loaded, since a program may want
/// a network when it has an actor system already.
template <class Block>
bool know_message_types() {
#if CAF_MAJOR_VERSION == 1
  caf::init_global_meta_objects<Block>();
  caf::io::middleman::init_global_meta_objects();
#endif
  return true;
}

/// Asks, and waits no longer than `patience` for the answer, which is an error then.
template <class Self, class Actor, class Request>
[[nodiscard]] auto ask_within(Self* self, caf::timespan patience, const Actor& whom,
                              Request what) {
#if CAF_MAJOR_VERSION == 0
  return self->request(whom, patience, std::move(what));
#else
  return self->mail(std::move(what)).request(whom, patience);
#endif
}

/// Connects: the answer is a `caf::node_id`, a `caf::strong_actor_ptr`, which is what has
/// been published there, and the set of what that can be asked.
template <class Self>
[[nodiscard]] auto dial(Self* self, caf::timespan patience, const std::string& host,
                        std::uint16_t port) {
  auto& sys = self->system();
  const auto network = sys.has_openssl_manager() ? sys.openssl_manager().actor_handle()
                                                 : sys.middleman().actor_handle();
#if CAF_MAJOR_VERSION == 0
  return self->request(network, patience, caf::connect_atom_v, host, port);
#else
  return self->mail(caf::connect_atom_v, host, port).request(network, patience);
#endif
}

} // namespace flok
