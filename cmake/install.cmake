# cmake --install: headers, library, tool, CMake package, pkg-config files; and cpack's .deb.

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
include(headers)

set(flok_package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/flok")

# flok_install_headers(HEADERS...): each where programs reach it, as <flok/…>.
function(flok_install_headers)
  foreach(header IN LISTS ARGN)
    cmake_path(GET header PARENT_PATH folder)
    install(FILES "${header}" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/flok/${folder}")
  endforeach()
endfunction()

# flok_install_component(NAME TARGET): a library of its own, in a file of targets of its own,
# which flokConfig.cmake includes where it is asked for and can be used.
function(flok_install_component name target)
  install(TARGETS ${target} EXPORT ${target}
    ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}"
    LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}")
  install(EXPORT ${target} NAMESPACE flok:: FILE "flok-${name}-targets.cmake"
    DESTINATION "${flok_package_dir}")
endfunction()

# flok_install_pkg_config(NAME): cmake/NAME.pc.in with what is set here.
function(flok_install_pkg_config name)
  configure_file("cmake/${name}.pc.in" "${PROJECT_BINARY_DIR}/${name}.pc" @ONLY)
  install(FILES "${PROJECT_BINARY_DIR}/${name}.pc"
    DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
endfunction()

target_include_directories(flok_library
  INTERFACE "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")
install(TARGETS flok_library flok_testing EXPORT flok
  ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}"
  LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}")
install(EXPORT flok NAMESPACE flok:: FILE flokTargets.cmake DESTINATION "${flok_package_dir}")
flok_install_headers(${flok_headers} ${flok_testing_headers})
if(TARGET flok_prometheus)
  target_include_directories(flok_prometheus
    INTERFACE "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")
  flok_install_component(prometheus flok_prometheus)
  flok_install_headers(${flok_prometheus_headers})
endif()
if(FLOK_REMOTE)
  flok_install_component(remote flok_remote)
  flok_install_headers(${flok_remote_headers})
  install(FILES cmake/remote_dependencies.cmake DESTINATION "${flok_package_dir}")
endif()
if(FLOK_TOOLS)
  install(TARGETS flok RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
  install(FILES tools/completion.bash RENAME flok
    DESTINATION "${CMAKE_INSTALL_DATADIR}/bash-completion/completions")
  install(FILES "${PROJECT_BINARY_DIR}/tools/flok.1" DESTINATION "${CMAKE_INSTALL_MANDIR}/man1")
endif()
install(FILES README.md CHANGELOG.md CONTRIBUTING.md LICENSE DESTINATION "${CMAKE_INSTALL_DOCDIR}")
install(DIRECTORY docs examples DESTINATION "${CMAKE_INSTALL_DOCDIR}") # the docs link to them

configure_package_config_file(cmake/flokConfig.cmake.in "${PROJECT_BINARY_DIR}/flokConfig.cmake"
  INSTALL_DESTINATION "${flok_package_dir}"
  NO_SET_AND_CHECK_MACRO NO_CHECK_REQUIRED_COMPONENTS_MACRO)
write_basic_package_version_file("${PROJECT_BINARY_DIR}/flokConfigVersion.cmake"
  COMPATIBILITY SameMinorVersion)
install(FILES
  "${PROJECT_BINARY_DIR}/flokConfig.cmake"
  "${PROJECT_BINARY_DIR}/flokConfigVersion.cmake"
  cmake/dependencies.cmake
  DESTINATION "${flok_package_dir}")

# A static library's user links all that it uses; a shared one's, what its headers name.
set(flok_private_libs "-lsimdjson -llmdb -lisal -lurcu-bp -lurcu-cds -lspdlog -lfmt")
if(BUILD_SHARED_LIBS)
  set(flok_pc_public_libs "")
  set(flok_pc_private_libs "${flok_private_libs}")
  set(flok_pc_remote_libs "")
  set(flok_pc_prometheus_requires "")
else()
  set(flok_pc_public_libs "${flok_private_libs} ")
  set(flok_pc_private_libs "")
  set(flok_pc_remote_libs " -lcaf_openssl -lcaf_io -lssl -lcrypto")
  set(flok_pc_prometheus_requires ", prometheus-cpp-pull")
endif()
if(FLOK_CAF_MAJOR EQUAL 0)
  set(flok_pc_caf_cflags "")
  set(flok_pc_caf_libs "")
else()
  set(flok_pc_caf_cflags " -isystem ${FLOK_CAF_PREFIX}include")
  set(flok_pc_caf_libs "-L${FLOK_CAF_PREFIX}lib ")
endif()
# Found from where the file itself is, so that an installation can be moved.
file(RELATIVE_PATH flok_pc_up "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
flok_install_pkg_config(flok)
flok_install_pkg_config(flok-testing)
if(FLOK_REMOTE)
  flok_install_pkg_config(flok-remote)
endif()
if(TARGET flok_prometheus)
  flok_install_pkg_config(flok-prometheus)
endif()

# A .deb depends on packages of Debian's, and those have CAF 0.17 alone.
if(NOT FLOK_CAF_MAJOR EQUAL 0)
  return()
endif()

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME flok)
set(CPACK_PACKAGE_CONTACT "the flok developers <flok@localhost>")
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
# What the headers and the library's users need; shlibdeps adds what the tool does.
set(CPACK_DEBIAN_PACKAGE_DEPENDS
  "libcaf-dev, libexpected-dev, nlohmann-json3-dev, libsimdjson-dev, liblmdb-dev, libisal-dev, \
liburcu-dev, libspdlog-dev, libssl-dev")
# What flok::prometheus wants besides; who does not use it need not have it.
set(CPACK_DEBIAN_PACKAGE_SUGGESTS prometheus-cpp-dev)
include(CPack)
