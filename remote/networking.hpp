// A network for an actor system.
#pragma once

#include <optional>
#include <string>

#include "../actors/system.hpp"

namespace flok {

/// Who this process is, and whom it trusts: PEM files, all three of them. Each side shows
/// its certificate, and takes the other's only where one of `authorities` has signed it.
/// Host names are not compared: let `authorities` be your own.
struct tls_options {
  std::string certificate; ///< and the chain above it
  std::string key;         ///< the certificate's, without a passphrase
  std::string authorities;
};

/// Gives an actor system a network: with TLS, or in the clear. For `open_options::prepare`,
/// `system_options::prepare`, or an embedder's own configuration, beside `system::prepare`.
/// Fails with `bad_config` where a file cannot be used, and says which and why. A process
/// that is not heard of for half a minute counts as dead.
[[nodiscard]] preparation networking(std::optional<tls_options> tls = std::nullopt);

} // namespace flok
