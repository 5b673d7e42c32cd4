# What flok is built on, found in the system; each as an imported target.

find_package(Threads REQUIRED)

# flok_package(NAME PACKAGE): find_package, naming Debian's package where there is none.
macro(flok_package name package)
  find_package(${name} QUIET)
  if(NOT ${name}_FOUND)
    message(FATAL_ERROR "${name} not found: install Debian's ${package}")
  endif()
endmacro()

flok_package(simdjson libsimdjson-dev)
flok_package(tl-expected libexpected-dev)
flok_package(nlohmann_json nlohmann-json3-dev)

# flok_library(TARGET HEADER LIBRARY PACKAGE): for libraries that ship no CMake file.
function(flok_library target header library package)
  string(MAKE_C_IDENTIFIER "FLOK_${library}" prefix)
  find_path(${prefix}_INCLUDE_DIR "${header}")
  find_library(${prefix}_LIBRARY "${library}")
  mark_as_advanced(${prefix}_INCLUDE_DIR ${prefix}_LIBRARY)
  if(NOT ${prefix}_INCLUDE_DIR OR NOT ${prefix}_LIBRARY)
    message(FATAL_ERROR "${header} or lib${library} not found: install Debian's ${package}")
  endif()
  add_library(${target} SHARED IMPORTED GLOBAL)
  set_target_properties(${target} PROPERTIES
    IMPORTED_LOCATION "${${prefix}_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${${prefix}_INCLUDE_DIR}")
endfunction()

flok_library(flok::lmdb lmdb.h lmdb liblmdb-dev)
flok_library(flok::isal isa-l/crc.h isal libisal-dev)
flok_library(flok::urcu_cds urcu/rculfhash.h urcu-cds liburcu-dev)
flok_library(flok::urcu urcu/urcu-bp.h urcu-bp liburcu-dev)
target_link_libraries(flok::urcu INTERFACE flok::urcu_cds)
flok_library(flok::xxhash xxhash.h xxhash libxxhash-dev)
flok_library(flok::caf caf/all.hpp caf_core libcaf-dev)
target_link_libraries(flok::caf INTERFACE Threads::Threads)
