// The parts behind a primary expression: attributes, subscripts, calls, filters and tests.
#include <fmt/format.h>

#include "chat/parser_state.h"

namespace cellm::chat {
namespace {

void append_dotted(std::string& name, const std::string& part) {
  name += '.';
  name += part;
}

}  // namespace

NodeRef Parser::postfix(NodeRef node) {
  while (true) {
    if (at_operator(".") || at_operator("[")) {
      node = subscript(std::move(node));
    } else if (at_operator("(")) {
      node = call(std::move(node));
    } else {
      return node;
    }
  }
}

NodeRef Parser::filtered(NodeRef node) {
  while (true) {
    if (at_operator("|")) {
      node = filter(std::move(node), false);
    } else if (at_name("is")) {
      node = test(std::move(node));
    } else if (at_operator("(")) {
      node = call(std::move(node));
    } else {
      return node;
    }
  }
}

NodeRef Parser::subscript(NodeRef object) {
  const int begin = line();
  if (skip_operator(".")) {
    if (at(Kind::kName)) {
      return make_node_of(Syntax::kAttribute, begin, next().text, std::move(object));
    }
    if (!at(Kind::kInteger)) unexpected("a name or number");
    NodeRef index = make_node(Syntax::kConstant, begin);
    index->value = next().integer;
    return make_node_of(Syntax::kItem, begin, "", std::move(object), std::move(index));
  }
  expect_operator("[");
  Nodes parts;
  while (!at_operator("]")) {
    if (!parts.empty()) expect_operator(",");
    parts.push_back(subscribed());
  }
  expect_operator("]");
  if (parts.size() == 1) {
    return make_node_of(Syntax::kItem, begin, "", std::move(object), std::move(parts.front()));
  }
  NodeRef index = make_node(Syntax::kTuple, begin);
  index->children = std::move(parts);
  return make_node_of(Syntax::kItem, begin, "", std::move(object), finished(std::move(index)));
}

NodeRef Parser::subscribed() {
  const int begin = line();
  NodeRef first;
  if (!at_operator(":")) {
    first = expression();
    if (!at_operator(":")) return first;
  }
  next();
  const auto part = [this]() -> NodeRef {
    if (at_operator(":") || at_operator("]") || at_operator(",")) return nullptr;
    return expression();
  };
  NodeRef end = part();
  NodeRef step = skip_operator(":") ? part() : nullptr;
  return make_node_of(Syntax::kSlice, begin, "", std::move(first), std::move(end), std::move(step));
}

std::vector<Argument> Parser::arguments() {
  const int begin = line();
  std::vector<Argument> all;
  const auto require = [begin](bool condition) {
    if (!condition) throw SyntaxFault(begin, "invalid syntax for function call expression");
  };
  // Positional, named, *, ** : in this order, except that names may follow *.
  Argument::Kind latest = Argument::Kind::kPositional;
  bool unpacked = false;
  expect_operator("(");
  while (!at_operator(")")) {
    if (!all.empty()) {
      expect_operator(",");
      if (at_operator(")")) break;
    }
    Argument argument{Argument::Kind::kPositional, "", nullptr};
    if (skip_operator("*")) {
      require(!unpacked && latest != Argument::Kind::kUnpackNamed);
      argument.kind = Argument::Kind::kUnpack;
      unpacked = true;
    } else if (skip_operator("**")) {
      require(latest != Argument::Kind::kUnpackNamed);
      argument.kind = Argument::Kind::kUnpackNamed;
    } else if (at(Kind::kName) && ahead().kind == Kind::kOperator && ahead().text == "=") {
      require(latest != Argument::Kind::kUnpackNamed);
      argument.kind = Argument::Kind::kNamed;
      argument.name = next().text;
      next();
    } else {
      require(latest == Argument::Kind::kPositional && !unpacked);
    }
    latest = argument.kind == Argument::Kind::kUnpack ? latest : argument.kind;
    argument.value = expression();
    all.push_back(std::move(argument));
  }
  expect_operator(")");
  return all;
}

NodeRef Parser::call(NodeRef callee) {
  NodeRef node = make_node(Syntax::kCall, line());
  node->children.push_back(std::move(callee));
  node->arguments = arguments();
  return finished(std::move(node));
}

NodeRef Parser::filter(NodeRef input, bool inline_start) {
  while (at_operator("|") || inline_start) {
    if (!inline_start) next();
    inline_start = false;
    NodeRef node = make_node(Syntax::kFilter, line(), expect_name());
    while (skip_operator(".")) append_dotted(node->text, expect_name());
    if (at_operator("(")) node->arguments = arguments();
    node->children.push_back(std::move(input));
    input = finished(std::move(node));
  }
  return input;
}

NodeRef Parser::test(NodeRef input) {
  const int begin = next().line;
  const bool negated = skip_name("not");
  NodeRef node = make_node(Syntax::kTest, begin, expect_name());
  while (skip_operator(".")) append_dotted(node->text, expect_name());
  node->children.push_back(std::move(input));
  if (at_operator("(")) {
    node->arguments = arguments();
  } else if ((at(Kind::kName) || at(Kind::kString) || at(Kind::kInteger) || at(Kind::kFloat) ||
              at_operator("[") || at_operator("{")) &&
             !at_name("else") && !at_name("or") && !at_name("and")) {
    if (at_name("is")) throw SyntaxFault(line(), "you cannot chain multiple tests with is");
    node->arguments.push_back({Argument::Kind::kPositional, "", postfix(primary(false))});
  }
  node = finished(std::move(node));
  return negated ? make_node_of(Syntax::kNot, begin, "", std::move(node)) : std::move(node);
}

}  // namespace cellm::chat
