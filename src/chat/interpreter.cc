// Statements.
#include "chat/interpreter.h"

#include <fmt/format.h>

#include "chat/builtins.h"
#include "chat/interpreter_guards.h"

namespace cellm::chat {

Value* Scope::find(std::string_view name) {
  const auto found = variables.find(name);
  return found == variables.end() ? nullptr : &found->second;
}

void Scope::set(std::string_view name, Value value) {
  if (Value* known = find(name)) {
    *known = std::move(value);
  } else {
    variables.emplace(name, std::move(value));
  }
}

Interpreter::Interpreter(const Dict& variables, std::function<std::time_t()> now)
    : now_(std::move(now)), scope_(std::make_shared<Scope>()) {
  for (auto& [name, function] : global_functions()) scope_->set(name, std::move(function));
  const auto inputs = std::make_shared<Scope>();
  inputs->around = std::move(scope_);
  for (const auto& [key, value] : variables.entries) {
    inputs->set(text_of(key, "the name of a variable").bytes(), value);
  }
  scope_ = std::make_shared<Scope>();
  scope_->around = inputs;
}

// Macros and namespaces may refer to their own scopes.
Interpreter::~Interpreter() {
  for (const auto& scope : captured_) scope->variables.clear();
  for (const NamespaceRef& space : namespaces_) space->members.clear();
}

Text Interpreter::run(const Nodes& program) {
  return capture(program);
}

Text Interpreter::capture(const Nodes& body) {
  const CaptureGuard guard(*this);
  execute(body);
  return guard.take();
}

void Interpreter::output(const Text& text) {
  budget_.spend(text.size() / 16 + 1);
  if (out_->size() + text.size() > kMaxTextBytes) {
    throw Fault(fmt::format("the result has more than {} bytes", kMaxTextBytes));
  }
  out_->append(text);
}

Interpreter::Flow Interpreter::execute(const Nodes& statements) {
  for (const NodeRef& statement : statements) {
    const Flow flow = execute(*statement);
    if (flow != Flow::kNext) return flow;
  }
  return Flow::kNext;
}

Interpreter::Flow Interpreter::execute(const Node& node) {
  const Nest nest(*this);
  budget_.spend(1);
  line_ = node.line;
  switch (node.kind) {
    case Syntax::kData:
      output(*text_if(node.value));
      break;
    case Syntax::kOutput:
      for (const NodeRef& child : node.children) output(to_text(evaluate(*child), budget_));
      break;
    case Syntax::kIf:
      return run_if(node);
    case Syntax::kFor:
      return run_for(node);
    case Syntax::kSet:
      assign(*node.children[0], evaluate(*node.children[1]));
      break;
    case Syntax::kSetBlock:
      run_set_block(node);
      break;
    case Syntax::kWith:
      return run_with(node);
    case Syntax::kMacro:
      scope_->set(node.text, make_macro(node, node.text));
      break;
    case Syntax::kCallBlock:
      run_call_block(node);
      break;
    case Syntax::kFilterBlock:
      run_filter_block(node);
      break;
    case Syntax::kScope: {
      const ScopeGuard scope(*this);
      return execute(node.bodies[0]);
    }
    case Syntax::kBreak:
      return Flow::kBreak;
    case Syntax::kContinue:
      return Flow::kContinue;
    default:
      throw Fault("an expression stands for a statement");
  }
  return Flow::kNext;
}

Interpreter::Flow Interpreter::run_if(const Node& node) {
  for (std::size_t i = 0; i < node.children.size(); ++i) {
    if (truth(evaluate(*node.children[i]))) return execute(node.bodies[i]);
  }
  return execute(node.bodies.back());
}

Interpreter::Flow Interpreter::run_for(const Node& node) {
  run_loop(node, evaluate(*node.children[1]), 0);
  return Flow::kNext;
}

void Interpreter::run_loop(const Node& node, const Value& iterable, std::size_t depth0) {
  const auto loop = std::make_shared<Loop>();
  loop->source = elements(iterable, budget_);
  loop->depth0 = depth0;
  const auto scope = scope_;
  if (node.children[2] != nullptr) {
    loop->condition = [&](const Value& value) {
      const ScopeGuard inside(*this, scope);
      assign(*node.children[0], value);
      return truth(evaluate(*node.children[2]));
    };
  }
  if (node.flag) {
    loop->recurse = [&](const Value& items) {
      const ScopeGuard inside(*this, scope);
      const CaptureGuard guard(*this);
      run_loop(node, items, depth0 + 1);
      return make_text(guard.take());
    };
  }
  Flow flow = Flow::kNext;
  while (flow != Flow::kBreak && loop->has(loop->index0)) {
    flow = run_iteration(node, loop);
    ++loop->index0;
  }
  const bool none = loop->items.empty();
  loop->condition = nullptr;  // both refer to this call
  loop->recurse = nullptr;
  if (!none) return;
  const ScopeGuard inside(*this);
  execute(node.bodies[1]);
}

Interpreter::Flow Interpreter::run_iteration(const Node& node, const std::shared_ptr<Loop>& loop) {
  budget_.spend(1);
  const ScopeGuard scope(*this);
  scope_->set("loop", loop);
  assign(*node.children[0], loop->items[loop->index0]);
  return execute(node.bodies[0]);
}

void Interpreter::run_set_block(const Node& node) {
  Value value;
  {
    const ScopeGuard scope(*this);
    value = make_text(capture(node.bodies[0]));
  }
  if (node.children[1] != nullptr) {
    const Value* outer = std::exchange(block_input_, &value);
    Value result = evaluate(*node.children[1]);
    block_input_ = outer;
    value = std::move(result);
  }
  assign(*node.children[0], std::move(value));
}

Interpreter::Flow Interpreter::run_with(const Node& node) {
  std::vector<Value> values;
  for (std::size_t i = 1; i < node.children.size(); i += 2) {
    values.push_back(evaluate(*node.children[i]));
  }
  const ScopeGuard scope(*this);
  for (std::size_t i = 0; i < values.size(); ++i) {
    assign(*node.children[2 * i], std::move(values[i]));
  }
  return execute(node.bodies[0]);
}

void Interpreter::run_call_block(const Node& node) {
  const Node& call_node = *node.children.back();
  const Value callee = evaluate(*call_node.children[0]);
  Arguments arguments = evaluate_arguments(call_node.arguments);
  arguments.named.emplace_back("caller", make_macro(node, "caller"));
  output(to_text(call(callee, arguments), budget_));
}

void Interpreter::run_filter_block(const Node& node) {
  Value value;
  {
    const ScopeGuard scope(*this);
    value = make_text(capture(node.bodies[0]));
  }
  const Value* outer = std::exchange(block_input_, &value);
  const Value result = evaluate(*node.children[0]);
  block_input_ = outer;
  output(to_text(result, budget_));
}

void Interpreter::assign(const Node& target, Value value) {
  if (target.kind == Syntax::kStore) {
    scope_->set(target.text, std::move(value));
    return;
  }
  if (target.kind == Syntax::kStoreMember) {
    const Value object = lookup(target.text);
    refuse_undefined(object);
    const auto* space = std::get_if<NamespaceRef>(&object);
    if (space == nullptr) throw Fault("cannot assign attribute on non-namespace object");
    auto& members = (*space)->members;
    budget_.spend(members.size() / 16);
    for (auto& [name, member] : members) {
      if (name != target.names[0]) continue;
      member = std::move(value);
      return;
    }
    members.emplace_back(target.names[0], std::move(value));
    return;
  }
  refuse_undefined(value);
  std::vector<Value> parts = elements(value, budget_);
  if (parts.size() != target.children.size()) {
    throw Fault(
        fmt::format("cannot unpack {} values into {} names", parts.size(), target.children.size()));
  }
  for (std::size_t i = 0; i < parts.size(); ++i) {
    assign(*target.children[i], std::move(parts[i]));
  }
}

}  // namespace cellm::chat
