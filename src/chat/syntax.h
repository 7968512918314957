// The syntax tree of a template.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "chat/value.h"

namespace cellm::chat {

struct Node;
using NodeRef = std::unique_ptr<Node>;
using Nodes = std::vector<NodeRef>;

// The kinds of nodes and the meanings of their parts. A part with a question mark may be null.
enum class Syntax {
  // Expressions
  kConstant,     // value
  kName,         // text
  kList,         // children
  kTuple,        // children
  kDict,         // children: key, value, key, value, …
  kAttribute,    // text; children: object
  kItem,         // children: object, index
  kSlice,        // children: begin?, end?, step?; only as the index of kItem
  kCall,         // children: callee; arguments
  kFilter,       // text; children: input (null: the body of a block); arguments
  kTest,         // text; children: input; arguments
  kNot,          // children: operand
  kUnary,        // text; children: operand
  kBinary,       // text; children: left, right
  kCompare,      // children: first, then one for each of names, which are the operators
  kAnd,          // children: left, right
  kOr,           // children: left, right
  kConcat,       // children
  kConditional,  // children: condition, value, otherwise?
  // Targets of assignments
  kStore,        // text
  kStoreMember,  // text: namespace; names[0]: member
  kStoreTuple,   // children
  // Statements
  kData,         // value: a text
  kOutput,       // children: expressions
  kIf,           // children: condition, then for each branch; bodies; otherwise
  kFor,          // children: target, iterable, condition?; body, otherwise; flag: recursive
  kSet,          // children: target, expression
  kSetBlock,     // children: target, filter?; body
  kWith,         // children: target, expression, target, expression, …; body
  kMacro,        // text; names: parameters; children: defaults of the last ones; body; mentions
  kCallBlock,    // as kMacro without text; the call is the last child
  kFilterBlock,  // children: filter; body
  kScope,        // body, in a scope of its own
  kBreak,
  kContinue,
};

// A named argument, or one that is unpacked.
struct Argument {
  enum class Kind { kPositional, kNamed, kUnpack, kUnpackNamed };
  Kind kind;
  std::string name;
  NodeRef value;
};

// The special names that the body of a macro uses.
struct Mentions {
  bool varargs = false;
  bool kwargs = false;
  bool caller = false;
};

struct Node {
  Syntax kind;
  int line;
  std::string text = {};
  Value value = None{};
  std::vector<std::string> names = {};
  Nodes children = {};
  std::vector<Argument> arguments = {};
  std::vector<Nodes> bodies = {};
  bool flag = false;
  Mentions mentions = {};
  int depth = 1;  // of the tree below
};

}  // namespace cellm::chat
