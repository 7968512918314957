# CELLM_UNITS: compiles sources of a library together where their names allow it (tools/source_units.py), which halves
# the time of the first build of the program. Not for development: a change of one source compiles its unit, and new
# names need a new configuration.
include_guard()
option(CELLM_UNITS "Compile sources of a library together" OFF)
if(CELLM_UNITS)
  find_package(Python3 REQUIRED COMPONENTS Interpreter)
  # In a unit a local name may hide one of another source, and g++ 12 takes local types for those of a header and sees
  # copies beyond strings that are none. Sources compiled alone keep these warnings.
  target_compile_options(cellm_warnings INTERFACE
    -Wno-shadow $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage> $<$<CXX_COMPILER_ID:GNU>:-Wno-array-bounds>)
endif()

# cellm_group_sources(TARGET SOURCE...): generated sources and those with options of their own stay alone.
function(cellm_group_sources target)
  if(NOT CELLM_UNITS)
    return()
  endif()
  set(tool ${PROJECT_SOURCE_DIR}/tools/source_units.py)
  set(sources ${ARGN})
  list(FILTER sources EXCLUDE REGEX "^${CMAKE_CURRENT_BINARY_DIR}")
  execute_process(COMMAND ${Python3_EXECUTABLE} ${tool} ${sources} WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}
    OUTPUT_VARIABLE units OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  string(REPLACE "\n" ";" units "${units}")
  foreach(source unit IN ZIP_LISTS sources units)
    if(unit)
      set_source_files_properties(${source} PROPERTIES UNITY_GROUP ${target}_${unit})
    endif()
  endforeach()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
endfunction()
