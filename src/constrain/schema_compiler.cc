#include "constrain/schema_compiler.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/limits.h"
#include "constrain/constrained_text.h"
#include "constrain/json_pointer.h"
#include "constrain/pattern.h"
#include "constrain/schema_formats.h"

namespace cellm {
namespace {

// Compilers in compilers, for the values of enum and const.
constexpr int kMaxNesting = 3;

// The types that the keywords of a schema without a type refer to.
struct Family {
  const char* type;
  std::vector<const char*> keywords;
};
const std::vector<Family>& families() {
  static const std::vector<Family> list{
      {"object",
       {"properties", "required", "additionalProperties", "minProperties", "maxProperties"}},
      {"array", {"items", "prefixItems", "minItems", "maxItems"}},
      {"string", {"minLength", "maxLength", "pattern", "format"}},
      {"number", {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"}}};
  return list;
}

bool is_integer(const Schema& value) {
  if (value.is_number_integer()) return true;
  return value.is_number_float() && value.get<double>() == std::floor(value.get<double>());
}

bool is_of_type(const Schema& value, const std::string& type) {
  if (type == "null") return value.is_null();
  if (type == "boolean") return value.is_boolean();
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "string") return value.is_string();
  return type == "number" ? value.is_number() : is_integer(value);
}

// The values of enum and const; nothing without either.
std::optional<std::vector<Schema>> values_of(const SchemaAt& at) {
  const Schema* list = find_array(at, "enum");
  const Schema* only = find(at, "const");
  if (list == nullptr && only == nullptr) return std::nullopt;
  std::vector<Schema> values;
  if (list != nullptr) values.assign(list->begin(), list->end());
  if (list == nullptr) values.push_back(*only);
  if (only != nullptr) std::erase_if(values, [&](const Schema& value) { return value != *only; });
  return values;
}

Schema without(Schema schema, std::initializer_list<const char*> keywords) {
  for (const char* keyword : keywords) schema.erase(keyword);
  return schema;
}

}  // namespace

Grammar SchemaCompiler::compile(const SchemaAt& root) {
  // With a key of its own: it may be a part of what its pointer stands for.
  const std::uint32_t rule = rule_of("", root);
  while (!waiting_.empty()) {
    const Waiting next = std::move(waiting_.back());
    waiting_.pop_back();
    builder_.end(next.rule, append(builder_.start(next.rule), next.at, 0));
  }
  return builder_.finish(rule);
}

std::uint32_t SchemaCompiler::rule_of(const std::string& key, const SchemaAt& at) {
  const auto [found, is_new] = rules_.try_emplace(key, 0);
  if (is_new) {
    found->second = builder_.rule("the schema at " + printable(at.pointer));
    waiting_.push_back({found->second, at});
  }
  return found->second;
}

std::uint32_t SchemaCompiler::call_expanded(std::uint32_t from, Schema expanded,
                                            const std::string& pointer) {
  const std::string key = expanded.dump();
  const auto found = rules_.find(key);
  if (found != rules_.end()) return builder_.call(from, found->second);
  made_.push_back(std::move(expanded));
  return builder_.call(from, rule_of(key, {&made_.back(), pointer}));
}

AppendValue SchemaCompiler::value_of(const SchemaAt& at, std::size_t depth) {
  return [this, at, depth](std::uint32_t from) { return append(from, at, depth + 1); };
}

std::uint32_t SchemaCompiler::append(std::uint32_t from, const SchemaAt& at, std::size_t depth) {
  if (depth > kMaxGrammarNesting) throw schema_usage(at.pointer, "schemas are nested too deeply");
  document_.count(at);
  check_keywords(at, at.pointer == "#");
  if (at.schema->is_boolean()) return *at.schema == true ? json_.value(from) : builder_.node();
  const Schema plain = assertions(*at.schema);
  if (plain.contains("$ref") && plain.size() == 1) {
    const Schema& reference = plain.at("$ref");
    if (!reference.is_string()) throw schema_usage(at.pointer, "$ref is no string");
    const SchemaAt target = document_.resolve(at, reference.get<std::string>());
    return builder_.call(from, rule_of(target.pointer, target));
  }
  if (plain.contains("$ref") || plain.contains("allOf")) {
    return call_expanded(from, document_.expand(at), at.pointer);
  }
  return append_plain(from, {&plain, at.pointer}, depth);
}

// A schema without $ref, allOf and annotations.
std::uint32_t SchemaCompiler::append_plain(std::uint32_t from, const SchemaAt& at,
                                           std::size_t depth) {
  const bool any = find_array(at, "anyOf") != nullptr;
  const bool one = find_array(at, "oneOf") != nullptr;
  if (any && one) throw schema_unsupported(at.pointer, "anyOf beside oneOf");
  if (any) return append_choices(from, at, "anyOf", depth);
  if (one) return append_choices(from, at, "oneOf", depth);
  if (find(at, "enum") != nullptr || find(at, "const") != nullptr) return append_values(from, at);
  return append_types(from, at, depth);
}

std::uint32_t SchemaCompiler::append_choices(std::uint32_t from, const SchemaAt& at,
                                             const char* keyword, std::size_t depth) {
  const Schema& choices = at.schema->at(keyword);
  const Schema rest = without(*at.schema, {keyword});
  const std::uint32_t to = builder_.node();
  std::vector<Schema> expanded;
  for (std::size_t i = 0; i < choices.size(); ++i) {
    const std::string pointer = fmt::format("{}/{}/{}", at.pointer, keyword, i);
    const bool exclusive = std::string_view(keyword) == "oneOf";
    if (rest.empty() && !exclusive) {
      builder_.empty(append(from, {&choices[i], pointer}, depth + 1), to);
      continue;
    }
    const Schema both{{"allOf", Schema::array({rest, choices[i]})}};
    Schema merged = document_.expand({&both, pointer});
    if (exclusive) expanded.push_back(merged);
    builder_.empty(call_expanded(from, std::move(merged), pointer), to);
  }
  require_disjoint(expanded, at);
  return to;
}

// oneOf: no value may satisfy two of the choices, which is shown by types or by a required property
// with different constants.
void SchemaCompiler::require_disjoint(const std::vector<Schema>& choices, const SchemaAt& at) {
  if (choices.size() > kMaxOneOf) throw schema_usage(at.pointer, "too many schemas in oneOf");
  for (std::size_t i = 0; i < choices.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (disjoint(choices[j], choices[i], at)) continue;
      throw schema_unsupported(
          at.pointer, fmt::format("oneOf whose schemas {} and {} a value may satisfy both (anyOf "
                                  "is supported, and types or constants that differ)",
                                  j, i));
    }
  }
}

bool SchemaCompiler::disjoint(const Schema& a, const Schema& b, const SchemaAt& at) {
  if (a.is_boolean() || b.is_boolean()) return a == false || b == false;
  const SchemaAt first{&a, at.pointer};
  const SchemaAt second{&b, at.pointer};
  const auto first_values = values_of(first);
  const auto second_values = values_of(second);
  const std::set<std::string> first_types = types_of(first);
  const std::set<std::string> second_types = types_of(second);
  const auto none_of = [](const std::vector<Schema>& values, const std::set<std::string>& types) {
    return !types.empty() && std::none_of(values.begin(), values.end(), [&](const Schema& value) {
      return std::any_of(types.begin(), types.end(),
                         [&](const std::string& type) { return is_of_type(value, type); });
    });
  };
  if (first_values && second_values) {
    return std::none_of(first_values->begin(), first_values->end(), [&](const Schema& value) {
      return std::find(second_values->begin(), second_values->end(), value) != second_values->end();
    });
  }
  if (first_values && none_of(*first_values, second_types)) return true;
  if (second_values && none_of(*second_values, first_types)) return true;
  if (!first_types.empty() && !second_types.empty()) {
    const bool common = std::any_of(first_types.begin(), first_types.end(), [&](const auto& type) {
      return second_types.count(type) != 0 ||
             (type == "integer" && second_types.count("number") != 0) ||
             (type == "number" && second_types.count("integer") != 0);
    });
    if (!common) return true;
  }
  const std::set<std::string> object{"object"};
  if (first_types != object || second_types != object) return false;
  const Schema* required = find_array(first, "required");
  const Schema* also = find_array(second, "required");
  const Schema* properties = find_object(first, "properties");
  const Schema* others = find_object(second, "properties");
  if (required == nullptr || also == nullptr || properties == nullptr || others == nullptr) {
    return false;
  }
  return std::any_of(required->begin(), required->end(), [&](const Schema& name) {
    if (!name.is_string() || std::find(also->begin(), also->end(), name) == also->end()) {
      return false;
    }
    const Schema* mine = member(*properties, name.get<std::string>());
    const Schema* its = member(*others, name.get<std::string>());
    if (mine == nullptr || its == nullptr || !mine->is_object() || !its->is_object()) return false;
    const auto values = values_of({mine, at.pointer});
    const auto other_values = values_of({its, at.pointer});
    return values && other_values &&
           std::none_of(values->begin(), values->end(), [&](const Schema& value) {
             return std::find(other_values->begin(), other_values->end(), value) !=
                    other_values->end();
           });
  });
}

// enum and const: the values that satisfy the rest of the schema too.
std::uint32_t SchemaCompiler::append_values(std::uint32_t from, const SchemaAt& at) {
  std::vector<Schema> values = *values_of(at);
  const std::set<std::string> types = types_of(at);
  if (!types.empty()) {
    std::erase_if(values, [&](const Schema& value) {
      return std::none_of(types.begin(), types.end(),
                          [&](const std::string& type) { return is_of_type(value, type); });
    });
  }
  const Schema rest = without(*at.schema, {"enum", "const", "type"});
  if (!rest.empty()) {
    const Schema other = without(*at.schema, {"enum", "const"});
    if (nesting_ == kMaxNesting) {
      throw schema_unsupported(at.pointer, "enum or const beside schemas that contain it");
    }
    const auto constraint = std::make_shared<const Constraint>(
        SchemaCompiler(document_, nesting_ + 1).compile({&other, at.pointer}));
    std::erase_if(values,
                  [&](const Schema& value) { return !satisfies(constraint, value.dump()); });
  }
  if (values.empty()) return builder_.node();  // a dead end
  return json_.constants(from, values);
}

std::uint32_t SchemaCompiler::append_types(std::uint32_t from, const SchemaAt& at,
                                           std::size_t depth) {
  std::set<std::string> types = types_of(at);
  if (types.empty() && find(at, "type") == nullptr) {
    for (const Family& family : families()) {
      const bool is = std::any_of(family.keywords.begin(), family.keywords.end(),
                                  [&](const char* keyword) { return find(at, keyword); });
      if (is) types.insert(family.type);
    }
    if (types.empty()) return json_.value(from);
  }
  if (types.count("number") != 0) types.erase("integer");
  const std::uint32_t to = builder_.node();
  for (const std::string& type : types) builder_.empty(append_type(from, at, type, depth), to);
  return to;
}

std::uint32_t SchemaCompiler::append_type(std::uint32_t from, const SchemaAt& at,
                                          const std::string& type, std::size_t depth) {
  if (type == "null") return builder_.literal(from, "null");
  if (type == "boolean") {
    return builder_.one_of(from, std::array<std::string, 2>{"true", "false"});
  }
  if (type == "string") return append_string(from, at);
  if (type == "object") return append_object(from, at, depth);
  if (type == "array") return append_array(from, at, depth);
  if (find(at, "format") != nullptr && type != "string") {
    throw schema_unsupported(at.pointer, "format of " + type);
  }
  return append_number(from, at, type == "integer");
}

}  // namespace cellm
