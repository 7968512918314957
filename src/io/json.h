// Bounded parsing of untrusted JSON, and access whose errors name the file and the path.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "base/limits.h"

namespace cellm {

using Json = nlohmann::json;

// Parses one JSON document. Throws Error(kData), naming `source`, for invalid JSON or UTF-8,
// duplicate keys in an object, nesting deeper than kMaxJsonDepth, or more than kMaxJsonValues.
Json parse_json(std::string_view text, std::string_view source);
// The same for files of Python's json module: the numbers Infinity, -Infinity and NaN, which are no
// JSON, are read (as_number() and as_uint() refuse them), and the last of equal keys counts.
Json parse_python_json(std::string_view text, std::string_view source);
// The same, with the members of objects in document order. Looking one up takes linear time.
nlohmann::ordered_json parse_ordered_json(std::string_view text, std::string_view source);

// A value in a document with its path, e.g. "config.json: text_config.hidden_size". A path starts
// with the file's name and a colon. Points into the document, which must outlive it. All accessors
// throw Error(kData) naming the path, what was expected and what was found.
class JsonNode {
 public:
  JsonNode(const Json& value, std::string path) : value_(&value), path_(std::move(path)) {}

  const std::string& path() const { return path_; }
  const Json& value() const { return *value_; }

  // The member of this object if it exists and is not null. Throws if this is not an object.
  std::optional<JsonNode> find(std::string_view key) const;
  JsonNode at(std::string_view key) const;  // the same, required

  std::string as_string() const;
  bool as_bool() const;
  double as_number() const;  // finite
  std::uint64_t as_uint(std::uint64_t min = 0,
                        std::uint64_t max = static_cast<std::uint64_t>(INT64_MAX)) const;
  // At most `max` elements; the size is checked before anything is copied.
  std::vector<JsonNode> as_array(std::size_t max = kMaxJsonElements) const;
  std::vector<std::pair<std::string, JsonNode>> as_object() const;  // in the order of keys
  bool is_object() const;
  bool is_array() const;
  bool is_string() const;

 private:
  const Json* value_;
  std::string path_;
};

}  // namespace cellm
