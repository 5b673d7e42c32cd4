# cmake --install: headers, library, tool, CMake package, pkg-config file; and cpack's .deb.

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(flok_package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/flok")

target_include_directories(flok_library
  INTERFACE "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")
install(TARGETS flok_library flok_testing EXPORT flok
  ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}"
  LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}")
install(EXPORT flok NAMESPACE flok:: FILE flokTargets.cmake DESTINATION "${flok_package_dir}")
if(TARGET flok_prometheus)
  target_include_directories(flok_prometheus
    INTERFACE "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")
  install(TARGETS flok_prometheus EXPORT flok_prometheus
    ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}"
    LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}")
  install(EXPORT flok_prometheus NAMESPACE flok:: FILE flokPrometheusTargets.cmake
    DESTINATION "${flok_package_dir}")
endif()
if(FLOK_REMOTE)
  install(TARGETS flok_remote EXPORT flok_remote
    ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}"
    LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}")
  install(EXPORT flok_remote NAMESPACE flok:: FILE flokRemoteTargets.cmake
    DESTINATION "${flok_package_dir}")
  install(FILES remote.hpp DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/flok")
  install(DIRECTORY remote DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/flok"
    FILES_MATCHING PATTERN "*.hpp")
  install(FILES cmake/remote_dependencies.cmake DESTINATION "${flok_package_dir}")
endif()
if(FLOK_TOOLS)
  install(TARGETS flok RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
  install(FILES tools/completion.bash RENAME flok
    DESTINATION "${CMAKE_INSTALL_DATADIR}/bash-completion/completions")
  install(FILES "${PROJECT_BINARY_DIR}/tools/flok.1" DESTINATION "${CMAKE_INSTALL_MANDIR}/man1")
endif()

install(FILES flok.hpp testing.hpp DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/flok")
install(DIRECTORY runtime actors pagers testing DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/flok"
  FILES_MATCHING PATTERN "*.hpp")
install(FILES README.md CHANGELOG.md CONTRIBUTING.md LICENSE DESTINATION "${CMAKE_INSTALL_DOCDIR}")
install(DIRECTORY docs examples DESTINATION "${CMAKE_INSTALL_DOCDIR}") # the docs link to them

configure_package_config_file(cmake/flokConfig.cmake.in "${PROJECT_BINARY_DIR}/flokConfig.cmake"
  INSTALL_DESTINATION "${flok_package_dir}" NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file("${PROJECT_BINARY_DIR}/flokConfigVersion.cmake"
  COMPATIBILITY SameMinorVersion)
install(FILES
  "${PROJECT_BINARY_DIR}/flokConfig.cmake"
  "${PROJECT_BINARY_DIR}/flokConfigVersion.cmake"
  cmake/dependencies.cmake
  DESTINATION "${flok_package_dir}")

# A static library's user links all that it uses; a shared one's, what its headers name.
set(flok_private_libs "-lsimdjson -llmdb -lisal -lurcu-bp -lurcu-cds -lxxhash -lspdlog -lfmt")
if(BUILD_SHARED_LIBS)
  set(flok_pc_public_libs "")
  set(flok_pc_private_libs "${flok_private_libs}")
else()
  set(flok_pc_public_libs "${flok_private_libs} ")
  set(flok_pc_private_libs "")
endif()
if(FLOK_CAF_MAJOR EQUAL 0)
  set(flok_pc_caf_cflags "")
  set(flok_pc_caf_libs "")
else()
  set(flok_pc_caf_cflags " -I${FLOK_CAF_PREFIX}include")
  set(flok_pc_caf_libs "-L${FLOK_CAF_PREFIX}lib ")
endif()
# Found from where the file itself is, so that an installation can be moved.
file(RELATIVE_PATH flok_pc_up "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
configure_file(cmake/flok.pc.in "${PROJECT_BINARY_DIR}/flok.pc" @ONLY)
configure_file(cmake/flok-testing.pc.in "${PROJECT_BINARY_DIR}/flok-testing.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/flok.pc" "${PROJECT_BINARY_DIR}/flok-testing.pc"
  DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")

if(FLOK_REMOTE)
  # A shared library names what it needs itself.
  if(BUILD_SHARED_LIBS)
    set(flok_pc_remote_libs "")
  else()
    set(flok_pc_remote_libs "-lcaf_openssl -lcaf_io -lssl -lcrypto")
  endif()
  configure_file(cmake/flok-remote.pc.in "${PROJECT_BINARY_DIR}/flok-remote.pc" @ONLY)
  install(FILES "${PROJECT_BINARY_DIR}/flok-remote.pc"
    DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
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
liburcu-dev, libxxhash-dev, libspdlog-dev, libssl-dev")
include(CPack)
