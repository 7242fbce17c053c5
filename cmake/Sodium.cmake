# cairn::sodium: libsodium 1.0.22 or newer (ML-KEM-768, X-Wing). The system's if
# it is new enough, else the static library that ./dev setup built into the cache.
# The build and the installed package (cairn-mls-config.cmake) both look here.
set(sodium_minimum 1.0.22)
find_package(PkgConfig QUIET)
if(PkgConfig_FOUND)
  pkg_check_modules(SYSTEM_SODIUM QUIET IMPORTED_TARGET "libsodium>=${sodium_minimum}")
endif()
if(SYSTEM_SODIUM_FOUND)
  add_library(cairn::sodium INTERFACE IMPORTED GLOBAL)
  target_link_libraries(cairn::sodium INTERFACE PkgConfig::SYSTEM_SODIUM)
  message(STATUS "libsodium: ${SYSTEM_SODIUM_VERSION} of the system")
  return()
endif()

set(sodium_cache "$ENV{XDG_CACHE_HOME}")
if(NOT sodium_cache)
  set(sodium_cache "$ENV{HOME}/.cache")
endif()
file(GLOB sodium_builds "${sodium_cache}/cairn/libsodium-*/lib/libsodium.a")
list(SORT sodium_builds COMPARE NATURAL ORDER DESCENDING)
foreach(library IN LISTS sodium_builds)
  cmake_path(GET library PARENT_PATH folder)
  cmake_path(GET folder PARENT_PATH folder)
  cmake_path(GET folder FILENAME name)
  string(REGEX REPLACE "^libsodium-([0-9.]+).*" "\\1" version "${name}")
  if(version VERSION_GREATER_EQUAL sodium_minimum AND EXISTS "${folder}/include/sodium.h")
    add_library(cairn::sodium STATIC IMPORTED GLOBAL)
    set_target_properties(cairn::sodium PROPERTIES
      IMPORTED_LOCATION "${library}"
      INTERFACE_INCLUDE_DIRECTORIES "${folder}/include"
      INTERFACE_COMPILE_DEFINITIONS SODIUM_STATIC=1)
    set(CAIRN_SODIUM_PKG_CONFIG "${folder}/lib/pkgconfig")
    message(STATUS "libsodium: ${name} of the cache")
    return()
  endif()
endforeach()
message(FATAL_ERROR "libsodium ${sodium_minimum} or newer is not here: run ./dev setup")
