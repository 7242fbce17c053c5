# Everything that comes from outside, declared once.
find_package(OpenSSL 3.0 REQUIRED COMPONENTS Crypto SSL)
find_package(SQLite3 REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(Threads REQUIRED)
find_package(GTest REQUIRED)
find_package(benchmark QUIET)
include(Sodium)

# What tests share: a seeded entropy, vector files, JSON.
add_library(cairn_test_support INTERFACE)
target_include_directories(cairn_test_support INTERFACE "${CMAKE_SOURCE_DIR}")
target_link_libraries(cairn_test_support INTERFACE nlohmann_json::nlohmann_json)
target_compile_definitions(cairn_test_support INTERFACE CAIRN_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
