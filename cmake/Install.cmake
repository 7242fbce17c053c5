# core/mls as a library of its own, with the modules that it stands on:
#   cmake --install build/release --prefix PREFIX --component mls
# Then find_package(cairn-mls) gives cairn::mls, and pkg-config knows cairn-mls.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(mls_headers "${CMAKE_INSTALL_INCLUDEDIR}/cairn-mls")
set(mls_libraries "${CMAKE_INSTALL_LIBDIR}/cairn-mls")
set(mls_config "${CMAKE_INSTALL_LIBDIR}/cmake/cairn-mls")

foreach(module base wire crypto mls)
  file(GLOB headers CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/core/${module}/*.h")
  list(FILTER headers EXCLUDE REGEX "_fixture\\.h$")
  install(FILES ${headers} DESTINATION "${mls_headers}/core/${module}" COMPONENT mls)
  set_target_properties(core_${module} PROPERTIES EXPORT_NAME ${module})
  target_include_directories(core_${module} INTERFACE "$<INSTALL_INTERFACE:${mls_headers}>")
  target_compile_features(core_${module} INTERFACE cxx_std_20)
  install(TARGETS core_${module} EXPORT cairn-mls-targets DESTINATION "${mls_libraries}" COMPONENT mls)
endforeach()

install(EXPORT cairn-mls-targets NAMESPACE cairn:: DESTINATION "${mls_config}" COMPONENT mls)
write_basic_package_version_file("${CMAKE_BINARY_DIR}/cairn-mls-config-version.cmake" COMPATIBILITY SameMinorVersion)
file(RELATIVE_PATH path_to_prefix "/prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/prefix")
configure_file(cmake/cairn-mls.pc.in "${CMAKE_BINARY_DIR}/cairn-mls.pc" @ONLY)
install(FILES cmake/cairn-mls-config.cmake cmake/Sodium.cmake "${CMAKE_BINARY_DIR}/cairn-mls-config-version.cmake"
        DESTINATION "${mls_config}" COMPONENT mls)
install(FILES "${CMAKE_BINARY_DIR}/cairn-mls.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig" COMPONENT mls)
install(FILES LICENSE core/mls/README.md core/mls/MUSTS.md DESTINATION "${CMAKE_INSTALL_DOCDIR}-mls" COMPONENT mls)
