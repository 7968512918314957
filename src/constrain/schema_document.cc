#include "constrain/schema_document.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include <nlohmann/json.hpp>

#include "base/limits.h"
#include "constrain/json_pointer.h"

namespace cellm {
namespace {

constexpr std::array<std::string_view, 13> kAnnotations{
    "title",       "description",      "default",        "examples",  "$comment",
    "$schema",     "deprecated",       "readOnly",       "writeOnly", "$defs",
    "definitions", "contentMediaType", "contentEncoding"};
constexpr std::array<std::string_view, 27> kSupported{"$ref",
                                                      "type",
                                                      "enum",
                                                      "const",
                                                      "anyOf",
                                                      "oneOf",
                                                      "allOf",
                                                      "properties",
                                                      "required",
                                                      "additionalProperties",
                                                      "minProperties",
                                                      "maxProperties",
                                                      "items",
                                                      "prefixItems",
                                                      "minItems",
                                                      "maxItems",
                                                      "uniqueItems",
                                                      "minLength",
                                                      "maxLength",
                                                      "pattern",
                                                      "format",
                                                      "minimum",
                                                      "maximum",
                                                      "exclusiveMinimum",
                                                      "exclusiveMaximum",
                                                      "multipleOf",
                                                      "patternProperties"};

template <class List>
bool is_one_of(const List& list, std::string_view name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

bool is_annotation(std::string_view name) {
  return name.starts_with("x-") || name == "$id" || is_one_of(kAnnotations, name);
}

// How two values of a keyword become one.
enum class Merging { kLarger, kSmaller, kUnion, kCommon, kEqual, kMembers, kSchema };

Merging merging_of(std::string_view keyword) {
  constexpr std::array<std::string_view, 5> kLarger{"minimum", "exclusiveMinimum", "minLength",
                                                    "minItems", "minProperties"};
  constexpr std::array<std::string_view, 5> kSmaller{"maximum", "exclusiveMaximum", "maxLength",
                                                     "maxItems", "maxProperties"};
  if (is_one_of(kLarger, keyword)) return Merging::kLarger;
  if (is_one_of(kSmaller, keyword)) return Merging::kSmaller;
  if (keyword == "required") return Merging::kUnion;
  if (keyword == "enum" || keyword == "type") return Merging::kCommon;
  if (keyword == "properties") return Merging::kMembers;
  if (keyword == "items") return Merging::kSchema;
  return Merging::kEqual;
}

Schema as_list(const Schema& value) {
  return value.is_array() ? value : Schema::array({value});
}

bool is_in(const Schema& list, const Schema& value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

// The types that both allow: integers are numbers.
Schema common_types(const Schema& a, const Schema& b) {
  Schema result = Schema::array();
  for (const auto& [from, other] : {std::pair{a, b}, std::pair{b, a}}) {
    for (const Schema& type : from) {
      const bool both = is_in(other, type) || (type == "integer" && is_in(other, "number"));
      if (both && !is_in(result, type)) result.push_back(type);
    }
  }
  return result;
}

Schema common_values(const Schema& a, const Schema& b) {
  Schema result = Schema::array();
  for (const Schema& value : a) {
    if (is_in(b, value)) result.push_back(value);
  }
  return result;
}

// additionalProperties speaks of the properties beside it, so schemas that have it may be merged
// only if they name the same properties.
bool same_properties(const Schema& a, const Schema& b) {
  const auto names = [](const Schema& schema) {
    std::set<std::string> result;
    if (!schema.contains("properties")) return result;
    for (const auto& item : schema.at("properties").items()) result.insert(item.key());
    return result;
  };
  return names(a) == names(b);
}

void check_merge_of_additional(const Schema& a, const Schema& b, const std::string& pointer) {
  const auto speaks = [](const Schema& schema) {
    return schema.contains("properties") || schema.contains("additionalProperties");
  };
  const bool either = a.contains("additionalProperties") || b.contains("additionalProperties");
  if (either && speaks(a) && speaks(b) && !same_properties(a, b)) {
    throw schema_unsupported(pointer, "additionalProperties beside other properties in allOf");
  }
  const auto has_prefix = [](const Schema& schema) { return schema.contains("prefixItems"); };
  if ((has_prefix(a) && b.contains("items")) || (has_prefix(b) && a.contains("items"))) {
    throw schema_unsupported(pointer, "items beside prefixItems in allOf");
  }
}

}  // namespace

Error schema_usage(std::string_view pointer, std::string_view what) {
  return usage_error("the schema at {}: {}", printable(std::string(pointer)), what);
}

Error schema_unsupported(std::string_view pointer, std::string_view what) {
  return unsupported_error("the schema at {}: {} is not supported", printable(std::string(pointer)),
                           what);
}

void check_keywords(const SchemaAt& at, bool is_root) {
  if (at.schema->is_boolean()) return;
  if (!at.schema->is_object()) {
    throw schema_usage(at.pointer, "a schema is an object, true or false");
  }
  for (const auto& item : at.schema->items()) {
    const std::string& name = item.key();
    if (name == "$id" && !is_root) throw schema_unsupported(at.pointer, "$id inside of a schema");
    if (is_annotation(name) || is_one_of(kSupported, name)) continue;
    throw schema_unsupported(at.pointer, printable(name));
  }
  if (const Schema* unique = find(at, "uniqueItems"); unique != nullptr && *unique != false) {
    throw schema_unsupported(at.pointer, "uniqueItems");
  }
  if (const Schema* patterns = find(at, "patternProperties");
      patterns != nullptr && !patterns->empty()) {
    throw schema_unsupported(at.pointer, "patternProperties");
  }
}

Schema assertions(const Schema& schema) {
  Schema result = Schema::object();
  for (const auto& item : schema.items()) {
    const bool empty = item.key() == "uniqueItems" || item.key() == "patternProperties";
    if (!is_annotation(item.key()) && !empty) result[item.key()] = item.value();
  }
  return result;
}

const Schema* find(const SchemaAt& at, const char* keyword) {
  const auto found = at.schema->find(keyword);
  return found == at.schema->end() ? nullptr : &*found;
}

const Schema* find_object(const SchemaAt& at, const char* keyword) {
  const Schema* value = find(at, keyword);
  if (value != nullptr && !value->is_object()) {
    throw schema_usage(at.pointer, std::string(keyword) + " is no object");
  }
  return value;
}

const Schema* find_array(const SchemaAt& at, const char* keyword) {
  const Schema* value = find(at, keyword);
  if (value != nullptr && !value->is_array()) {
    throw schema_usage(at.pointer, std::string(keyword) + " is no array");
  }
  return value;
}

std::size_t count_or(const SchemaAt& at, const char* keyword, std::size_t fallback) {
  const Schema* value = find(at, keyword);
  if (value == nullptr) return fallback;
  const double number = value->is_number() ? value->get<double>() : -1.0;
  if (number < 0.0 || number != std::floor(number)) {
    throw schema_usage(at.pointer, std::string(keyword) + " is no count");
  }
  if (number > static_cast<double>(kMaxGrammarRepeat)) {
    // A text of so many parts would not end.
    if (std::string_view(keyword).starts_with("max")) return kMaxGrammarRepeat;
    throw schema_usage(at.pointer, std::string(keyword) + " is too large");
  }
  return static_cast<std::size_t>(number);
}

std::set<std::string> types_of(const SchemaAt& at) {
  static const std::set<std::string> known{"null",   "boolean", "object", "array",
                                           "number", "string",  "integer"};
  std::set<std::string> types;
  const Schema* type = find(at, "type");
  if (type == nullptr) return types;
  for (const Schema& one : as_list(*type)) {
    if (!one.is_string() || known.count(one.get<std::string>()) == 0) {
      throw schema_usage(at.pointer, "type names no type");
    }
    types.insert(one.get<std::string>());
  }
  return types;
}

SchemaAt SchemaDocument::resolve(const SchemaAt& from, const std::string& reference) const {
  if (!reference.starts_with('#')) {
    throw schema_unsupported(from.pointer, "$ref to another document");
  }
  const std::string pointer = percent_decoded(reference.substr(1));
  if (!pointer.empty() && pointer[0] != '/') {
    throw schema_unsupported(from.pointer, "$ref to a name ($anchor)");
  }
  const Schema* at = &root_;
  for (const std::string& step : pointer_steps(pointer)) {
    if (at != &root_ && at->is_object() && at->contains("$id")) {
      throw schema_unsupported(from.pointer, "$ref into a schema with $id");
    }
    at = member(*at, step);
    if (at == nullptr) {
      throw schema_usage(from.pointer, "$ref " + printable(reference) + " leads nowhere");
    }
  }
  return {at, "#" + pointer};
}

void SchemaDocument::count(const SchemaAt& at) {
  if (++schemas_ > kMaxSchemas) throw schema_usage(at.pointer, "too many schemas");
}

Schema SchemaDocument::expand(const SchemaAt& at) {
  return expand(at, 0);
}

Schema SchemaDocument::expand(const SchemaAt& at, std::size_t depth) {
  if (depth > kMaxGrammarNesting) {
    throw schema_unsupported(at.pointer, "a schema that contains itself, or is nested so deeply,");
  }
  if (++merges_ > kMaxSchemaMerges) throw schema_usage(at.pointer, "too many allOf and $ref");
  check_keywords(at, at.schema == &root_);
  if (at.schema->is_boolean()) return *at.schema == false ? Schema(false) : Schema::object();
  Schema result = assertions(*at.schema);
  const Schema* reference = find(at, "$ref");
  if (reference != nullptr) {
    if (!reference->is_string()) throw schema_usage(at.pointer, "$ref is no string");
    result.erase("$ref");
    const SchemaAt target = resolve(at, reference->get<std::string>());
    result = merge(expand(target, depth + 1), result, at.pointer);
  }
  const Schema* all = find_array(at, "allOf");
  if (all != nullptr) {
    if (result.is_object()) result.erase("allOf");
    for (std::size_t i = 0; i < all->size(); ++i) {
      const SchemaAt part{&(*all)[i], at.pointer + "/allOf/" + std::to_string(i)};
      result = merge(result, expand(part, depth + 1), at.pointer);
    }
  }
  return result;
}

Schema SchemaDocument::merge(const Schema& a, const Schema& b, const std::string& pointer) {
  if (a.is_boolean() || b.is_boolean()) return false;
  if (a.empty()) return b;
  check_merge_of_additional(a, b, pointer);
  Schema result = a;
  for (const auto& item : b.items()) {
    const std::string& keyword = item.key();
    const Schema& value = item.value();
    if (!result.contains(keyword)) {
      result[keyword] = value;
      continue;
    }
    Schema& here = result[keyword];
    const Merging merging = merging_of(keyword);
    const auto both = [&](const Schema& one, const Schema& other) {
      return Schema{{"allOf", Schema::array({one, other})}};
    };
    if (here == value) continue;
    if (merging == Merging::kLarger && here.is_number() && value.is_number()) {
      if (here < value) here = value;
    } else if (merging == Merging::kSmaller && here.is_number() && value.is_number()) {
      if (value < here) here = value;
    } else if (merging == Merging::kUnion && here.is_array() && value.is_array()) {
      for (const Schema& one : value) {
        if (!is_in(here, one)) here.push_back(one);
      }
    } else if (merging == Merging::kCommon) {
      here = keyword == "type" ? common_types(as_list(here), as_list(value))
                               : common_values(as_list(here), as_list(value));
    } else if (merging == Merging::kMembers && here.is_object() && value.is_object()) {
      for (const auto& one : value.items()) {
        Schema& place = here[one.key()];
        place = place.is_null() ? one.value() : both(place, one.value());
      }
    } else if (merging == Merging::kSchema || keyword == "additionalProperties") {
      here = both(here, value);
    } else {
      throw schema_unsupported(pointer, keyword + " in two schemas of allOf");
    }
  }
  return result;
}

}  // namespace cellm
