# cmake -D OUTPUT=FILE -D HEADER=HEADER -D "ITEMS=NAME=FILE|NAME=FILE" -P embed.cmake
#
# Writes a C++ source that defines each NAME as the text of its file; HEADER declares them.
string(REPLACE "|" ";" items "${ITEMS}")
set(source "#include \"${HEADER}\"\n\nnamespace cellm {\n\n")
foreach(item ${items})
  string(REGEX MATCH "^([^=]+)=(.+)$" matched "${item}")
  set(name "${CMAKE_MATCH_1}")
  file(READ "${CMAKE_MATCH_2}" text)
  string(FIND "${text}" ")embedded\"" delimiter)
  if(NOT delimiter EQUAL -1)
    message(FATAL_ERROR "${CMAKE_MATCH_2} holds the delimiter of the string it would become")
  endif()
  string(APPEND source "const std::string_view ${name} = R\"embedded(${text})embedded\";\n\n")
endforeach()
string(APPEND source "}  // namespace cellm\n")
file(WRITE "${OUTPUT}" "${source}")
