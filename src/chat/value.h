// The values of a template: those of Python that a template can see.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "chat/limits.h"
#include "chat/text.h"

namespace cellm::chat {

// A template that fails: the message without the place.
class Fault : public std::runtime_error {
 public:
  enum class Kind {
    kRaised,       // raise_exception(): the template refuses the conversation
    kWrong,        // an error of the template or of values that it does not expect
    kUnsupported,  // a filter, test or statement that does not exist here
  };
  explicit Fault(const std::string& message, Kind kind = Kind::kWrong)
      : std::runtime_error(message), kind_(kind) {}
  Kind kind() const { return kind_; }

 private:
  Kind kind_;
};

// The work that a rendering may still do. Throws Fault when it is spent.
class Budget {
 public:
  void spend(std::uint64_t steps) {
    if (steps > left_) throw Fault("the template does too much work");
    left_ -= steps;
  }

 private:
  std::uint64_t left_ = kMaxSteps;
};

struct Sequence;
struct Dict;
struct Namespace;
struct Callable;
struct Loop;
class Interpreter;

// The value of a missing variable or attribute; `message` is the error of using it.
struct Undefined {
  std::shared_ptr<const std::string> message;
};
struct None {};

using TextRef = std::shared_ptr<const Text>;
using SequenceRef = std::shared_ptr<Sequence>;
using DictRef = std::shared_ptr<Dict>;
using NamespaceRef = std::shared_ptr<Namespace>;
using CallableRef = std::shared_ptr<const Callable>;
using LoopRef = std::shared_ptr<Loop>;

using Value = std::variant<Undefined, None, bool, std::int64_t, double, TextRef, SequenceRef,
                           DictRef, NamespaceRef, CallableRef, LoopRef>;

struct Sequence {
  enum class Kind { kList, kTuple, kRange, kKeys, kValues, kItems, kGenerator };
  Kind kind = Kind::kList;
  std::vector<Value> items;
  int depth = 1;          // nesting of containers, this one included
  bool spent = false;     // a generator that was iterated over
  bool is_group = false;  // a tuple of the filter groupby, whose parts have the names below
  static constexpr std::string_view kGroupParts[] = {"grouper", "list"};
};

// In the order of insertion. Keys are texts, numbers, none and tuples of these.
struct Dict {
  std::vector<std::pair<Value, Value>> entries;
  std::unordered_map<std::string, std::size_t> index;  // by dict_key()
  int depth = 1;
};

// namespace(): the only object whose members a template may assign.
struct Namespace {
  std::vector<std::pair<std::string, Value>> members;
};

struct Arguments {
  std::vector<Value> positional;
  std::vector<std::pair<std::string, Value>> named;
};

// A macro, a global function, a method with its object, or an object that has attributes only.
struct Callable {
  std::string name;
  std::function<Value(Interpreter&, Arguments&)> call = {};  // empty: not callable
  bool is_macro = false;
  std::function<std::optional<Value>(std::string_view)> attribute = {};  // by name; empty: none
};

// The variable `loop`. The condition of a loop is evaluated when the next element is needed, since
// the body may change what it depends on.
struct Loop {
  std::vector<Value> source;
  std::size_t taken = 0;                        // elements of the source that were looked at
  std::function<bool(const Value&)> condition;  // empty: all elements
  std::vector<Value> items;                     // those that satisfy it, so far
  std::size_t index0 = 0;
  std::size_t depth0 = 0;
  std::optional<Value> changed;                // the latest arguments of loop.changed()
  std::function<Value(const Value&)> recurse;  // of a recursive loop while it runs

  // Whether there are more than `index` elements.
  bool has(std::size_t index);
};

Value make_text(Text text);
Value make_text(std::string_view bytes, Origin origin = Origin::kTemplate);
// Throws Fault beyond kMaxElements or kMaxValueDepth.
Value make_sequence(std::vector<Value> items, Sequence::Kind kind = Sequence::Kind::kList);
Value make_undefined(std::string message);
DictRef make_dict();
// Throws Fault for a key that cannot be one, and beyond the limits.
void dict_set(Dict& dict, const Value& key, Value value);
const Value* dict_find(const Dict& dict, const Value& key);
const Value* dict_find(const Dict& dict, std::string_view key);

const Text* text_if(const Value& value);
Sequence* sequence_if(const Value& value);
Dict* dict_if(const Value& value);
bool is_undefined(const Value& value);
bool is_none(const Value& value);
bool is_number(const Value& value);   // bool included, as in Python
bool is_integer(const Value& value);  // bool included
// The integer of a bool or integer. Throws Fault for others, naming `what`.
std::int64_t as_integer(const Value& value, std::string_view what);
double as_double(const Value& value);  // of a number

// Python's name of the type, for messages.
std::string_view type_name(const Value& value);

// Throws Fault with the message of an undefined value.
void refuse_undefined(const Value& value);

bool truth(const Value& value);
bool equal(const Value& left, const Value& right, Budget& budget);
bool same_object(const Value& left, const Value& right);  // Python's `is`
// Negative, 0, positive. Throws Fault for values without an order.
int compare(const Value& left, const Value& right, Budget& budget);

// str() and repr() of Python.
Text to_text(const Value& value, Budget& budget);
Text to_repr(const Value& value, Budget& budget);
std::string float_text(double value);

// Spends what a function costs that reads `value` once: a text, or a tuple of them as a key.
void spend_reading(const Value& value, Budget& budget);

// The elements of what can be iterated over: texts by character, objects by key, a generator once.
// Throws Fault for others.
std::vector<Value> elements(const Value& value, Budget& budget);
// len(). Throws Fault for values without one.
std::size_t length(const Value& value, Budget& budget);

}  // namespace cellm::chat
