# What flok::remote is built on, besides what dependencies.cmake has.
if(FLOK_CAF_MAJOR EQUAL 0)
  flok_library(flok::caf_io caf/io/middleman.hpp caf_io libcaf-dev)
  flok_library(flok::caf_openssl caf/openssl/manager.hpp caf_openssl libcaf-dev)
elseif(NOT TARGET flok::caf_io)
  find_package(OpenSSL QUIET GLOBAL) # which CAF's own package does not look for
  if(OPENSSL_FOUND AND TARGET CAF::openssl)
    add_library(flok::caf_io INTERFACE IMPORTED GLOBAL)
    target_link_libraries(flok::caf_io INTERFACE CAF::io)
    add_library(flok::caf_openssl INTERFACE IMPORTED GLOBAL)
    target_link_libraries(flok::caf_openssl INTERFACE CAF::openssl)
  else()
    flok_missing("what flok::remote is built on, CAF with io and openssl,"
      "Debian's libssl-dev, and build CAF with both; or say -DFLOK_REMOTE=OFF")
  endif()
endif()
flok_library(flok::crypto openssl/crypto.h crypto libssl-dev)
flok_library(flok::ssl openssl/ssl.h ssl libssl-dev flok::crypto)
