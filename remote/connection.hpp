// Another process's pages.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "../actors/service.hpp"
#include "networking.hpp"

namespace caf {
class actor_system;
}

namespace flok {

struct connect_options {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;

  /// For an actor system of the connection's own: the certificates, none: in the clear.
  std::optional<tls_options> tls{};

  /// Hears of failures that nobody waits for, on any thread: of each loss of the
  /// connection, once, `connection_lost`; of why it cannot be made again, each reason once
  /// until it is; and of watches that cannot be begun again then. Must not throw. Without
  /// it they go to stderr.
  std::function<void(const error&)> on_problem{};

  /// Hears, on any thread and in turn, whether there is a connection: `true` when it has
  /// been made again, `false` when it is lost. Must not throw.
  std::function<void(bool)> on_connection{};

  /// How long each attempt may take, until whoever listens there has said who it is, and
  /// how long `close` may wait for what was asked, and for an attempt that is under way. It
  /// does not bound what the system itself takes, in a thread of CAF's: to find a host's
  /// address (resolv.conf(5)), and to connect where packets are neither answered nor
  /// refused (tcp(7), `tcp_syn_retries`: about two minutes). Meanwhile no other attempt is
  /// begun, and the actor system cannot end: where it is the connection's own, its
  /// destructor waits, or `connect` where it fails.
  std::chrono::milliseconds patience{10'000};
};

/// The pages of another process, which has published them. What is asked, watched and
/// written takes the same path as in a system, and a network besides: controllers,
/// callbacks and futures are the same.
///
/// **When the connection is lost**, by the other process's end or the network's, what is
/// under way fails with `connection_lost` (whether it was done is unknown), and so does
/// what is asked until there is one again (it was not done; a watch is begun then).
/// `on_problem` hears of it, and so does each controller's `on_error`. It is tried again at
/// once, then ever less often, up to every five seconds. When it is back, all watches are
/// begun again: each watched page is told as it is then, as `cache` or `disk`, or that it
/// is deleted where there is none.
class connection : public service {
public:
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;
  ~connection();

  [[nodiscard]] bool connected() const;

  /// The namespaces that there were when it was first made.
  [[nodiscard]] std::vector<std::string> namespaces() const;

  /// Ends all controllers, once what they asked for is done or `patience` is over, and the
  /// connection. Requests fail after it. The destructor does the same. Not from a
  /// controller.
  void close();

private:
  friend expected<std::unique_ptr<connection>> connect(const connect_options& options);
  friend expected<std::unique_ptr<connection>> connect(caf::actor_system& actors,
                                                       const connect_options& options);
  class impl;
  explicit connection(std::unique_ptr<impl> i);
  [[nodiscard]] impl& inside() const;
};

/// Connects, with an actor system of its own. Blocks the calling thread, which must not be
/// an actor's. Fails with `bad_config` (TLS files, or a flok that means something else), or
/// `connection_lost` where nobody answers, or the certificates do not please.
[[nodiscard]] expected<std::unique_ptr<connection>> connect(const connect_options& options);

/// The same in the embedder's actor system, which must outlive it and has been through
/// `system::prepare` and `networking`; `tls` is not looked at: it is as that was.
[[nodiscard]] expected<std::unique_ptr<connection>> connect(caf::actor_system& actors,
                                                            const connect_options& options);

} // namespace flok
