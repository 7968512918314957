#include "chat/parser.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/printable.h"
#include "chat/parser_state.h"

namespace cellm::chat {
namespace {

std::string describe(const Token& token) {
  switch (token.kind) {
    case Token::Kind::kEnd:
      return "the end of the template";
    case Token::Kind::kBlockEnd:
      return "'%}'";
    case Token::Kind::kVariableEnd:
      return "'}}'";
    case Token::Kind::kInteger:
    case Token::Kind::kFloat:
      return "a number";
    case Token::Kind::kString:
      return "a string";
    default:
      return fmt::format("'{}'", printable(token.text));
  }
}

}  // namespace

bool Parser::skip_name(std::string_view name) {
  if (!at_name(name)) return false;
  next();
  return true;
}

bool Parser::skip_operator(std::string_view op) {
  if (!at_operator(op)) return false;
  next();
  return true;
}

void Parser::unexpected(std::string_view wanted) const {
  throw SyntaxFault(line(), fmt::format("expected {}, found {}", wanted, describe(current())));
}

void Parser::expect_operator(std::string_view op) {
  if (!skip_operator(op)) unexpected(fmt::format("'{}'", op));
}

void Parser::expect(Kind kind, std::string_view what) {
  if (!at(kind)) unexpected(what);
  next();
}

std::string Parser::expect_name() {
  if (!at(Kind::kName)) unexpected("a name");
  return next().text;
}

Nodes Parser::statements(std::initializer_list<std::string_view> until) {
  const Nest nest(*this);
  Nodes all;
  while (!at(Kind::kEnd)) {
    const int begin = line();
    if (at(Kind::kData)) {
      all.push_back(make_node(Syntax::kData, begin));
      all.back()->value = make_text(next().text);
    } else if (at(Kind::kVariableBegin)) {
      next();
      all.push_back(make_node_of(Syntax::kOutput, begin, "", tuple({})));
      expect(Kind::kVariableEnd, "'}}'");
    } else {
      expect(Kind::kBlockBegin, "a tag");
      if (std::any_of(until.begin(), until.end(),
                      [this](std::string_view name) { return at_name(name); })) {
        return all;
      }
      all.push_back(statement());
      expect(Kind::kBlockEnd, "'%}'");
    }
  }
  if (until.size() != 0) {
    unexpected(fmt::format("'{{% {} %}}'", *(until.end() - 1)));
  }
  return all;
}

Nodes parse_template(std::vector<Token> tokens) {
  return Parser(std::move(tokens)).statements({});
}

}  // namespace cellm::chat
