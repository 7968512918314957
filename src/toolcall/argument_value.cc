#include "toolcall/argument_value.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/limits.h"
#include "toolcall/literal.h"

namespace cellm {
namespace {

using OrderedJson = nlohmann::ordered_json;

void add_type(std::string_view name, AllowedTypes& types) {
  types.string |= name == "string";
  types.number |= name == "number" || name == "integer";
  types.boolean |= name == "boolean";
  types.null |= name == "null";
  types.object |= name == "object";
  types.array |= name == "array";
}

void add_type_of(const OrderedJson& value, AllowedTypes& types) {
  add_type(value.type_name(), types);  // the library's names are those of JSON schema
}

void add(const AllowedTypes& more, AllowedTypes& types) {
  types.string |= more.string;
  types.number |= more.number;
  types.boolean |= more.boolean;
  types.null |= more.null;
  types.object |= more.object;
  types.array |= more.array;
}

const OrderedJson* member(const OrderedJson& object, const char* key) {
  const auto found = object.find(key);
  return found == object.end() ? nullptr : &*found;
}

// Null for a reference that does not lead into the document.
const OrderedJson* resolve(const std::string& reference, const OrderedJson& root) {
  if (!reference.starts_with('#')) return nullptr;
  try {
    const OrderedJson::json_pointer pointer(reference.substr(1));
    return root.contains(pointer) ? &root.at(pointer) : nullptr;
  } catch (const OrderedJson::exception&) {
    return nullptr;
  }
}

AllowedTypes types_of(const OrderedJson& schema, const OrderedJson& root, int depth) {
  if (!schema.is_object() || depth > kMaxJsonDepth) return kAllTypes;
  AllowedTypes types;
  if (const OrderedJson* type = member(schema, "type")) {
    if (type->is_string()) add_type(type->get_ref<const std::string&>(), types);
    for (const OrderedJson& item : type->is_array() ? *type : OrderedJson::array()) {
      if (item.is_string()) add_type(item.get_ref<const std::string&>(), types);
    }
    return types;
  }
  if (const OrderedJson* value = member(schema, "const")) {
    add_type_of(*value, types);
    return types;
  }
  if (const OrderedJson* values = member(schema, "enum"); values != nullptr && values->is_array()) {
    for (const OrderedJson& value : *values) add_type_of(value, types);
    return types;
  }
  if (const OrderedJson* reference = member(schema, "$ref");
      reference != nullptr && reference->is_string()) {
    const OrderedJson* target = resolve(reference->get_ref<const std::string&>(), root);
    return target == nullptr ? kAllTypes : types_of(*target, root, depth + 1);
  }
  for (const char* key : {"anyOf", "oneOf", "allOf"}) {
    const OrderedJson* list = member(schema, key);
    if (list == nullptr || !list->is_array() || list->empty()) continue;
    for (const OrderedJson& item : *list) add(types_of(item, root, depth + 1), types);
    return types;
  }
  return kAllTypes;
}

bool allows(const OrderedJson& value, const AllowedTypes& types) {
  AllowedTypes own;
  add_type_of(value, own);
  return (own.string && types.string) || (own.number && types.number) ||
         (own.boolean && types.boolean) || (own.null && types.null) ||
         (own.object && types.object) || (own.array && types.array);
}

}  // namespace

AllowedTypes allowed_types(const OrderedJson& schema, const OrderedJson& root) {
  return types_of(schema, root, 0);
}

std::map<std::string, AllowedTypes> parameter_types(const OrderedJson& parameters) {
  std::map<std::string, AllowedTypes> types;
  const OrderedJson* properties = member(parameters, "properties");
  if (properties == nullptr || !properties->is_object()) return types;
  for (const auto& [key, schema] : properties->items()) {
    types[key] = allowed_types(schema, parameters);
  }
  return types;
}

std::string argument_json(std::string_view text, const AllowedTypes& types) {
  if (types.only_string()) return fmt::format("\"{}\"", escape_json(text));
  const std::string_view word = without_spaces(text);
  if (types.boolean && (word == "True" || word == "False"))
    return word == "True" ? "true" : "false";
  if (types.null && word == "None") return "null";
  // Numbers stay as they are spelled.
  const OrderedJson value = OrderedJson::parse(word, nullptr, false);
  if (!value.is_discarded() && !value.is_string() && allows(value, types)) {
    return std::string(word);
  }
  return fmt::format("\"{}\"", escape_json(text));
}

std::string escape_json(std::string_view text) {
  std::string result;
  for (const char byte : text) {
    switch (byte) {
      case '"':
        result += "\\\"";
        break;
      case '\\':
        result += "\\\\";
        break;
      case '\n':
        result += "\\n";
        break;
      case '\r':
        result += "\\r";
        break;
      case '\t':
        result += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(byte) < 0x20) {
          result += fmt::format("\\u{:04x}", static_cast<unsigned>(byte));
        } else {
          result += byte;
        }
    }
  }
  return result;
}

}  // namespace cellm
