// Certificates of a test's own, made with the openssl command.
#pragma once

#include <string>

#include "remote/networking.hpp"
#include "testing/temp_dir.hpp"

namespace flok::testing {

/// An authority in files under a folder, and who it vouches for.
class authority {
public:
  authority(const temp_dir& folder, std::string name);

  /// A certificate and its key, signed.
  [[nodiscard]] tls_options vouch_for(const std::string& name) const;

private:
  [[nodiscard]] std::string file(const std::string& name) const;

  const temp_dir& folder_;
  std::string name_;
};

} // namespace flok::testing
