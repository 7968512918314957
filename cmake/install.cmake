# The libraries that other programs link, and what `cmake --install` puts where. Components: program, library (the shared
# one), development (headers, the static library, files for CMake and pkg-config).
include_guard()
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

# Follows the links of cellm_capi: the folders that the library is made of, and what it needs from outside.
set(library_folders "")
set(library_links "")
set(queue cellm_capi)
while(queue)
  list(POP_FRONT queue target)
  list(APPEND library_folders ${target})
  get_target_property(links ${target} LINK_LIBRARIES)
  foreach(link ${links})
    if(link MATCHES "^cellm_" AND NOT link STREQUAL "cellm_warnings")
      if(NOT link IN_LIST library_folders AND NOT link IN_LIST queue)
        list(APPEND queue ${link})
      endif()
    elseif(link MATCHES "^(PkgConfig|fmt|Threads)::" AND NOT link IN_LIST library_links)
      list(APPEND library_links ${link})
    endif()
  endforeach()
endwhile()

# Both libraries are made of the objects that the programs are made of.
list(TRANSFORM library_folders REPLACE "(.+)" "$<TARGET_OBJECTS:\\1>" OUTPUT_VARIABLE library_objects)
add_library(cellm_static STATIC ${library_objects})
add_library(cellm_shared SHARED $<TARGET_OBJECTS:cellm_capi>)
set(exports ${PROJECT_SOURCE_DIR}/cmake/exports.map)
target_link_libraries(cellm_shared PRIVATE cellm_capi)
target_link_options(cellm_shared PRIVATE -Wl,--version-script=${exports} -Wl,--no-undefined)
set_target_properties(cellm_shared PROPERTIES LINK_DEPENDS ${exports} VERSION ${PROJECT_VERSION}
  SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})  # before 1.0 a minor version may change what is there
target_link_libraries(cellm_static PRIVATE ${library_links})
set_target_properties(cellm_shared PROPERTIES EXPORT_NAME cellm)
set_target_properties(cellm_static PROPERTIES EXPORT_NAME static)
foreach(target cellm_shared cellm_static)
  set_target_properties(${target} PROPERTIES OUTPUT_NAME cellm LINKER_LANGUAGE CXX)
  target_compile_features(${target} INTERFACE cxx_std_20)
  target_include_directories(${target} INTERFACE
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
endforeach()

set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/cellm)
install(TARGETS cellm RUNTIME COMPONENT program)
install(TARGETS cellm_shared EXPORT cellm_shared
  LIBRARY COMPONENT library NAMELINK_COMPONENT development)
install(TARGETS cellm_static EXPORT cellm_static ARCHIVE COMPONENT development)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/cellm DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development)
foreach(kind shared static)
  install(EXPORT cellm_${kind} NAMESPACE cellm:: DESTINATION ${package_folder} COMPONENT development)
endforeach()
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/cellm-config.cmake.in ${CMAKE_BINARY_DIR}/cellm-config.cmake
  INSTALL_DESTINATION ${package_folder})
write_basic_package_version_file(${CMAKE_BINARY_DIR}/cellm-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/cellm-config.cmake ${CMAKE_BINARY_DIR}/cellm-config-version.cmake
  DESTINATION ${package_folder} COMPONENT development)

# pkg-config's names of what the static library needs; threads are in the C library.
string(REPLACE ";" " " required "${library_links}")
foreach(pair fmt::fmt=fmt PkgConfig::PCRE2=libpcre2-8 PkgConfig::UTF8PROC=libutf8proc PkgConfig::XXHASH=libxxhash
    Threads::Threads=)
  string(REGEX MATCH "^(.+)=(.*)$" matched ${pair})
  string(REPLACE "${CMAKE_MATCH_1}" "${CMAKE_MATCH_2}" required "${required}")
endforeach()
if(required MATCHES "::")
  message(FATAL_ERROR "cellm.pc: give the pkg-config name of what cellm links: ${required}")
endif()
# Relative to the file itself, so that an installation can be moved, unless the folders are absolute.
set(prefix ${CMAKE_INSTALL_PREFIX})
if(NOT IS_ABSOLUTE "${CMAKE_INSTALL_LIBDIR}")
  file(RELATIVE_PATH up /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
  string(REGEX REPLACE "/$" "" prefix "\${pcfiledir}/${up}")
endif()
foreach(kind lib include)
  string(TOUPPER CMAKE_INSTALL_${kind}DIR variable)
  set(${kind}dir ${${variable}})
  if(NOT IS_ABSOLUTE "${${kind}dir}")
    set(${kind}dir "\${prefix}/${${kind}dir}")
  endif()
endforeach()
configure_file(${PROJECT_SOURCE_DIR}/cmake/cellm.pc.in ${CMAKE_BINARY_DIR}/cellm.pc @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/cellm.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT development)
foreach(component program library development)
  install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT ${component})
endforeach()
