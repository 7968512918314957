# The page with its libraries (Debian packages libjs-marked, node-dompurify, node-prismjs) goes into the program:
# page_source is the source file.
find_file(CELLM_MARKED_JS marked.min.js
  PATHS /usr/share/javascript/marked /usr/share/nodejs/marked NO_DEFAULT_PATH REQUIRED
  DOC "marked 4, minified (Debian package libjs-marked)")
find_file(CELLM_PURIFY_JS purify.min.js
  PATHS /usr/share/nodejs/dompurify/dist NO_DEFAULT_PATH REQUIRED
  DOC "DOMPurify 2, minified (Debian package node-dompurify)")
find_path(CELLM_PRISM_COMPONENTS prism-core.min.js
  PATHS /usr/share/nodejs/prismjs/components NO_DEFAULT_PATH REQUIRED
  DOC "The languages of Prism 1.29, minified (Debian package node-prismjs)")

# Prism is one script: the core, then languages, each behind those that it is built on.
set(prism "")
foreach(language
    core markup css clike javascript typescript jsx tsx json python bash shell-session c cpp csharp java kotlin go rust ruby
    markup-templating php sql yaml toml ini diff markdown lua r swift haskell makefile cmake docker powershell latex perl scala
    julia dart nginx)
  set(file ${CELLM_PRISM_COMPONENTS}/prism-${language}.min.js)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  file(READ ${file} text)
  string(APPEND prism "${text}\n")
endforeach()
file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/prism.js CONTENT "@prism@" @ONLY)

set(page ${CMAKE_CURRENT_SOURCE_DIR}/page)
set(page_source ${CMAKE_CURRENT_BINARY_DIR}/page_files.cc)
cellm_embed(${page_source} serve/page_files.h
  kPageIndex=${page}/index.html kPageStyles=${page}/page.css kPageMain=${page}/page.js kPageExport=${page}/export.js
  kPageMarkdown=${page}/markdown.js kPageSettings=${page}/settings.js kPageStore=${page}/store.js kPageStream=${page}/stream.js
  kPageView=${page}/view.js kPageMarked=${CELLM_MARKED_JS} kPagePurify=${CELLM_PURIFY_JS}
  kPagePrism=${CMAKE_CURRENT_BINARY_DIR}/prism.js)
