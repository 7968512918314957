// Tests: what may follow the word "is".
#include <fmt/format.h>

#include "chat/builtins.h"
#include "chat/characters.h"
#include "chat/operators.h"

namespace cellm::chat {
namespace {

Value argument(Arguments& arguments, std::string_view test) {
  auto values = bind(arguments, test, {"value"});
  if (!values[0]) throw Fault(fmt::format("the test '{}' needs an argument", test));
  return *values[0];
}

template <const char* kOperator>
bool is_related(Interpreter& interpreter, const Value& input, Arguments& arguments) {
  return related(kOperator, input, argument(arguments, kOperator), interpreter.budget());
}
constexpr char kEqual[] = "==";
constexpr char kNotEqual[] = "!=";
constexpr char kLess[] = "<";
constexpr char kLessEqual[] = "<=";
constexpr char kGreater[] = ">";
constexpr char kGreaterEqual[] = ">=";
constexpr char kIn[] = "in";

template <bool (*kTest)(const Value&)>
bool is(Interpreter&, const Value& input, Arguments&) {
  return kTest(input);
}

bool is_defined(const Value& value) {
  return !is_undefined(value);
}
bool is_boolean(const Value& value) {
  return std::holds_alternative<bool>(value);
}
bool is_true(const Value& value) {
  return is_boolean(value) && std::get<bool>(value);
}
bool is_false(const Value& value) {
  return is_boolean(value) && !std::get<bool>(value);
}
bool is_strict_integer(const Value& value) {
  return std::holds_alternative<std::int64_t>(value);
}
bool is_float(const Value& value) {
  return std::holds_alternative<double>(value);
}
bool is_string(const Value& value) {
  return text_if(value) != nullptr;
}
bool is_mapping(const Value& value) {
  return dict_if(value) != nullptr;
}
// Values with a length and elements by index: also objects, as in jinja2.
bool is_sequence(const Value& value) {
  const Sequence* sequence = sequence_if(value);
  if (sequence == nullptr) return is_string(value) || is_mapping(value) || is_undefined(value);
  return sequence->kind == Sequence::Kind::kList || sequence->kind == Sequence::Kind::kTuple ||
         sequence->kind == Sequence::Kind::kRange;
}
bool is_iterable(const Value& value) {
  return is_string(value) || is_mapping(value) || is_undefined(value) ||
         sequence_if(value) != nullptr || std::holds_alternative<LoopRef>(value);
}
// An undefined value can be called, with an error.
bool is_callable(const Value& value) {
  const auto* callable = std::get_if<CallableRef>(&value);
  return is_undefined(value) || (callable != nullptr && (*callable)->call) ||
         std::holds_alternative<LoopRef>(value);
}

// 1: odd, 0: even, and neither for 2.5.
template <std::int64_t kRemainder>
bool has_remainder(Interpreter& interpreter, const Value& input, Arguments&) {
  Budget& budget = interpreter.budget();
  return equal(arithmetic("%", input, std::int64_t{2}, budget), kRemainder, budget);
}
bool is_divisible(Interpreter& interpreter, const Value& input, Arguments& arguments) {
  return !truth(arithmetic("%", input, argument(arguments, "divisibleby"), interpreter.budget()));
}
bool is_same(Interpreter&, const Value& input, Arguments& arguments) {
  return same_object(input, argument(arguments, "sameas"));
}
bool is_lower_case(Interpreter& interpreter, const Value& input, Arguments&) {
  return is_lower(to_text(input, interpreter.budget()).bytes());
}
bool is_upper_case(Interpreter& interpreter, const Value& input, Arguments&) {
  return is_upper(to_text(input, interpreter.budget()).bytes());
}
bool is_escaped(const Value& value) {
  const Text* text = text_if(value);
  return text != nullptr && text->is_markup();
}
bool is_filter(Interpreter&, const Value& input, Arguments&) {
  return find_filter(bytes_of(input, "the name of a filter")) != nullptr;
}
bool is_test(Interpreter&, const Value& input, Arguments&) {
  return find_test(bytes_of(input, "the name of a test")) != nullptr;
}

}  // namespace

Table<TestFunction> tests() {
  static constexpr Named<TestFunction> kTests[] = {
      {"defined", is<is_defined>},
      {"undefined", is<is_undefined>},
      {"none", is<is_none>},
      {"boolean", is<is_boolean>},
      {"true", is<is_true>},
      {"false", is<is_false>},
      {"integer", is<is_strict_integer>},
      {"float", is<is_float>},
      {"number", is<is_number>},
      {"string", is<is_string>},
      {"mapping", is<is_mapping>},
      {"sequence", is<is_sequence>},
      {"iterable", is<is_iterable>},
      {"callable", is<is_callable>},
      {"escaped", is<is_escaped>},
      {"odd", has_remainder<1>},
      {"even", has_remainder<0>},
      {"divisibleby", is_divisible},
      {"sameas", is_same},
      {"lower", is_lower_case},
      {"upper", is_upper_case},
      {"filter", is_filter},
      {"test", is_test},
      {"in", is_related<kIn>},
      {"==", is_related<kEqual>},
      {"eq", is_related<kEqual>},
      {"equalto", is_related<kEqual>},
      {"!=", is_related<kNotEqual>},
      {"ne", is_related<kNotEqual>},
      {"<", is_related<kLess>},
      {"lt", is_related<kLess>},
      {"lessthan", is_related<kLess>},
      {"<=", is_related<kLessEqual>},
      {"le", is_related<kLessEqual>},
      {">", is_related<kGreater>},
      {"gt", is_related<kGreater>},
      {"greaterthan", is_related<kGreater>},
      {">=", is_related<kGreaterEqual>},
      {"ge", is_related<kGreaterEqual>},
  };
  return kTests;
}

}  // namespace cellm::chat
