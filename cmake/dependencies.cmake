# What flok is built on, found in the system; each as an imported target.

find_package(Threads REQUIRED)

# flok_missing(WHAT PACKAGE): ends flok's own build; what looks for an installed flok is told of
# all at once (flokConfig.cmake.in).
macro(flok_missing what package)
  if(CMAKE_FIND_PACKAGE_NAME STREQUAL "flok")
    list(APPEND flok_lacks "${what}: install ${package}")
  else()
    message(FATAL_ERROR "${what} not found: install ${package}")
  endif()
endmacro()

# flok_package(NAME PACKAGE): find_package, naming Debian's package where there is none.
macro(flok_package name package)
  find_package(${name} QUIET)
  if(NOT ${name}_FOUND)
    flok_missing(${name} "Debian's ${package}")
  endif()
endmacro()

flok_package(simdjson libsimdjson-dev)
flok_package(tl-expected libexpected-dev)
flok_package(nlohmann_json nlohmann-json3-dev)
flok_package(spdlog libspdlog-dev)
find_package(prometheus-cpp QUIET) # Debian's prometheus-cpp-dev; without it no flok::prometheus

# flok_library(TARGET HEADER LIBRARY PACKAGE [USES...]): for libraries that ship no CMake file;
# whoever links them links what they use. A project may look for flok more than once.
function(flok_library target header library package)
  if(TARGET ${target})
    return()
  endif()
  string(MAKE_C_IDENTIFIER "FLOK_${library}" prefix)
  find_path(${prefix}_INCLUDE_DIR "${header}")
  find_library(${prefix}_LIBRARY "${library}")
  mark_as_advanced(${prefix}_INCLUDE_DIR ${prefix}_LIBRARY)
  if(NOT ${prefix}_INCLUDE_DIR OR NOT ${prefix}_LIBRARY)
    flok_missing("${header} or lib${library}" "Debian's ${package}")
    set(flok_lacks "${flok_lacks}" PARENT_SCOPE)
    return()
  endif()
  add_library(${target} SHARED IMPORTED GLOBAL)
  set_target_properties(${target} PROPERTIES
    IMPORTED_LOCATION "${${prefix}_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${${prefix}_INCLUDE_DIR}")
  target_link_libraries(${target} INTERFACE ${ARGN})
endfunction()

flok_library(flok::lmdb lmdb.h lmdb liblmdb-dev)
flok_library(flok::isal isa-l/crc.h isal libisal-dev)
flok_library(flok::urcu_cds urcu/rculfhash.h urcu-cds liburcu-dev)
flok_library(flok::urcu urcu/urcu-bp.h urcu-bp liburcu-dev flok::urcu_cds)

# CAF 1.x has a CMake package of its own, found where CAF_ROOT or CMAKE_PREFIX_PATH leads to;
# Debian's 0.17 has none. An installed flok wants what it was built with: flokConfig.cmake sets
# FLOK_CAF_MAJOR before.
if(NOT FLOK_CAF_MAJOR STREQUAL "0")
  find_package(CAF 1 CONFIG QUIET)
endif()
if(CAF_FOUND)
  set(FLOK_CAF_MAJOR 1)
  cmake_path(SET FLOK_CAF_PREFIX NORMALIZE "${CAF_DIR}/../../..")
  set(FLOK_CAF_FOUND "${CAF_VERSION} in ${FLOK_CAF_PREFIX}")
  if(NOT TARGET flok::caf)
    add_library(flok::caf INTERFACE IMPORTED GLOBAL)
    target_link_libraries(flok::caf INTERFACE CAF::core Threads::Threads)
  endif()
elseif(FLOK_CAF_MAJOR OR CAF_ROOT OR DEFINED ENV{CAF_ROOT})
  flok_missing("CAF 1.x" "it, and say -DCAF_ROOT=PREFIX, where it is installed in PREFIX")
else()
  set(FLOK_CAF_MAJOR 0)
  flok_library(flok::caf caf/all.hpp caf_core libcaf-dev Threads::Threads)
  set(FLOK_CAF_FOUND "0.17 in ${FLOK_caf_core_LIBRARY}")
endif()
if(NOT FLOK_CAF_FOUND STREQUAL FLOK_CAF_TOLD)
  message(STATUS "CAF: ${FLOK_CAF_FOUND}")
  set(FLOK_CAF_TOLD "${FLOK_CAF_FOUND}" CACHE INTERNAL "What was said of CAF last")
endif()
