#include <memory>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "constrain/constraint.h"
#include "constrain/json_grammar.h"
#include "constrain/schema_compiler.h"

namespace cellm {

ConstraintPtr constrain_to_json_schema(const nlohmann::ordered_json& schema) {
  try {
    SchemaDocument document(schema);
    return std::make_shared<const Constraint>(SchemaCompiler(document).compile({&schema, "#"}));
  } catch (const nlohmann::json::exception& error) {
    throw usage_error("the schema: {}", printable(error.what()));
  }
}

ConstraintPtr constrain_to_json_object() {
  GrammarBuilder builder;
  JsonGrammar json(builder);
  const std::uint32_t root = builder.rule("a JSON object");
  builder.end(root, json.any_object(builder.start(root)));
  return std::make_shared<const Constraint>(builder.finish(root));
}

}  // namespace cellm
