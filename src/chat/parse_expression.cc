#include <algorithm>

#include <fmt/format.h>

#include "chat/parser_state.h"

namespace cellm::chat {

NodeRef make_node(Syntax kind, int line, std::string text) {
  auto node = std::make_unique<Node>(Node{.kind = kind, .line = line});
  node->text = std::move(text);
  return node;
}

NodeRef finished(NodeRef node) {
  int inner = 0;
  const auto visit = [&inner](const NodeRef& part) {
    if (part != nullptr) inner = std::max(inner, part->depth);
  };
  for (const NodeRef& child : node->children) visit(child);
  for (const Argument& argument : node->arguments) visit(argument.value);
  for (const Nodes& body : node->bodies) std::for_each(body.begin(), body.end(), visit);
  if (inner >= kMaxSyntaxDepth) {
    throw SyntaxFault(node->line, "an expression or statement is nested too deeply");
  }
  node->depth = inner + 1;
  return node;
}

NodeRef Parser::expression(bool conditional) {
  const Nest nest(*this);
  return conditional ? conditional_expression() : or_expression();
}

NodeRef Parser::conditional_expression() {
  const int begin = line();
  NodeRef value = or_expression();
  while (skip_name("if")) {
    NodeRef condition = or_expression();
    NodeRef otherwise;
    if (skip_name("else")) {
      const Nest nest(*this);
      otherwise = conditional_expression();
    }
    value = make_node_of(Syntax::kConditional, begin, "", std::move(condition), std::move(value),
                         std::move(otherwise));
  }
  return value;
}

NodeRef Parser::or_expression() {
  NodeRef left = and_expression();
  while (at_name("or")) {
    const int begin = next().line;
    NodeRef right = and_expression();
    left = make_node_of(Syntax::kOr, begin, "", std::move(left), std::move(right));
  }
  return left;
}

NodeRef Parser::and_expression() {
  NodeRef left = not_expression();
  while (at_name("and")) {
    const int begin = next().line;
    NodeRef right = not_expression();
    left = make_node_of(Syntax::kAnd, begin, "", std::move(left), std::move(right));
  }
  return left;
}

NodeRef Parser::not_expression() {
  if (!at_name("not")) return comparison();
  const Nest nest(*this);
  const int begin = next().line;
  return make_node_of(Syntax::kNot, begin, "", not_expression());
}

NodeRef Parser::comparison() {
  NodeRef first = sum();
  NodeRef node;
  while (true) {
    constexpr std::string_view kOperators[] = {"==", "!=", "<", "<=", ">", ">="};
    const bool is_operator =
        at(Kind::kOperator) && std::find(std::begin(kOperators), std::end(kOperators),
                                         current().text) != std::end(kOperators);
    std::string op;
    if (is_operator || at_name("in")) {
      op = next().text;
    } else if (at_name("not") && is_name(ahead(), "in")) {
      next();
      next();
      op = "not in";
    } else {
      break;
    }
    if (node == nullptr) {
      node = make_node(Syntax::kCompare, line());
      node->children.push_back(std::move(first));
    }
    node->names.push_back(std::move(op));
    node->children.push_back(sum());
  }
  return node == nullptr ? std::move(first) : finished(std::move(node));
}

template <class Next>
NodeRef Parser::binary(Next operand, std::initializer_list<std::string_view> operators) {
  NodeRef left = (this->*operand)();
  while (at(Kind::kOperator) &&
         std::find(operators.begin(), operators.end(), current().text) != operators.end()) {
    const int begin = line();
    std::string op = next().text;
    NodeRef right = (this->*operand)();
    left = make_node_of(Syntax::kBinary, begin, std::move(op), std::move(left), std::move(right));
  }
  return left;
}

NodeRef Parser::sum() {
  return binary(&Parser::concatenation, {"+", "-"});
}

NodeRef Parser::concatenation() {
  NodeRef first = product();
  if (!at_operator("~")) return first;
  NodeRef node = make_node(Syntax::kConcat, line());
  node->children.push_back(std::move(first));
  while (skip_operator("~")) node->children.push_back(product());
  return finished(std::move(node));
}

NodeRef Parser::product() {
  return binary(&Parser::power, {"*", "/", "//", "%"});
}

NodeRef Parser::power() {
  const int begin = line();
  NodeRef left = unary(true);
  while (skip_operator("**")) {
    NodeRef right = unary(true);
    left = make_node_of(Syntax::kBinary, begin, "**", std::move(left), std::move(right));
  }
  return left;
}

NodeRef Parser::unary(bool filters) {
  const Nest nest(*this);
  NodeRef node;
  if (at_operator("-") || at_operator("+")) {
    const int begin = line();
    std::string op = next().text;
    node = make_node_of(Syntax::kUnary, begin, std::move(op), unary(false));
  } else {
    node = primary(false);
  }
  node = postfix(std::move(node));
  return filters ? filtered(std::move(node)) : std::move(node);
}

NodeRef Parser::name_or_constant(bool members) {
  const int begin = line();
  const std::string name = next().text;
  NodeRef constant = make_node(Syntax::kConstant, begin);
  if (name == "true" || name == "True" || name == "false" || name == "False") {
    constant->value = name == "true" || name == "True";
    return constant;
  }
  if (name == "none" || name == "None") return constant;
  if (members && skip_operator(".")) {
    NodeRef member = make_node(Syntax::kStoreMember, begin, name);
    member->names.push_back(expect_name());
    return member;
  }
  mentions_.varargs |= name == "varargs";
  mentions_.kwargs |= name == "kwargs";
  mentions_.caller |= name == "caller";
  return make_node(Syntax::kName, begin, name);
}

NodeRef Parser::primary(bool members) {
  const int begin = line();
  if (at(Kind::kName)) return name_or_constant(members);
  if (at(Kind::kString) || at(Kind::kInteger) || at(Kind::kFloat)) {
    NodeRef constant = make_node(Syntax::kConstant, begin);
    if (at(Kind::kInteger)) {
      constant->value = next().integer;
    } else if (at(Kind::kFloat)) {
      constant->value = next().number;
    } else {
      std::string text;
      while (at(Kind::kString)) text += next().text;
      constant->value = make_text(text);
    }
    return constant;
  }
  if (skip_operator("(")) {
    NodeRef inner = tuple({.parentheses = true});
    expect_operator(")");
    return inner;
  }
  if (at_operator("[")) return list();
  if (at_operator("{")) return dict();
  unexpected("an expression");
}

bool Parser::at_tuple_end(std::string_view end) const {
  return at(Kind::kVariableEnd) || at(Kind::kBlockEnd) || at_operator(")") ||
         (!end.empty() && at_name(end));
}

NodeRef Parser::tuple(const TupleRules& rules) {
  const Nest nest(*this);
  const int begin = line();
  Nodes items;
  bool is_tuple = false;
  while (true) {
    if (!items.empty()) expect_operator(",");
    if (at_tuple_end(rules.end)) break;
    items.push_back(rules.names_only ? primary(rules.members) : expression(rules.conditional));
    if (!at_operator(",")) break;
    is_tuple = true;
  }
  if (!is_tuple && !items.empty()) return std::move(items.front());
  if (items.empty() && !rules.parentheses) unexpected("an expression");
  NodeRef node = make_node(Syntax::kTuple, begin);
  node->children = std::move(items);
  return finished(std::move(node));
}

NodeRef Parser::list() {
  NodeRef node = make_node(Syntax::kList, line());
  expect_operator("[");
  while (!at_operator("]")) {
    if (!node->children.empty()) expect_operator(",");
    if (at_operator("]")) break;
    node->children.push_back(expression());
  }
  expect_operator("]");
  return finished(std::move(node));
}

NodeRef Parser::dict() {
  NodeRef node = make_node(Syntax::kDict, line());
  expect_operator("{");
  while (!at_operator("}")) {
    if (!node->children.empty()) expect_operator(",");
    if (at_operator("}")) break;
    node->children.push_back(expression());
    expect_operator(":");
    node->children.push_back(expression());
  }
  expect_operator("}");
  return finished(std::move(node));
}

}  // namespace cellm::chat
