# What all of flok's own targets share.

include(CheckCXXCompilerFlag)

# flok_target(NAME): C++20, the include roots, warnings, sanitizers. Our own sources include from
# the repository's root, which is not on a user's include path.
function(flok_target name)
  target_compile_features(${name} PUBLIC cxx_std_20)
  set_target_properties(${name} PROPERTIES CXX_EXTENSIONS OFF POSITION_INDEPENDENT_CODE ON)
  target_include_directories(${name}
    PUBLIC "$<BUILD_INTERFACE:${PROJECT_BINARY_DIR}/include>"
    PRIVATE "${PROJECT_SOURCE_DIR}")
  # GCC 12 reports overlapping copies in std::string's operator+ that cannot be (its bug 105651),
  # and uninitialized members of a std::variant's alternatives that are not the one it holds.
  target_compile_options(${name} PRIVATE -Wall -Wextra -Wpedantic -Wconversion
                                         $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>
                                         $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>
                                         $<$<CONFIG:Release>:-g1>)
  # The archives are position-independent, so that a shared library can take them in, and no
  # function of theirs is meant to be replaced at run time: calls within a file are inlined.
  target_compile_options(${name} PRIVATE -fno-semantic-interposition)
  if(FLOK_SANITIZE)
    target_compile_options(${name} PRIVATE -fsanitize=${FLOK_SANITIZE} -fno-omit-frame-pointer)
    # The core is what takes time; what includes CAF takes twice as long to compile when optimised.
    if(name STREQUAL "flok_runtime")
      target_compile_options(${name} PRIVATE -O1)
    endif()
    target_link_options(${name} PUBLIC -fsanitize=${FLOK_SANITIZE})
  endif()
endfunction()
