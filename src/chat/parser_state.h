// The recursive descent behind parse_template().
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "chat/lexer.h"
#include "chat/syntax.h"
#include "chat/syntax_fault.h"

namespace cellm::chat {

class Parser {
 public:
  explicit Parser(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  // Statements up to one of the tags, whose name is then current; all of the template without tags.
  Nodes statements(std::initializer_list<std::string_view> until);

 private:
  using Kind = Token::Kind;
  struct Nest;  // counts the recursion

  // Tokens
  const Token& current() const { return tokens_[at_]; }
  const Token& next() { return tokens_[at_ + 1 < tokens_.size() ? at_++ : at_]; }
  const Token& ahead() const { return tokens_[std::min(at_ + 1, tokens_.size() - 1)]; }
  int line() const { return current().line; }
  bool at(Kind kind) const { return current().kind == kind; }
  bool at_name(std::string_view name) const { return is_name(current(), name); }
  bool at_operator(std::string_view op) const {
    return at(Kind::kOperator) && current().text == op;
  }
  static bool is_name(const Token& token, std::string_view name) {
    return token.kind == Kind::kName && token.text == name;
  }
  bool skip_name(std::string_view name);
  bool skip_operator(std::string_view op);
  void expect_operator(std::string_view op);
  void expect(Kind kind, std::string_view what);
  std::string expect_name();
  [[noreturn]] void unexpected(std::string_view wanted) const;

  // Expressions, in rising order of precedence
  NodeRef expression(bool conditional = true);
  NodeRef conditional_expression();
  NodeRef or_expression();
  NodeRef and_expression();
  NodeRef not_expression();
  NodeRef comparison();
  NodeRef sum();
  NodeRef concatenation();
  NodeRef product();
  NodeRef power();
  NodeRef unary(bool filters);
  NodeRef primary(bool members);
  NodeRef name_or_constant(bool members);
  NodeRef list();
  NodeRef dict();
  NodeRef postfix(NodeRef node);
  NodeRef filtered(NodeRef node);
  NodeRef subscript(NodeRef object);
  NodeRef subscribed();
  NodeRef call(NodeRef callee);
  NodeRef filter(NodeRef input, bool inline_start);
  NodeRef test(NodeRef input);
  std::vector<Argument> arguments();
  struct TupleRules {
    bool names_only = false;  // names and literals, of a target
    bool members = false;     // namespace members too
    bool conditional = true;
    bool parentheses = false;  // so that () is a tuple
    std::string_view end = {};
  };
  NodeRef tuple(const TupleRules& rules);
  bool at_tuple_end(std::string_view end) const;
  template <class Next>
  NodeRef binary(Next next, std::initializer_list<std::string_view> operators);

  // Statements
  NodeRef statement();
  NodeRef if_statement();
  NodeRef for_statement();
  NodeRef set_statement();
  NodeRef with_statement();
  NodeRef macro_statement();
  NodeRef call_statement();
  NodeRef filter_statement();
  NodeRef scope_statement(std::string_view end);
  NodeRef block_statement();
  NodeRef print_statement();
  NodeRef loop_control(Syntax kind);
  Nodes body(std::initializer_list<std::string_view> until);
  Nodes last_body(std::string_view end);
  void macro_body(Node& node, std::string_view end);
  NodeRef target(const TupleRules& rules);
  NodeRef as_target(NodeRef node) const;
  void signature(Node& node);

  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  int depth_ = 0;
  int loops_ = 0;      // for statements around the current one
  Mentions mentions_;  // since the current macro began
};

// Refuses what is nested more than kMaxSyntaxDepth deep.
struct Parser::Nest {
  explicit Nest(Parser& parser) : depth(parser.depth_) {
    if (depth >= kMaxSyntaxDepth) {
      throw SyntaxFault(parser.line(), "the template is nested too deeply");
    }
    ++depth;
  }
  ~Nest() { --depth; }
  Nest(const Nest&) = delete;
  Nest& operator=(const Nest&) = delete;
  int& depth;
};

NodeRef make_node(Syntax kind, int line, std::string text = {});
// Sets the depth of a node whose parts are complete.
NodeRef finished(NodeRef node);
template <class... Children>
NodeRef make_node_of(Syntax kind, int line, std::string text, Children... children) {
  NodeRef node = make_node(kind, line, std::move(text));
  (node->children.push_back(std::move(children)), ...);
  return finished(std::move(node));
}

}  // namespace cellm::chat
