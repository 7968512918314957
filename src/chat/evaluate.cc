// Expressions.
#include <fmt/format.h>

#include "chat/builtins.h"
#include "chat/interpreter.h"
#include "chat/interpreter_guards.h"
#include "chat/operators.h"

namespace cellm::chat {

Value Interpreter::lookup(std::string_view name) {
  for (Scope* scope = scope_.get(); scope != nullptr; scope = scope->around.get()) {
    if (const Value* value = scope->find(name)) return *value;
  }
  return make_undefined(fmt::format("'{}' is undefined", name));
}

Value Interpreter::evaluate(const Node& node) {
  const Nest nest(*this);
  budget_.spend(1);
  line_ = node.line;
  switch (node.kind) {
    case Syntax::kConstant:
      return node.value;
    case Syntax::kName:
      return lookup(node.text);
    case Syntax::kList:
      return evaluate_sequence(node, Sequence::Kind::kList);
    case Syntax::kTuple:
      return evaluate_sequence(node, Sequence::Kind::kTuple);
    case Syntax::kDict:
      return evaluate_dict(node);
    case Syntax::kAttribute:
      return attribute(evaluate(*node.children[0]), node.text);
    case Syntax::kItem:
      return evaluate_item(node);
    case Syntax::kCall:
      return evaluate_call(node);
    case Syntax::kFilter:
      return evaluate_filter(node);
    case Syntax::kTest:
      return evaluate_test(node);
    case Syntax::kNot:
      return !truth(evaluate(*node.children[0]));
    case Syntax::kUnary: {
      const Value operand = evaluate(*node.children[0]);
      return node.text == "-" ? negated(operand)
                              : arithmetic("+", std::int64_t{0}, operand, budget_);
    }
    case Syntax::kBinary: {
      const Value left = evaluate(*node.children[0]);
      return arithmetic(node.text, left, evaluate(*node.children[1]), budget_);
    }
    case Syntax::kCompare:
      return evaluate_compare(node);
    case Syntax::kAnd:
    case Syntax::kOr: {
      Value left = evaluate(*node.children[0]);
      return truth(left) == (node.kind == Syntax::kOr) ? left : evaluate(*node.children[1]);
    }
    case Syntax::kConcat:
      return evaluate_concat(node);
    case Syntax::kConditional:
      return evaluate_conditional(node);
    default:
      throw Fault("this cannot be evaluated");
  }
}

Value Interpreter::evaluate_sequence(const Node& node, Sequence::Kind kind) {
  std::vector<Value> items;
  items.reserve(node.children.size());
  for (const NodeRef& child : node.children) items.push_back(evaluate(*child));
  return make_sequence(std::move(items), kind);
}

Value Interpreter::evaluate_dict(const Node& node) {
  const DictRef dict = make_dict();
  for (std::size_t i = 0; i < node.children.size(); i += 2) {
    const Value key = evaluate(*node.children[i]);
    chat::spend_reading(key, budget_);
    dict_set(*dict, key, evaluate(*node.children[i + 1]));
  }
  return dict;
}

Value Interpreter::evaluate_item(const Node& node) {
  const Value object = evaluate(*node.children[0]);
  const Node& index = *node.children[1];
  if (index.kind != Syntax::kSlice) return item(object, evaluate(index));
  const auto part = [&](const NodeRef& child) -> std::optional<std::int64_t> {
    if (child == nullptr) return std::nullopt;
    const Value value = evaluate(*child);
    if (is_none(value)) return std::nullopt;
    return as_integer(value, "a slice index");
  };
  const auto begin = part(index.children[0]);
  const auto end = part(index.children[1]);
  return sliced(object, {.begin = begin, .end = end, .step = part(index.children[2])}, budget_);
}

Arguments Interpreter::evaluate_arguments(const std::vector<Argument>& arguments) {
  Arguments all;
  for (const Argument& argument : arguments) {
    Value value = evaluate(*argument.value);
    switch (argument.kind) {
      case Argument::Kind::kPositional:
        all.positional.push_back(std::move(value));
        break;
      case Argument::Kind::kNamed:
        all.named.emplace_back(argument.name, std::move(value));
        break;
      case Argument::Kind::kUnpack:
        for (Value& part : elements(value, budget_)) all.positional.push_back(std::move(part));
        break;
      case Argument::Kind::kUnpackNamed: {
        const Dict* dict = dict_if(value);
        if (dict == nullptr) throw Fault("the argument after ** must be a mapping");
        for (const auto& [key, part] : dict->entries) {
          all.named.emplace_back(bytes_of(key, "a keyword"), part);
        }
      }
    }
  }
  return all;
}

Value Interpreter::evaluate_call(const Node& node) {
  const Value callee = evaluate(*node.children[0]);
  Arguments arguments = evaluate_arguments(node.arguments);
  line_ = node.line;
  return call(callee, arguments);
}

Value Interpreter::call(const Value& callee, Arguments& arguments) {
  const Nest nest(*this);
  refuse_undefined(callee);
  if (const auto* callable = std::get_if<CallableRef>(&callee)) {
    const CallableRef held = *callable;
    if (!held->call) throw Fault(fmt::format("'{}' object is not callable", held->name));
    return held->call(*this, arguments);
  }
  const auto* loop = std::get_if<LoopRef>(&callee);
  if (loop == nullptr) throw Fault(fmt::format("'{}' object is not callable", type_name(callee)));
  const LoopRef held = *loop;
  if (!held->recurse) throw Fault("the loop is not recursive: it lacks the word 'recursive'");
  return held->recurse(bind(arguments, "loop", {"iterable"})[0].value_or(None{}));
}

void Interpreter::spend_reading(const Value& input, const Arguments& arguments) {
  chat::spend_reading(input, budget_);
  for (const Value& value : arguments.positional) chat::spend_reading(value, budget_);
  for (const auto& named : arguments.named) chat::spend_reading(named.second, budget_);
}

Value Interpreter::evaluate_filter(const Node& node) {
  const Value input = node.children[0] == nullptr ? *block_input_ : evaluate(*node.children[0]);
  Arguments arguments = evaluate_arguments(node.arguments);
  line_ = node.line;
  return filter(node.text, input, arguments);
}

Value Interpreter::filter(std::string_view name, const Value& input, Arguments& arguments) {
  const FilterFunction function = find_filter(name);
  if (function == nullptr) {
    throw Fault(fmt::format("no filter named '{}'", name), Fault::Kind::kUnsupported);
  }
  spend_reading(input, arguments);
  return function(*this, input, arguments);
}

bool Interpreter::evaluate_test(const Node& node) {
  const Value input = evaluate(*node.children[0]);
  Arguments arguments = evaluate_arguments(node.arguments);
  line_ = node.line;
  return test(node.text, input, arguments);
}

bool Interpreter::test(std::string_view name, const Value& input, Arguments& arguments) {
  const TestFunction function = find_test(name);
  if (function == nullptr) {
    throw Fault(fmt::format("no test named '{}'", name), Fault::Kind::kUnsupported);
  }
  spend_reading(input, arguments);
  return function(*this, input, arguments);
}

Value Interpreter::evaluate_compare(const Node& node) {
  Value left = evaluate(*node.children[0]);
  for (std::size_t i = 0; i < node.names.size(); ++i) {
    Value right = evaluate(*node.children[i + 1]);
    if (!related(node.names[i], left, right, budget_)) return false;
    left = std::move(right);
  }
  return true;
}

Value Interpreter::evaluate_concat(const Node& node) {
  Text text;
  for (const NodeRef& child : node.children) {
    text.append(to_text(evaluate(*child), budget_));
    if (text.size() > kMaxTextBytes) break;
  }
  return make_text(std::move(text));
}

Value Interpreter::evaluate_conditional(const Node& node) {
  if (truth(evaluate(*node.children[0]))) return evaluate(*node.children[1]);
  if (node.children[2] != nullptr) return evaluate(*node.children[2]);
  return make_undefined(fmt::format(
      "the inline if-expression on line {} evaluated to false and no else section was defined",
      node.line));
}

}  // namespace cellm::chat
