// JSON schemas (draft 2020-12) with references followed and conjunctions made one schema.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "base/error.h"

namespace cellm {

using Schema = nlohmann::ordered_json;

// A schema and where it is in the document, as a JSON pointer.
struct SchemaAt {
  const Schema* schema;
  std::string pointer;
};

Error schema_usage(std::string_view pointer, std::string_view what);
Error schema_unsupported(std::string_view pointer, std::string_view what);

// Throws Error(kUnsupported) for a keyword that is not supported, Error(kUsage) for a schema that
// is neither an object nor a boolean. Annotations and names that begin with x- are ignored.
void check_keywords(const SchemaAt& at, bool is_root);
// A copy without annotations and definitions.
Schema assertions(const Schema& schema);

// The members of a keyword's value if it has them; what is asked for as an object, array... must be
// one, else Error(kUsage).
const Schema* find(const SchemaAt& at, const char* keyword);
const Schema* find_object(const SchemaAt& at, const char* keyword);
const Schema* find_array(const SchemaAt& at, const char* keyword);
// A count that is not negative; `fallback` without the keyword.
std::size_t count_or(const SchemaAt& at, const char* keyword, std::size_t fallback);

// The names of the types that `type` allows; empty without it.
std::set<std::string> types_of(const SchemaAt& at);

// A document whose parts are looked up.
class SchemaDocument {
 public:
  explicit SchemaDocument(const Schema& root) : root_(root) {}

  // The schema that "#" or "#/..." refers to.
  SchemaAt resolve(const SchemaAt& from, const std::string& reference) const;
  // A schema with the same meaning but without $ref and allOf: an object, or false. Throws
  // Error(kUnsupported) for schemas that cannot be made one, or that contain themselves.
  Schema expand(const SchemaAt& at);
  // Counts a schema that is compiled; throws Error(kUsage) for too many.
  void count(const SchemaAt& at);

 private:
  Schema expand(const SchemaAt& at, std::size_t depth);
  static Schema merge(const Schema& a, const Schema& b, const std::string& pointer);

  const Schema& root_;
  std::size_t merges_ = 0;
  std::size_t schemas_ = 0;
};

}  // namespace cellm
