# Everything that comes from outside, declared once.
find_package(OpenSSL 3.0 REQUIRED COMPONENTS Crypto SSL)
find_package(SQLite3 REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(Threads REQUIRED)
find_package(GTest REQUIRED)
find_package(benchmark QUIET)
include(Sodium)

# What tests share: a seeded entropy, vector files, JSON.
file(CONFIGURE OUTPUT "${CMAKE_BINARY_DIR}/generated/source_dir.cpp" CONTENT [[
#include "tests/support/source_dir.h"
std::string_view cairn::testing::source_dir() { return "@CMAKE_SOURCE_DIR@"; }
]] @ONLY)
add_library(cairn_test_support STATIC "${CMAKE_BINARY_DIR}/generated/source_dir.cpp")
target_include_directories(cairn_test_support PUBLIC "${CMAKE_SOURCE_DIR}")
target_link_libraries(cairn_test_support PUBLIC nlohmann_json::nlohmann_json)

# main() of the benchmark programs.
if(TARGET benchmark::benchmark)
  add_library(cairn_bench_main STATIC "${CMAKE_SOURCE_DIR}/bench/main.cpp")
  target_link_libraries(cairn_bench_main PUBLIC benchmark::benchmark nlohmann_json::nlohmann_json)
endif()
