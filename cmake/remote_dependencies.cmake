# What flok::remote is built on, besides what dependencies.cmake has.
flok_library(flok::caf_io caf/io/middleman.hpp caf_io libcaf-dev)
flok_library(flok::caf_openssl caf/openssl/manager.hpp caf_openssl libcaf-dev)
flok_library(flok::crypto openssl/crypto.h crypto libssl-dev)
flok_library(flok::ssl openssl/ssl.h ssl libssl-dev)
target_link_libraries(flok::ssl INTERFACE flok::crypto)
