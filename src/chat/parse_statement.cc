#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/printable.h"
#include "chat/parser_state.h"

namespace cellm::chat {

// The statements of a tag's body; the closing tag's name is then current.
Nodes Parser::body(std::initializer_list<std::string_view> until) {
  skip_operator(":");
  expect(Kind::kBlockEnd, "'%}'");
  return statements(until);
}

Nodes Parser::last_body(std::string_view end) {
  Nodes all = body({end});
  next();
  return all;
}

NodeRef Parser::statement() {
  struct Statement {
    std::string_view name;
    NodeRef (Parser::*parse)();
  };
  static constexpr std::array<Statement, 9> kStatements = {{
      {"if", &Parser::if_statement},
      {"for", &Parser::for_statement},
      {"set", &Parser::set_statement},
      {"with", &Parser::with_statement},
      {"macro", &Parser::macro_statement},
      {"call", &Parser::call_statement},
      {"filter", &Parser::filter_statement},
      {"block", &Parser::block_statement},
      {"print", &Parser::print_statement},
  }};
  for (const Statement& candidate : kStatements) {
    if (at_name(candidate.name)) return (this->*candidate.parse)();
  }
  // transformers marks an assistant's words for training with it; the text is the body.
  if (at_name("generation")) return scope_statement("endgeneration");
  if (at_name("autoescape")) {
    throw SyntaxFault(line(), "the statement autoescape is not supported",
                      Fault::Kind::kUnsupported);
  }
  if (at_name("break")) return loop_control(Syntax::kBreak);
  if (at_name("continue")) return loop_control(Syntax::kContinue);
  for (const std::string_view name : {"extends", "include", "import", "from"}) {
    if (!at_name(name)) continue;
    throw SyntaxFault(line(), fmt::format("a chat template cannot {} other files", name),
                      Fault::Kind::kUnsupported);
  }
  if (!at(Kind::kName)) unexpected("the name of a statement");
  throw SyntaxFault(line(), fmt::format("unknown statement '{}'", printable(current().text)));
}

NodeRef Parser::loop_control(Syntax kind) {
  if (loops_ == 0) {
    throw SyntaxFault(line(), fmt::format("'{}' outside of a loop", current().text));
  }
  return make_node(kind, next().line);
}

NodeRef Parser::if_statement() {
  NodeRef node = make_node(Syntax::kIf, line());
  do {
    next();
    node->children.push_back(tuple({.conditional = false}));
    node->bodies.push_back(body({"elif", "else", "endif"}));
  } while (at_name("elif"));
  node->bodies.emplace_back();
  if (skip_name("else")) {
    node->bodies.back() = last_body("endif");
  } else {
    next();
  }
  return finished(std::move(node));
}

NodeRef Parser::for_statement() {
  NodeRef node = make_node(Syntax::kFor, next().line);
  node->children.push_back(target({.names_only = true, .end = "in"}));
  if (!skip_name("in")) unexpected("'in'");
  node->children.push_back(tuple({.conditional = false, .end = "recursive"}));
  node->children.push_back(skip_name("if") ? expression() : nullptr);
  node->flag = skip_name("recursive");
  ++loops_;
  node->bodies.push_back(body({"else", "endfor"}));
  --loops_;
  node->bodies.emplace_back();
  if (skip_name("else")) {
    node->bodies.back() = last_body("endfor");
  } else {
    next();
  }
  return finished(std::move(node));
}

NodeRef Parser::as_target(NodeRef node) const {
  if (node->kind == Syntax::kStoreMember) return node;
  if (node->kind == Syntax::kName) {
    node->kind = Syntax::kStore;
    return node;
  }
  if (node->kind != Syntax::kTuple) throw SyntaxFault(node->line, "cannot assign to this");
  node->kind = Syntax::kStoreTuple;
  for (NodeRef& child : node->children) child = as_target(std::move(child));
  return node;
}

NodeRef Parser::target(const TupleRules& rules) {
  return as_target(tuple(rules));
}

NodeRef Parser::set_statement() {
  const int begin = next().line;
  NodeRef to = target({.names_only = true, .members = true});
  if (skip_operator("=")) {
    return make_node_of(Syntax::kSet, begin, "", std::move(to), tuple({}));
  }
  NodeRef node = make_node(Syntax::kSetBlock, begin);
  node->children.push_back(std::move(to));
  node->children.push_back(at_operator("|") ? filter(nullptr, false) : nullptr);
  node->bodies.push_back(last_body("endset"));
  return finished(std::move(node));
}

NodeRef Parser::with_statement() {
  NodeRef node = make_node(Syntax::kWith, next().line);
  while (!at(Kind::kBlockEnd)) {
    if (!node->children.empty()) expect_operator(",");
    node->children.push_back(target({.names_only = true}));
    expect_operator("=");
    node->children.push_back(expression());
  }
  node->bodies.push_back(last_body("endwith"));
  return finished(std::move(node));
}

void Parser::signature(Node& node) {
  expect_operator("(");
  while (!at_operator(")")) {
    if (!node.names.empty()) expect_operator(",");
    node.names.push_back(expect_name());
    if (skip_operator("=")) {
      node.children.push_back(expression());
    } else if (!node.children.empty()) {
      throw SyntaxFault(line(), "a parameter without default follows one with a default");
    }
  }
  expect_operator(")");
}

void Parser::macro_body(Node& node, std::string_view end) {
  const int loops = std::exchange(loops_, 0);
  const Mentions outer = std::exchange(mentions_, {});
  node.bodies.push_back(last_body(end));
  node.mentions = mentions_;
  mentions_ = {outer.varargs || mentions_.varargs, outer.kwargs || mentions_.kwargs,
               outer.caller || mentions_.caller};
  loops_ = loops;
}

NodeRef Parser::macro_statement() {
  const int begin = next().line;
  NodeRef node = make_node(Syntax::kMacro, begin, expect_name());
  signature(*node);
  macro_body(*node, "endmacro");
  return finished(std::move(node));
}

NodeRef Parser::call_statement() {
  NodeRef node = make_node(Syntax::kCallBlock, next().line);
  if (at_operator("(")) signature(*node);
  NodeRef callee = expression();
  if (callee->kind != Syntax::kCall) throw SyntaxFault(node->line, "expected a call");
  node->children.push_back(std::move(callee));
  macro_body(*node, "endcall");
  return finished(std::move(node));
}

NodeRef Parser::filter_statement() {
  NodeRef node = make_node(Syntax::kFilterBlock, next().line);
  node->children.push_back(filter(nullptr, true));
  node->bodies.push_back(last_body("endfilter"));
  return finished(std::move(node));
}

NodeRef Parser::scope_statement(std::string_view end) {
  NodeRef node = make_node(Syntax::kScope, next().line);
  node->bodies.push_back(last_body(end));
  return finished(std::move(node));
}

NodeRef Parser::block_statement() {
  const int begin = next().line;
  const std::string name = expect_name();
  while (skip_name("scoped") || skip_name("required")) {
  }
  NodeRef node = make_node(Syntax::kScope, begin);
  node->bodies.push_back(last_body("endblock"));
  skip_name(name);
  return finished(std::move(node));
}

NodeRef Parser::print_statement() {
  NodeRef node = make_node(Syntax::kOutput, next().line);
  while (!at(Kind::kBlockEnd)) {
    if (!node->children.empty()) expect_operator(",");
    node->children.push_back(expression());
  }
  return finished(std::move(node));
}

}  // namespace cellm::chat
