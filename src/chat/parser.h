// Parser of templates: the grammar of jinja2 3.1 with the statements break, continue and
// generation. Templates cannot load others: extends, include and import are refused.
#pragma once

#include <vector>

#include "chat/lexer.h"
#include "chat/syntax.h"

namespace cellm::chat {

// The statements of a template by its tokens, from lex(). Throws SyntaxFault.
Nodes parse_template(std::vector<Token> tokens);

// Throws SyntaxFault for a filter or test that does not exist, if it is used outside of an "if":
// inside, as in jinja2, the error waits until it is evaluated.
void check_names(const Nodes& statements);

}  // namespace cellm::chat
