// Rendering of a parsed template.
#pragma once

#include <cstddef>
#include <ctime>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "chat/syntax.h"
#include "chat/value.h"

namespace cellm::chat {

struct NameHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view name) const {
    return std::hash<std::string_view>()(name);
  }
};

// Variables of a part of a template. A name that is not here is looked up in the scope around it.
struct Scope {
  std::shared_ptr<Scope> around;
  std::unordered_map<std::string, Value, NameHash, std::equal_to<>> variables;

  Value* find(std::string_view name);
  void set(std::string_view name, Value value);
};

// One rendering. Its functions throw Fault; line() then says where. Not thread-safe.
class Interpreter {
 public:
  // `variables` is an object of the values that the template may use; `now` is read by
  // strftime_now().
  Interpreter(const Dict& variables, std::function<std::time_t()> now);
  ~Interpreter();
  Interpreter(const Interpreter&) = delete;
  Interpreter& operator=(const Interpreter&) = delete;

  Text run(const Nodes& program);
  int line() const { return line_; }

  // For filters, tests, methods and functions.
  Budget& budget() { return budget_; }
  // Spends what every filter, test and method may cost: to read its input and arguments once.
  void spend_reading(const Value& input, const Arguments& arguments);
  std::time_t now() const { return now_(); }
  Value attribute(const Value& object, std::string_view name);
  Value item(const Value& object, const Value& index);
  Value call(const Value& callee, Arguments& arguments);
  Value filter(std::string_view name, const Value& input, Arguments& arguments);
  bool test(std::string_view name, const Value& input, Arguments& arguments);

 private:
  enum class Flow { kNext, kBreak, kContinue };
  struct Nest;         // counts the recursion
  class ScopeGuard;    // enters a scope and leaves it
  class CaptureGuard;  // collects output

  // Statements
  Flow execute(const Nodes& statements);
  Flow execute(const Node& statement);
  Flow run_if(const Node& node);
  Flow run_for(const Node& node);
  void run_loop(const Node& node, const Value& iterable, std::size_t depth0);
  Flow run_iteration(const Node& node, const std::shared_ptr<Loop>& loop);
  void run_set_block(const Node& node);
  Flow run_with(const Node& node);
  void run_call_block(const Node& node);
  void run_filter_block(const Node& node);
  Text capture(const Nodes& body);
  void output(const Text& text);
  void assign(const Node& target, Value value);

  // Expressions
  Value evaluate(const Node& node);
  Value lookup(std::string_view name);
  Value evaluate_sequence(const Node& node, Sequence::Kind kind);
  Value evaluate_dict(const Node& node);
  Value evaluate_item(const Node& node);
  Value evaluate_call(const Node& node);
  Value evaluate_filter(const Node& node);
  bool evaluate_test(const Node& node);
  Value evaluate_compare(const Node& node);
  Value evaluate_concat(const Node& node);
  Value evaluate_conditional(const Node& node);
  Arguments evaluate_arguments(const std::vector<Argument>& arguments);

  // Macros
  Value make_macro(const Node& node, std::string_view name);
  Value call_macro(const Node& node, const std::string& name, const std::shared_ptr<Scope>& scope,
                   Arguments& arguments);
  void bind_parameters(const Node& node, const std::string& name, Arguments& arguments);

  Budget budget_;
  std::function<std::time_t()> now_;
  std::shared_ptr<Scope> scope_;
  std::vector<std::shared_ptr<Scope>> captured_;  // by macros, which would keep them for ever
  std::vector<NamespaceRef> namespaces_;          // likewise, by themselves
  Text* out_ = nullptr;
  const Value* block_input_ = nullptr;  // of a filter block
  int line_ = 1;
  int depth_ = 0;

  friend Value make_namespace(Interpreter& interpreter, Arguments& arguments);
};

}  // namespace cellm::chat
