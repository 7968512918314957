# CELLM_UNITS: compiles sources together where their names allow it (tools/source_units.py), which halves the time of a
# first build. TESTS: those of a test program. ALL: those of a library, too. Not for development: a change of one source
# compiles its unit, and new names need a new configuration.
include_guard()
set(CELLM_UNITS OFF CACHE STRING "Sources compiled together: OFF, TESTS, ALL")
set_property(CACHE CELLM_UNITS PROPERTY STRINGS OFF TESTS ALL)
if(CELLM_UNITS)
  find_package(Python3 REQUIRED COMPONENTS Interpreter)
  # In a unit a local name may hide one of another source, and g++ 12 takes local types for those of a header and sees
  # copies beyond strings that are none.
  set(is_grouped $<BOOL:$<TARGET_PROPERTY:UNITY_BUILD>>)
  set(is_grouped_by_gnu $<AND:${is_grouped},$<CXX_COMPILER_ID:GNU>>)
  target_compile_options(cellm_warnings INTERFACE $<${is_grouped}:-Wno-shadow>
    $<${is_grouped_by_gnu}:-Wno-subobject-linkage> $<${is_grouped_by_gnu}:-Wno-array-bounds>)
endif()

# cellm_group_sources(TARGET TESTS|ALL SOURCE...): for this value of CELLM_UNITS. Generated sources and those with options of
# their own stay alone.
function(cellm_group_sources target units)
  if(NOT CELLM_UNITS STREQUAL ALL AND NOT CELLM_UNITS STREQUAL units)
    return()
  endif()
  set(tool ${PROJECT_SOURCE_DIR}/tools/source_units.py)
  set(sources ${ARGN})
  list(FILTER sources EXCLUDE REGEX "^${CMAKE_CURRENT_BINARY_DIR}")
  execute_process(COMMAND ${Python3_EXECUTABLE} ${tool} ${sources} WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}
    OUTPUT_VARIABLE numbers OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  string(REPLACE "\n" ";" numbers "${numbers}")
  foreach(source number IN ZIP_LISTS sources numbers)
    if(number)
      set_source_files_properties(${source} PROPERTIES UNITY_GROUP ${target}_${number})
    endif()
  endforeach()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
endfunction()
