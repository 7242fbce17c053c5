# Takes core/mls as a stranger would: installs it from BUILD, and builds and runs the example of SOURCE against that
# copy, once by find_package and once by pkg-config. WORK is a folder that may be emptied. SODIUM is where the
# pkg-config file of a libsodium lies that is not the system's.
function(run)
  execute_process(COMMAND ${ARGV} COMMAND_ERROR_IS_FATAL ANY OUTPUT_VARIABLE output)
  set(output "${output}" PARENT_SCOPE)
endfunction()

function(expect_hello program)
  run(${program})
  if(NOT output STREQUAL "alice: hello, bob\n")
    message(FATAL_ERROR "${program} said: ${output}")
  endif()
endfunction()

file(REMOVE_RECURSE "${WORK}")
run("${CMAKE_COMMAND}" --install "${BUILD}" --prefix "${WORK}/prefix" --component mls)
file(GLOB_RECURSE installed RELATIVE "${WORK}/prefix" "${WORK}/prefix/*")
foreach(file IN LISTS installed)
  if(file MATCHES "/internal/|_fixture|\\.cpp$|gtest")
    message(FATAL_ERROR "${file} is nobody else's")
  endif()
endforeach()

# Every public header stands by itself.
set(all_headers "")
foreach(file IN LISTS installed)
  if(file MATCHES "^include/cairn-mls/(core/mls/.*)$")
    string(APPEND all_headers "#include \"${CMAKE_MATCH_1}\"\n")
  endif()
endforeach()
file(WRITE "${WORK}/all_headers.cpp" "${all_headers}")

run("${CMAKE_COMMAND}" -G Ninja -S "${SOURCE}/examples/mls" -B "${WORK}/example" "-DCMAKE_PREFIX_PATH=${WORK}/prefix"
    "-DCMAKE_CXX_COMPILER=${COMPILER}" "-DCMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER}")
run("${CMAKE_COMMAND}" --build "${WORK}/example" -j 1)
expect_hello("${WORK}/example/mls_example")

find_program(PKG_CONFIG pkg-config REQUIRED)
file(GLOB_RECURSE package "${WORK}/prefix/*/cairn-mls.pc")
cmake_path(GET package PARENT_PATH package_folder)
set(ENV{PKG_CONFIG_PATH} "${package_folder}:${SODIUM}:$ENV{PKG_CONFIG_PATH}")
run(${PKG_CONFIG} --cflags --libs cairn-mls)
separate_arguments(flags UNIX_COMMAND "${output}")
run(${LAUNCHER} ${COMPILER} -std=c++20 -fsyntax-only "${WORK}/all_headers.cpp" ${flags})
run(${COMPILER} -std=c++20 "${SOURCE}/examples/mls/main.cpp" -o "${WORK}/by_pkg_config" ${flags})
expect_hello("${WORK}/by_pkg_config")
