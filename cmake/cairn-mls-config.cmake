# find_package(cairn-mls): the target cairn::mls, Messaging Layer Security (RFC 9420).
include(CMakeFindDependencyMacro)
find_dependency(OpenSSL 3.0 COMPONENTS Crypto)
find_dependency(tl-expected)
if(NOT TARGET cairn::sodium)
  include("${CMAKE_CURRENT_LIST_DIR}/Sodium.cmake")
endif()
include("${CMAKE_CURRENT_LIST_DIR}/cairn-mls-targets.cmake")
target_link_libraries(cairn::base INTERFACE tl::expected)
