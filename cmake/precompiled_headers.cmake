# Precompiled headers: the headers of the standard library and of fmt, nlohmann-json and GoogleTest cost more to read
# than most sources cost to compile. Four sets, each compiled once and shared by all targets of it. A source still
# includes what it uses (tools/check_includes.py, tools/check_tidy.py --alone).
include_guard()

# clang refuses a precompiled header of other sanitizer options, and folders differ in those when fuzzing.
set(has_precompiled_headers OFF)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  set(has_precompiled_headers ON)
endif()
option(CELLM_PRECOMPILED_HEADERS "Compile common headers once" ${has_precompiled_headers})

set(std_headers
  <algorithm> <array> <charconv> <cmath> <cstddef> <cstdint> <cstdio> <cstring> <filesystem> <functional> <limits> <map>
  <memory> <numeric> <optional> <random> <set> <span> <string> <string_view> <utility> <variant> <vector>
  <fmt/format.h> <fmt/ranges.h>)

# cellm_header_set(NAME LIBRARY... HEADERS HEADER...): compiles the headers with what the libraries ask for.
function(cellm_header_set name)
  cmake_parse_arguments(ARG "" "" "HEADERS" ${ARGN})
  add_library(cellm_headers_${name} OBJECT ${PROJECT_SOURCE_DIR}/cmake/empty.cc)
  target_link_libraries(cellm_headers_${name} PRIVATE cellm_warnings fmt::fmt ${ARG_UNPARSED_ARGUMENTS})
  target_precompile_headers(cellm_headers_${name} PRIVATE ${ARG_HEADERS})
endfunction()

# cellm_precompile(TARGET [fast]): takes the smallest set that has what the target links, or the one compiled with
# CELLM_FAST_BUILD_OPTIONS.
function(cellm_precompile target)
  if(NOT CELLM_PRECOMPILED_HEADERS)
    return()
  endif()
  get_target_property(links ${target} LINK_LIBRARIES)
  if(GTest::gtest_main IN_LIST links)
    set(headers cellm_headers_test)
  elseif(ARGC GREATER 1)
    set(headers cellm_headers_fast)
  elseif(nlohmann_json::nlohmann_json IN_LIST links)
    set(headers cellm_headers_json)
  else()
    set(headers cellm_headers_std)
  endif()
  target_precompile_headers(${target} REUSE_FROM ${headers})
endfunction()

# Tests run for a moment and are compiled often; of libraries with FAST_BUILD, little depends on their speed.
set(CELLM_FAST_BUILD_OPTIONS $<$<CONFIG:Release>:-O1>)
if(CELLM_SANITIZE)
  set(CELLM_TEST_OPTIONS -O0)
else()
  set(CELLM_TEST_OPTIONS ${CELLM_FAST_BUILD_OPTIONS})
endif()

if(CELLM_PRECOMPILED_HEADERS)
  cellm_header_set(std HEADERS ${std_headers})
  cellm_header_set(json nlohmann_json::nlohmann_json HEADERS ${std_headers} <nlohmann/json.hpp>)
  cellm_header_set(fast nlohmann_json::nlohmann_json HEADERS ${std_headers} <nlohmann/json.hpp>)
  target_compile_options(cellm_headers_fast PRIVATE ${CELLM_FAST_BUILD_OPTIONS})
  if(BUILD_TESTING)
    cellm_header_set(test nlohmann_json::nlohmann_json GTest::gtest
      HEADERS ${std_headers} <nlohmann/json.hpp> <gtest/gtest.h>)
    target_compile_options(cellm_headers_test PRIVATE ${CELLM_TEST_OPTIONS})
  endif()
endif()
