// Offering a system's pages to other processes.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "../actors/system.hpp"

namespace flok {

struct publish_options {
  std::string address = "127.0.0.1"; ///< to listen on; empty: all that this machine has
  std::uint16_t port = 0;            ///< 0: one that is free
};

/// That a system's pages can be reached: made by `publish`, until it is closed or
/// destroyed. Several of one system are possible. Not for several threads at once.
class [[nodiscard]] publication {
public:
  publication(publication&& other) noexcept;
  publication& operator=(publication&& other) noexcept;
  ~publication();

  [[nodiscard]] std::uint16_t port() const;

  /// Takes no more connections; those that there are hear that they are lost, and what they
  /// watched is forgotten. Again does nothing.
  void close();

private:
  friend expected<publication> publish(system& sys, const publish_options& options);
  class impl;
  explicit publication(std::unique_ptr<impl> i);
  std::unique_ptr<impl> impl_;
};

/// Lets other processes watch, read and write the pages of `sys`, which must outlive it and
/// whose actor system has been through `networking`; with TLS where that had certificates,
/// so that it is they who say who may connect. Whoever may connect can use all namespaces.
/// Blocks the calling thread, which must not be an actor's. Fails with `unsupported`
/// without a network, `bad_config` where it cannot listen there, and `shutting_down`.
///
/// Ids and pages from elsewhere are validated when they arrive. A process that ends, or a
/// connection that is lost, is its watchers' death. The vms themselves are out of reach:
/// what comes from elsewhere cannot end them.
[[nodiscard]] expected<publication> publish(system& sys,
                                            const publish_options& options = {});

} // namespace flok
