# Language level, warnings and sanitizers, the same for every target.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")

option(CAIRN_FUZZ "Build the libFuzzer targets (clang only)" OFF)
set(CAIRN_SANITIZE "" CACHE STRING "Value of -fsanitize=, empty for none")

option(CAIRN_TESTS_UNOPTIMIZED "Compile tests, but not what they test, at -O0" OFF)
set(CAIRN_UNOPTIMIZED "" CACHE STRING "Modules compiled at -O0 whatever the preset says: where sanitizers make templates slow to compile")

# Checkouts share object files: paths below the root are made relative before they are hashed, and no flag
# may hold the absolute path of the root but the prefix map, which ccache knows. How g++ collects its garbage
# is no part of what it makes.
find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CMAKE_COMMAND};-E;env;CCACHE_BASEDIR=${CMAKE_SOURCE_DIR};CCACHE_NOHASHDIR=1;CCACHE_SLOPPINESS=pch_defines,time_macros;CCACHE_IGNOREOPTIONS=--param=ggc-min-heapsize*;${CCACHE}")
endif()

# No -Wpedantic: TRY is a statement expression (core/base/result.h).
add_compile_options(-Wall -Wextra -Werror -Wshadow -Wconversion -Wnon-virtual-dtor -Woverloaded-virtual
                    -Wimplicit-fallthrough -fstack-protector-strong -ffile-prefix-map=${CMAKE_SOURCE_DIR}/=)
file(RELATIVE_PATH path_to_root "${CMAKE_BINARY_DIR}" "${CMAKE_SOURCE_DIR}")
add_compile_options(-fmacro-prefix-map=${path_to_root}=)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # A gigabyte before garbage is collected: most compiles end before, in an eighth less time.
  add_compile_options(-fdiagnostics-color=auto --param=ggc-min-heapsize=1000000)
endif()
if(CAIRN_SANITIZE)
  add_compile_options(-fsanitize=${CAIRN_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${CAIRN_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    add_compile_options(-fno-sanitize=function)
  endif()
endif()
