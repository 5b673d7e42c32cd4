# What flok::remote is built on, besides what dependencies.cmake has.
if(FLOK_CAF_MAJOR EQUAL 0)
  flok_library(flok::caf_io caf/io/middleman.hpp caf_io libcaf-dev)
  flok_library(flok::caf_openssl caf/openssl/manager.hpp caf_openssl libcaf-dev)
elseif(NOT TARGET flok::caf_io)
  find_package(OpenSSL QUIET GLOBAL) # which CAF's own package does not look for
  if(NOT OPENSSL_FOUND OR NOT TARGET CAF::openssl)
    message(FATAL_ERROR "flok::remote wants a CAF with io and openssl, and Debian's libssl-dev; "
                        "say -DFLOK_REMOTE=OFF to do without")
  endif()
  add_library(flok::caf_io INTERFACE IMPORTED GLOBAL)
  target_link_libraries(flok::caf_io INTERFACE CAF::io)
  add_library(flok::caf_openssl INTERFACE IMPORTED GLOBAL)
  target_link_libraries(flok::caf_openssl INTERFACE CAF::openssl)
endif()
flok_library(flok::crypto openssl/crypto.h crypto libssl-dev)
flok_library(flok::ssl openssl/ssl.h ssl libssl-dev)
target_link_libraries(flok::ssl INTERFACE flok::crypto)
