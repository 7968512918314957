// Tokens of a Jinja template, with jinja2's rules for white space around tags: trim_blocks and
// lstrip_blocks on, as transformers sets them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cellm::chat {

struct Token {
  enum class Kind {
    kData,  // text between tags
    kVariableBegin,
    kVariableEnd,
    kBlockBegin,
    kBlockEnd,
    kName,
    kString,
    kInteger,
    kFloat,
    kOperator,
    kEnd,
  };
  Kind kind;
  int line;
  std::string text;  // data, name, operator, or a string without quotes and escapes
  std::int64_t integer = 0;
  double number = 0.0;
};

// The last token is kEnd. Throws SyntaxFault (chat/syntax_fault.h). The source is valid UTF-8.
std::vector<Token> lex(std::string_view source);

}  // namespace cellm::chat
