// Macros and the blocks that call them.
#include <algorithm>

#include <fmt/format.h>

#include "chat/builtins.h"
#include "chat/interpreter.h"
#include "chat/interpreter_guards.h"

namespace cellm::chat {
namespace {

// Moves the named argument to `value`. False if it was not passed.
bool take_named(Arguments& arguments, std::string_view name, Value& value) {
  const auto found = std::find_if(arguments.named.begin(), arguments.named.end(),
                                  [name](const auto& named) { return named.first == name; });
  if (found == arguments.named.end()) return false;
  value = std::move(found->second);
  arguments.named.erase(found);
  return true;
}

// jinja2.runtime.Macro. The macro of a call block has no name.
std::optional<Value> macro_attribute(const Node& node, const std::string& name,
                                     std::string_view attribute) {
  if (attribute == "name") {
    return node.kind == Syntax::kCallBlock ? Value(None{}) : make_text(name);
  }
  if (attribute == "catch_kwargs") return node.mentions.kwargs;
  if (attribute == "catch_varargs") return node.mentions.varargs;
  if (attribute == "caller") return node.mentions.caller;
  if (attribute == "explicit_caller") {
    return std::find(node.names.begin(), node.names.end(), "caller") != node.names.end();
  }
  if (attribute != "arguments") return std::nullopt;
  std::vector<Value> names;
  for (const std::string& parameter : node.names) names.push_back(make_text(parameter));
  return make_sequence(std::move(names), Sequence::Kind::kTuple);
}

}  // namespace

// The scope is captured: the macro sees it as it is when it is called.
Value Interpreter::make_macro(const Node& node, std::string_view name) {
  budget_.spend(captured_.size() / 16);
  if (std::find(captured_.begin(), captured_.end(), scope_) == captured_.end()) {
    captured_.push_back(scope_);
  }
  return std::make_shared<const Callable>(
      Callable{.name = std::string(name),
               .call =
                   [&node, name = std::string(name), scope = scope_](Interpreter& interpreter,
                                                                     Arguments& arguments) {
                     return interpreter.call_macro(node, name, scope, arguments);
                   },
               .is_macro = true,
               .attribute =
                   [&node, name = std::string(name)](std::string_view attribute) {
                     return macro_attribute(node, name, attribute);
                   }});
}

Value Interpreter::call_macro(const Node& node, const std::string& name,
                              const std::shared_ptr<Scope>& scope, Arguments& arguments) {
  const int line = line_;
  const ScopeGuard inside(*this, scope);
  bind_parameters(node, name, arguments);
  Value result = make_text(capture(node.bodies[0]));
  line_ = line;
  return result;
}

void Interpreter::bind_parameters(const Node& node, const std::string& name, Arguments& arguments) {
  const std::size_t count = node.names.size();
  const std::size_t given = std::min(count, arguments.positional.size());
  const std::size_t defaults =
      node.children.size() - (node.kind == Syntax::kCallBlock ? 1 : 0);  // the call is the last
  budget_.spend(count * (arguments.named.size() / 16 + 1));
  bool has_caller = false;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string& parameter = node.names[i];
    has_caller = has_caller || parameter == "caller";
    Value named;
    if (i < given) {
      scope_->set(parameter, arguments.positional[i]);
    } else if (take_named(arguments, parameter, named)) {
      scope_->set(parameter, std::move(named));
    } else if (i >= count - defaults) {
      scope_->set(parameter, evaluate(*node.children[i - (count - defaults)]));
    } else {
      scope_->set(parameter,
                  make_undefined(fmt::format("parameter '{}' was not provided", parameter)));
    }
  }
  if (node.mentions.caller && !has_caller) {
    Value caller = make_undefined("No caller defined");
    take_named(arguments, "caller", caller);
    scope_->set("caller", std::move(caller));
  }
  if (node.mentions.kwargs) {
    const DictRef named = make_dict();
    for (auto& [key, value] : arguments.named) dict_set(*named, make_text(key), std::move(value));
    scope_->set("kwargs", named);
  } else if (!arguments.named.empty()) {
    throw Fault(fmt::format("macro '{}' takes no keyword argument '{}'", name,
                            arguments.named.front().first));
  }
  const auto rest = arguments.positional.begin() + static_cast<std::ptrdiff_t>(given);
  if (node.mentions.varargs) {
    scope_->set("varargs",
                make_sequence({rest, arguments.positional.end()}, Sequence::Kind::kTuple));
  } else if (rest != arguments.positional.end()) {
    throw Fault(fmt::format("macro '{}' takes not more than {} argument(s)", name, count));
  }
}

}  // namespace cellm::chat
