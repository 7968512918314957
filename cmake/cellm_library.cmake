# cellm_library(NAME [FAST_BUILD] SOURCES ... TESTS ... SLOW_TESTS ... DEPENDS ... PRIVATE_DEPENDS ...)
#
# One static library per folder of src/. DEPENDS names exactly the folders that its headers and sources
# may include (docs/architecture.md); tools/check_includes.py holds the includes against this list.
# TESTS are the foo_test.cc files beside their foo.cc; they form one executable, NAME_test. SLOW_TESTS are names of
# tests that are not repeated under sanitizers, where they take minutes; * matches any text.
# FAST_BUILD: for folders that compute nothing; optimised less, they compile a third faster.
function(cellm_library name)
  cmake_parse_arguments(ARG "FAST_BUILD" "" "SOURCES;TESTS;SLOW_TESTS;DEPENDS;PRIVATE_DEPENDS;TEST_DEPENDS" ${ARGN})
  add_library(cellm_${name} STATIC ${ARG_SOURCES})
  target_include_directories(cellm_${name} PUBLIC ${PROJECT_SOURCE_DIR}/src)
  list(TRANSFORM ARG_DEPENDS PREPEND cellm_ OUTPUT_VARIABLE depends)
  target_link_libraries(cellm_${name} PUBLIC ${depends} fmt::fmt
    PRIVATE cellm_warnings ${ARG_PRIVATE_DEPENDS})
  if(ARG_FAST_BUILD)
    target_compile_options(cellm_${name} PRIVATE ${CELLM_FAST_BUILD_OPTIONS})
    cellm_precompile(cellm_${name} fast)
  else()
    cellm_precompile(cellm_${name})
  endif()
  cellm_group_sources(cellm_${name} ALL ${ARG_SOURCES})
  if(ARG_TESTS AND BUILD_TESTING)
    add_executable(${name}_test ${ARG_TESTS})
    list(TRANSFORM ARG_TEST_DEPENDS PREPEND cellm_ OUTPUT_VARIABLE test_depends)
    target_link_libraries(${name}_test PRIVATE cellm_${name} ${test_depends} cellm_warnings
      ${ARG_PRIVATE_DEPENDS} GTest::gtest_main)
    target_compile_options(${name}_test PRIVATE ${CELLM_TEST_OPTIONS})
    cellm_precompile(${name}_test)
    cellm_group_sources(${name}_test TESTS ${ARG_TESTS})
    target_compile_definitions(${name}_test PRIVATE
      CELLM_TESTDATA="${PROJECT_SOURCE_DIR}/testdata")
    list(JOIN ARG_SLOW_TESTS ":" slow)
    gtest_discover_tests(${name}_test DISCOVERY_MODE PRE_TEST TEST_PREFIX ${name}. TEST_FILTER "-${slow}"
      PROPERTIES LABELS unit)
    if(slow)
      gtest_discover_tests(${name}_test DISCOVERY_MODE PRE_TEST TEST_PREFIX ${name}. TEST_FILTER "${slow}"
        TEST_LIST ${name}_test_SLOW_TESTS PROPERTIES LABELS slow)
    endif()
  endif()
endfunction()

# cellm_embed(SOURCE HEADER NAME=FILE...)
#
# Makes the source file SOURCE in the build folder, which defines each NAME, declared by HEADER, as the text of its FILE.
function(cellm_embed source header)
  set(files ${ARGN})
  list(TRANSFORM files REPLACE "^[^=]+=" "")
  list(JOIN ARGN "|" items)
  add_custom_command(OUTPUT ${source}
    COMMAND ${CMAKE_COMMAND} -D OUTPUT=${source} -D HEADER=${header} -D "ITEMS=${items}"
      -P ${PROJECT_SOURCE_DIR}/cmake/embed.cmake
    DEPENDS ${files} ${PROJECT_SOURCE_DIR}/cmake/embed.cmake
    VERBATIM)
endfunction()
