#include "remote/networking.hpp"

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <memory>
#include <utility>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "remote/caf_network.hpp"
#include "remote/remote_messages.hpp"

namespace flok {

namespace {

[[maybe_unused]] const bool types_known = know_message_types<caf::id_block::flok_remote>();

using unique_file = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

constexpr std::chrono::seconds heartbeat{5};
constexpr std::chrono::seconds silence{30};

error bad(const std::string& what, const std::string& file) {
  const auto code = ERR_get_error();
  const char* why = code != 0 ? ERR_reason_error_string(code) : nullptr;
  ERR_clear_error();
  if (const unique_file readable{std::fopen(file.c_str(), "r"), std::fclose}; !readable)
    why = std::strerror(errno);
  return {errc::bad_config,
          "TLS: " + what + " " + file + ": " + (why != nullptr ? why : "cannot be used")};
}

/// CAF looks at the files when the first connection comes, and ends the process where they
/// cannot be used.
expected<void> check(const tls_options& tls) {
  const std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context{SSL_CTX_new(TLS_method()),
                                                             SSL_CTX_free};
  auto* c = context.get();
  ERR_clear_error();
  if (SSL_CTX_use_certificate_chain_file(c, tls.certificate.c_str()) != 1)
    return failure(bad("the certificate", tls.certificate));
  if (SSL_CTX_use_PrivateKey_file(c, tls.key.c_str(), SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(c) != 1)
    return failure(bad("the key", tls.key));
  if (SSL_CTX_load_verify_locations(c, tls.authorities.c_str(), nullptr) != 1)
    return failure(bad("the authorities", tls.authorities));
  return {};
}

} // namespace

preparation networking(std::optional<tls_options> tls) {
  return [tls = std::move(tls)](caf::actor_system_config& c) -> expected<void> {
    if (tls)
      if (auto ok = check(*tls); !ok)
        return ok;
    add_message_types<caf::id_block::flok_remote>(c);
    add_network(c, heartbeat, silence);
    if (tls)
      add_tls(c, tls->certificate, tls->key, tls->authorities);
    return {};
  };
}

} // namespace flok
