# Everything that comes from outside, declared once.
find_package(OpenSSL 3.0 REQUIRED COMPONENTS Crypto SSL)
find_package(SQLite3 REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(Threads REQUIRED)
find_package(ZLIB REQUIRED)
find_package(JPEG REQUIRED)
find_package(PNG REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(PLIST REQUIRED IMPORTED_TARGET libplist-2.0)
find_package(GTest REQUIRED)
find_package(benchmark QUIET)
find_package(PkgConfig REQUIRED)
pkg_check_modules(TOMLPLUSPLUS REQUIRED IMPORTED_TARGET GLOBAL tomlplusplus)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET GLOBAL libzstd)
pkg_check_modules(QRENCODE REQUIRED IMPORTED_TARGET GLOBAL libqrencode)
pkg_check_modules(NCURSES REQUIRED IMPORTED_TARGET GLOBAL ncursesw)
include(Sodium)

# What tests share: a seeded entropy, vector files, JSON.
file(CONFIGURE OUTPUT "${CMAKE_BINARY_DIR}/generated/source_dir.cpp" CONTENT [[
#include "tests/support/source_dir.h"
std::string_view cairn::testing::source_dir() { return "@CMAKE_SOURCE_DIR@"; }
]] @ONLY)
add_library(cairn_test_support STATIC "${CMAKE_BINARY_DIR}/generated/source_dir.cpp")
target_include_directories(cairn_test_support PUBLIC "${CMAKE_SOURCE_DIR}")
target_link_libraries(cairn_test_support PUBLIC nlohmann_json::nlohmann_json)

# What runs for a moment and takes long to compile: tests and their tools. Their libraries are compiled as always.
function(compile_quickly)
  if(CAIRN_TESTS_UNOPTIMIZED)
    foreach(target ${ARGN})
      target_compile_options(${target} PRIVATE -O0)
    endforeach()
  endif()
endfunction()

# GoogleTest's headers are a third of what a test costs to compile, so g++ reads them once. Not clang: what it makes of
# them holds the path of the checkout, and ccache could not share a test between two.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  file(CONFIGURE OUTPUT "${CMAKE_BINARY_DIR}/generated/test_headers.cpp" CONTENT "")
  add_library(cairn_test_headers STATIC "${CMAKE_BINARY_DIR}/generated/test_headers.cpp")
  target_link_libraries(cairn_test_headers PRIVATE GTest::gtest nlohmann_json::nlohmann_json)
  target_precompile_headers(cairn_test_headers PRIVATE <gtest/gtest.h> <nlohmann/json.hpp> <algorithm> <map> <memory> <string> <vector>)
  compile_quickly(cairn_test_headers)
endif()

# add_test_program(NAME SOURCES FILE... LIBRARIES TARGET...): a program of GoogleTest, main() included.
function(add_test_program name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LIBRARIES" ${ARGN})
  compile_together(${name} ARG_SOURCES ${CAIRN_TEST_BATCH})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} ${ARG_LIBRARIES} GTest::gtest_main)
  compile_quickly(${name})
  if(TARGET cairn_test_headers)
    target_precompile_headers(${name} REUSE_FROM cairn_test_headers)
    # g++ 12 warns of std::string's own code when that comes precompiled.
    target_compile_options(${name} PRIVATE -Wno-array-bounds -Wno-restrict -Wno-stringop-overflow)
  endif()
  # Of an optional that a test knows to be full it says so too, where it optimises.
  target_compile_options(${name} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
endfunction()

# main() of the benchmark programs.
if(TARGET benchmark::benchmark)
  add_library(cairn_bench_main STATIC "${CMAKE_SOURCE_DIR}/bench/main.cpp")
  target_link_libraries(cairn_bench_main PUBLIC benchmark::benchmark nlohmann_json::nlohmann_json)
endif()
