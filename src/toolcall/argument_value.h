// Arguments that are plain text between tags, as JSON.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

namespace cellm {

// The types that a schema allows, as far as type, enum, const, anyOf, oneOf, allOf and $ref into
// its root tell; every type if nothing does.
struct AllowedTypes {
  bool string = false;
  bool number = false;  // or integer
  bool boolean = false;
  bool null = false;
  bool object = false;
  bool array = false;

  bool only_string() const { return string && !(number || boolean || null || object || array); }
};
inline constexpr AllowedTypes kAllTypes{
    .string = true, .number = true, .boolean = true, .null = true, .object = true, .array = true};

AllowedTypes allowed_types(const nlohmann::ordered_json& schema,
                           const nlohmann::ordered_json& root);

// Of the properties of an object's schema.
std::map<std::string, AllowedTypes> parameter_types(const nlohmann::ordered_json& parameters);

// The text as JSON: a value of an allowed type if it is one (Python's True, False and None
// included, which templates write), else a string.
std::string argument_json(std::string_view text, const AllowedTypes& types);

// The characters as they stand in a JSON string, without quotes.
std::string escape_json(std::string_view text);

}  // namespace cellm
