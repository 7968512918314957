# Debian packages by `cpack` in build/debian (preset debian): cellm (component program), libcellm0.2 (library),
# libcellm-dev (development). tests/debian_test.py looks at them; scripts/release.sh makes them for a release.
include_guard()

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME cellm)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT "cellm maintainers <maintainers@cellm.invalid>")  # cpack -D CPACK_PACKAGE_CONTACT=...
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL program library development)
set(CPACK_COMPONENTS_GROUPING IGNORE)

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(version ${PROJECT_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE})

set(CPACK_DEBIAN_PROGRAM_PACKAGE_NAME cellm)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SECTION science)
# libcurl is loaded when a model is looked up on the hub.
set(CPACK_DEBIAN_PROGRAM_PACKAGE_RECOMMENDS "libcurl4, ca-certificates")
set(CPACK_COMPONENT_PROGRAM_DESCRIPTION "language models of few bits per weight on CPUs
cellm converts a language model of a Hugging Face folder or a GGUF file into a
small file, runs it, serves it by the API of OpenAI, and measures what every
bit costs.")

set(library libcellm${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
set(CPACK_DEBIAN_LIBRARY_PACKAGE_NAME ${library})
set(CPACK_DEBIAN_LIBRARY_PACKAGE_SECTION libs)
file(WRITE ${PROJECT_BINARY_DIR}/debian/triggers "activate-noawait ldconfig\n")
file(WRITE ${PROJECT_BINARY_DIR}/debian/shlibs
  "libcellm ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR} ${library} (>= ${PROJECT_VERSION})\n")
set(CPACK_DEBIAN_LIBRARY_PACKAGE_CONTROL_EXTRA
  ${PROJECT_BINARY_DIR}/debian/triggers ${PROJECT_BINARY_DIR}/debian/shlibs)
set(CPACK_COMPONENT_LIBRARY_DESCRIPTION "language models of few bits per weight (shared library)
cellm runs language models of few bits per weight on CPUs. This is its shared
library, with a C interface.")

set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libcellm-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS "${library} (= ${version})")
# For programs that link the static library.
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SUGGESTS "libfmt-dev, libpcre2-dev, libutf8proc-dev, libxxhash-dev")
set(CPACK_COMPONENT_DEVELOPMENT_DESCRIPTION "language models of few bits per weight (development files)
cellm runs language models of few bits per weight on CPUs. These are the
headers for C and C++, the static library, and files for CMake and pkg-config.")

set(CPACK_PRE_BUILD_SCRIPTS ${PROJECT_SOURCE_DIR}/cmake/debian_files.cmake)
include(CPack)
