# Every dependency is a Debian 12 package that `./dev setup` installs.
find_package(Threads REQUIRED)
find_package(absl REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(Protobuf REQUIRED)  # module mode: Debian ships no CMake configuration for protobuf 3.21
find_package(gRPC CONFIG REQUIRED)
find_package(SQLite3 3.40 REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(CLI11 REQUIRED)
find_package(prometheus-cpp CONFIG REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(SYSTEMD REQUIRED IMPORTED_TARGET libsystemd)
find_package(GTest REQUIRED)
find_package(benchmark REQUIRED)

# The allocator of what serves (docs/adr/0005-jemalloc.md). Sanitizers bring their own.
add_library(hedui_allocator INTERFACE)
if(NOT HEDUI_SANITIZER)
  find_library(HEDUI_JEMALLOC jemalloc REQUIRED)
  target_link_libraries(hedui_allocator INTERFACE ${HEDUI_JEMALLOC})
endif()

find_program(HEDUI_CCACHE ccache)
if(HEDUI_CCACHE)
  # Precompiled headers carry time stamps and macros that ccache must be told to overlook.
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${HEDUI_CCACHE})
endif()
