#include "cli/constraint_arguments.h"

#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/mapped_file.h"
#include "constrain/constraint_cache.h"

namespace cellm {
namespace {

constexpr const char* kGroup = "What an answer has to be";

// A constraint and the option that asks for it.
struct Asked {
  const char* option;
  GivenConstraint constraint;
};

// The value itself if it is no name of a file, else what the file has.
std::string text_or_file(const std::string& value, bool is_text) {
  return is_text ? value : read_file(value, kMaxConstraintBytes);
}

bool is_json(std::string_view value) {
  const std::size_t first = value.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && value[first] == '{';
}

std::vector<Asked> asked_for(const ConstraintArguments& a) {
  std::vector<Asked> asked;
  if (a.json_schema) {
    asked.push_back(
        {"--json-schema",
         {ConstraintKind::kJsonSchema, {text_or_file(*a.json_schema, is_json(*a.json_schema))}}});
  }
  if (a.json_object) asked.push_back({"--json-object", {ConstraintKind::kJsonObject, {}}});
  if (a.regex) asked.push_back({"--regex", {ConstraintKind::kRegex, {*a.regex}}});
  if (a.grammar) {
    const bool is_grammar = a.grammar->find("::=") != std::string::npos;
    asked.push_back({"--grammar", {ConstraintKind::kGbnf, {text_or_file(*a.grammar, is_grammar)}}});
  }
  if (!a.choices.empty()) asked.push_back({"--choice", {ConstraintKind::kChoice, a.choices}});
  return asked;
}

}  // namespace

void add_constraint_options(Options& options, ConstraintArguments& a) {
  options
      .add("-j,--json-schema,--json-schema-file", a.json_schema,
           "JSON that satisfies a JSON schema: a file, or the schema itself, which begins with {")
      .group(kGroup);
  options.add_flag("--json-object", a.json_object, "Any JSON object").group(kGroup);
  options.add("--regex", a.regex, "A text that a regular expression matches as a whole")
      .group(kGroup);
  options
      .add("--grammar,--grammar-file", a.grammar,
           "A text of a grammar in llama.cpp's GBNF: a file, or the grammar itself, which has ::=")
      .group(kGroup);
  options.add_repeatable("--choice", a.choices, "One of several texts; repeatable").group(kGroup);
}

std::optional<GivenConstraint> given_constraint(const ConstraintArguments& arguments) {
  std::vector<Asked> asked = asked_for(arguments);
  if (asked.empty()) return std::nullopt;
  if (asked.size() > 1) {
    throw usage_error("{} and {} do not go together", asked[0].option, asked[1].option);
  }
  try {
    compile_constraint(asked.front().constraint.kind, asked.front().constraint.texts);
  } catch (const Error& error) {
    throw Error(error.kind(), fmt::format("{}: {}", asked.front().option, error.what()));
  }
  return std::move(asked.front().constraint);
}

}  // namespace cellm
