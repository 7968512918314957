// The arguments of infer and chat that say what an answer has to be.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/options.h"
#include "constrain/constraint_kind.h"

namespace cellm {

struct ConstraintArguments {
  std::optional<std::string> json_schema;  // JSON or a file
  bool json_object = false;
  std::optional<std::string> regex;
  std::optional<std::string> grammar;  // GBNF or a file
  std::vector<std::string> choices;
};

struct GivenConstraint {
  ConstraintKind kind;
  std::vector<std::string> texts;  // as compile_constraint() takes them
};

void add_constraint_options(Options& options, ConstraintArguments& arguments);

// Nothing if none is given. Reads files and compiles, so that a model is loaded for a constraint
// that can be kept only. Throws Error(kUsage) for more than one, what reading a file throws, and
// what compile_constraint() throws, with the name of the option.
std::optional<GivenConstraint> given_constraint(const ConstraintArguments& arguments);

}  // namespace cellm
