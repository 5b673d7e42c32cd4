#include "tests/remote/certificates.hpp"

#include <cstdlib>
#include <utility>

#include "tests/catch.hpp"

namespace flok::testing {

namespace {

void openssl(const std::string& arguments) {
  const auto command = "openssl " + arguments + " >/dev/null 2>&1";
  INFO(command);
  REQUIRE(std::system(command.c_str()) == 0);
}

const std::string new_key = " -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";

} // namespace

authority::authority(const temp_dir& folder, std::string name)
    : folder_{folder}, name_{std::move(name)} {
  openssl("req -x509 -days 2 -subj /CN=" + name_ + new_key + " -keyout " + file(".key") +
          " -out " + file(".crt"));
}

tls_options authority::vouch_for(const std::string& name) const {
  const auto base = "." + name;
  openssl("req -subj /CN=" + name + new_key + " -keyout " + file(base + ".key") + " -out " +
          file(base + ".csr"));
  openssl("x509 -req -days 2 -in " + file(base + ".csr") + " -CA " + file(".crt") +
          " -CAkey " + file(".key") + " -CAcreateserial -out " + file(base + ".crt"));
  return {file(base + ".crt"), file(base + ".key"), file(".crt")};
}

std::string authority::file(const std::string& name) const {
  return folder_ / (name_ + name);
}

} // namespace flok::testing
