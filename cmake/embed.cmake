# cmake -D OUTPUT=FILE -D HEADER=HEADER -D "ITEMS=NAME=FILE|NAME=FILE" -P embed.cmake
#
# Writes a C++ source that defines each NAME as the text of its file; HEADER declares them. A text
# becomes an array, since a string literal may be no longer than 65,536 bytes everywhere.
string(REPLACE "|" ";" items "${ITEMS}")
set(arrays "")
set(views "")
foreach(item ${items})
  string(REGEX MATCH "^([^=]+)=(.+)$" matched "${item}")
  set(name "${CMAKE_MATCH_1}")
  file(READ "${CMAKE_MATCH_2}" bytes HEX)
  string(REGEX REPLACE "(..)" "'\\\\x\\1'," bytes "${bytes}")
  string(APPEND arrays "const char ${name}Bytes[] = {${bytes}};\n")
  string(APPEND views "const std::string_view ${name}(${name}Bytes, sizeof(${name}Bytes));\n")
endforeach()
file(WRITE "${OUTPUT}" "#include \"${HEADER}\"

namespace cellm {
namespace {

${arrays}
}  // namespace

${views}
}  // namespace cellm
")
