# Run by cpack between the installation into staged folders, one for each component, and their packing: the copyright and
# the changelogs where Debian looks for them, and compressed pages. With SOURCE_DATE_EPOCH the bytes are repeatable.
cmake_minimum_required(VERSION 3.25)

set(source ${CMAKE_CURRENT_LIST_DIR}/..)
string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC)
foreach(component program library development)
  string(TOUPPER ${component} upper)
  set(package ${CPACK_DEBIAN_${upper}_PACKAGE_NAME})
  set(staged ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/${component}/usr/share)
  set(documents ${staged}/doc/${package})
  file(REMOVE_RECURSE ${staged}/doc)
  file(COPY ${source}/deploy/debian/copyright DESTINATION ${documents})
  file(COPY_FILE ${source}/CHANGELOG.md ${documents}/changelog)
  file(WRITE ${documents}/changelog.Debian
    "cellm (${CPACK_PACKAGE_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE}) unstable; urgency=medium\n\n"
    "  * Release ${CPACK_PACKAGE_VERSION}; its changes are in changelog.gz.\n\n"
    " -- ${CPACK_PACKAGE_CONTACT}  ${date}\n")
  file(GLOB pages ${staged}/man/man1/*.1)
  execute_process(COMMAND gzip -9n ${pages} ${documents}/changelog ${documents}/changelog.Debian
    COMMAND_ERROR_IS_FATAL ANY)
endforeach()
