# One CMake target per room. A room lists its sources by hand and names the rooms it uses; what it
# may include is checked by tests/structure, since link lines alone do not stop an #include.
include(GoogleTest)

# GCC 12 warns of overruns inside std::string's own functions that cannot happen, depending on how long a literal
# is: the path of the source tree, for one (GCC PR 105329, 105651). The sanitizer suite finds the real ones.
set(HEDUI_GCC_FALSE_ALARMS -Wno-array-bounds -Wno-restrict -Wno-stringop-overflow -Wno-stringop-overread)

add_library(hedui_flags INTERFACE)
target_compile_options(hedui_flags INTERFACE
  -Wall -Wextra -Wpedantic -Werror -Wshadow -Wnon-virtual-dtor -Wimplicit-fallthrough
  -Wno-missing-field-initializers
  $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>
  $<$<CXX_COMPILER_ID:GNU>:${HEDUI_GCC_FALSE_ALARMS}>)
target_include_directories(hedui_flags INTERFACE ${PROJECT_SOURCE_DIR})
if(HEDUI_SANITIZER)
  target_compile_options(hedui_flags INTERFACE
    -fsanitize=${HEDUI_SANITIZER} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(hedui_flags INTERFACE -fsanitize=${HEDUI_SANITIZER})
  if(HEDUI_SANITIZER STREQUAL "thread")
    # Headers of protobuf and Abseil lay their types out otherwise where the compiler says that it builds for
    # ThreadSanitizer; Debian's libraries, and generated code, are not built so.
    target_compile_options(hedui_flags INTERFACE -U__SANITIZE_THREAD__)
    target_compile_definitions(hedui_flags INTERFACE HEDUI_TSAN)
  endif()
endif()
if(HEDUI_LIBFUZZER)
  target_compile_options(hedui_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

# Two precompiled headers: what every room uses, and that plus gRPC for the rooms that speak it.
file(WRITE ${CMAKE_BINARY_DIR}/pch/empty.cc "")
add_library(hedui_pch OBJECT ${CMAKE_BINARY_DIR}/pch/empty.cc)
target_link_libraries(hedui_pch PRIVATE hedui_flags absl::status absl::statusor absl::strings absl::time
  absl::any_invocable absl::flat_hash_map absl::synchronization absl::span)
target_precompile_headers(hedui_pch PRIVATE
  <algorithm> <cstdint> <functional> <map> <memory> <optional> <string> <utility> <variant> <vector>
  <absl/container/flat_hash_map.h> <absl/functional/any_invocable.h> <absl/status/status.h>
  <absl/status/statusor.h> <absl/strings/str_cat.h> <absl/strings/string_view.h> <absl/time/civil_time.h>
  <absl/time/time.h> <absl/types/span.h>)

add_library(hedui_pch_grpc OBJECT ${CMAKE_BINARY_DIR}/pch/empty.cc)
target_link_libraries(hedui_pch_grpc PRIVATE hedui_flags gRPC::grpc++ absl::status absl::statusor
  absl::strings absl::time absl::any_invocable absl::flat_hash_map absl::synchronization absl::span)
target_precompile_headers(hedui_pch_grpc PRIVATE
  <algorithm> <cstdint> <functional> <map> <memory> <optional> <string> <utility> <variant> <vector>
  <absl/container/flat_hash_map.h> <absl/functional/any_invocable.h> <absl/status/statusor.h>
  <absl/strings/str_cat.h> <absl/time/time.h> <grpcpp/grpcpp.h>)

# hedui_room(NAME base SOURCES a.cc b.cc DEPS absl::status ... [GRPC])
#   NAME gives target hedui_<NAME>; DEPS are public, since headers of a room show the rooms it uses.
function(hedui_room)
  cmake_parse_arguments(R "GRPC" "NAME" "SOURCES;DEPS;PRIVATE_DEPS" ${ARGN})
  add_library(hedui_${R_NAME} STATIC ${R_SOURCES})
  target_link_libraries(hedui_${R_NAME} PUBLIC ${R_DEPS} PRIVATE hedui_flags ${R_PRIVATE_DEPS})
  target_include_directories(hedui_${R_NAME} INTERFACE ${PROJECT_SOURCE_DIR})
  if(R_GRPC)
    target_link_libraries(hedui_${R_NAME} PRIVATE gRPC::grpc++)
    target_precompile_headers(hedui_${R_NAME} REUSE_FROM hedui_pch_grpc)
  else()
    target_precompile_headers(hedui_${R_NAME} REUSE_FROM hedui_pch)
  endif()
endfunction()

# hedui_program(NAME heduid SOURCES main.cc DEPS ... [GRPC])
function(hedui_program)
  cmake_parse_arguments(P "GRPC" "NAME" "SOURCES;DEPS" ${ARGN})
  if(HEDUI_SANITIZER)
    list(APPEND P_SOURCES ${PROJECT_SOURCE_DIR}/tests/support/sanitizer_defaults.cc)
  endif()
  add_executable(${P_NAME} ${P_SOURCES})
  target_link_libraries(${P_NAME} PRIVATE hedui_flags ${P_DEPS})
  set_target_properties(${P_NAME} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
  if(P_GRPC)
    target_link_libraries(${P_NAME} PRIVATE gRPC::grpc++)
    target_precompile_headers(${P_NAME} REUSE_FROM hedui_pch_grpc)
  else()
    target_precompile_headers(${P_NAME} REUSE_FROM hedui_pch)
  endif()
endfunction()

# hedui_test(NAME base_test SOURCES ... DEPS ... [GRPC] [TIMEOUT seconds] [LABELS ...] [SHARDS n])
#   One program per room; ctest sees every test of it, or so many parts of it where the tests are thousands of small
#   ones, each of which would take longer to start than to run. The macros HEDUI_SOURCE_DIR and HEDUI_BIN_DIR
#   let tests find fixtures and built programs.
function(hedui_test)
  cmake_parse_arguments(T "GRPC" "NAME;TIMEOUT;SHARDS" "SOURCES;DEPS;LABELS" ${ARGN})
  if(NOT T_TIMEOUT)
    set(T_TIMEOUT 120)
  endif()
  set(grpc)
  if(T_GRPC)
    set(grpc GRPC)
    if(HEDUI_SANITIZER)
      list(APPEND T_SOURCES ${PROJECT_SOURCE_DIR}/tests/support/grpc_quiet.cc)
    endif()
  endif()
  hedui_program(NAME ${T_NAME} ${grpc} SOURCES ${T_SOURCES} DEPS ${T_DEPS} GTest::gmock GTest::gtest GTest::gtest_main)
  set_target_properties(${T_NAME} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  target_compile_definitions(${T_NAME} PRIVATE
    HEDUI_SOURCE_DIR="${PROJECT_SOURCE_DIR}" HEDUI_BIN_DIR="${CMAKE_BINARY_DIR}/bin")
  if(T_SHARDS)
    math(EXPR last "${T_SHARDS} - 1")
    foreach(shard RANGE ${last})
      add_test(NAME ${T_NAME}.${shard} COMMAND ${T_NAME} --gtest_brief=1)
      set_tests_properties(${T_NAME}.${shard} PROPERTIES TIMEOUT ${T_TIMEOUT} LABELS "${T_LABELS}"
        ENVIRONMENT "GTEST_TOTAL_SHARDS=${T_SHARDS};GTEST_SHARD_INDEX=${shard}")
    endforeach()
    return()
  endif()
  gtest_discover_tests(${T_NAME} DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60
    PROPERTIES TIMEOUT ${T_TIMEOUT} LABELS "${T_LABELS}")
endfunction()

# hedui_command_line(main.cc ...): files that read a command line with CLI11, which is headers only and takes a
# minute a file to optimise under the sanitizers, for code that runs once. Elsewhere they are optimised as all others
# are: of an inline function that several files compiled, the linker keeps one for the whole program.
function(hedui_command_line)
  if(HEDUI_SANITIZER)
    set_source_files_properties(${ARGN} PROPERTIES SKIP_PRECOMPILE_HEADERS ON COMPILE_OPTIONS "-O0")
  endif()
endfunction()
