# ccache, if it is there, in front of the compiler, by a script named like it (tools know a compiler behind "ccache") that
# sets what is right for this project. What the environment says about ccache has precedence.
include_guard()

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  # Paths below the source folder count as relative, so that clones in other folders find what this one has compiled.
  # Precompiled headers are cached only if their macros and __TIME__ may be ignored; nothing here uses __TIME__.
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/launcher/ccache @ONLY CONTENT [=[#!/bin/sh
export CCACHE_BASEDIR="${CCACHE_BASEDIR-@PROJECT_SOURCE_DIR@}"
export CCACHE_NOHASHDIR="${CCACHE_NOHASHDIR-1}"
export CCACHE_SLOPPINESS="${CCACHE_SLOPPINESS-pch_defines,time_macros}"
exec '@CCACHE_PROGRAM@' "$@"
]=])
  file(CHMOD ${CMAKE_BINARY_DIR}/launcher/ccache
    PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_BINARY_DIR}/launcher/ccache)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-fpch-preprocess)
  endif()
endif()
