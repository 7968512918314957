#include <fmt/format.h>

#include "chat/builtins.h"
#include "chat/parser.h"
#include "chat/syntax_fault.h"

namespace cellm::chat {
namespace {

void check(const Nodes& nodes, bool conditional);

void check(const Node& node, bool conditional) {
  if (!conditional && node.kind == Syntax::kFilter && find_filter(node.text) == nullptr) {
    throw SyntaxFault(node.line, fmt::format("no filter named '{}'", node.text),
                      Fault::Kind::kUnsupported);
  }
  if (!conditional && node.kind == Syntax::kTest && find_test(node.text) == nullptr) {
    throw SyntaxFault(node.line, fmt::format("no test named '{}'", node.text),
                      Fault::Kind::kUnsupported);
  }
  const bool branches = node.kind == Syntax::kIf || node.kind == Syntax::kConditional;
  check(node.children, conditional || branches);
  for (const Argument& argument : node.arguments) check(*argument.value, conditional);
  // Bodies with a scope of their own begin anew, as in jinja2.
  for (const Nodes& body : node.bodies) check(body, branches);
}

void check(const Nodes& nodes, bool conditional) {
  for (const NodeRef& node : nodes) {
    if (node != nullptr) check(*node, conditional);
  }
}

}  // namespace

void check_names(const Nodes& statements) {
  check(statements, false);
}

}  // namespace cellm::chat
