#include "io/json.h"

#include <cmath>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"

namespace cellm {
namespace {

std::string describe(const Json& value) {
  switch (value.type()) {
    case Json::value_t::null:
      return "null";
    case Json::value_t::object:
      return "an object";
    case Json::value_t::array:
      return fmt::format("an array of {}", value.size());
    case Json::value_t::string:
      return fmt::format("\"{}\"", printable(value.get_ref<const std::string&>()));
    default:
      return printable(value.dump());
  }
}

// "config.json:" and "a" give "config.json: a"; then "b" gives "config.json: a.b".
std::string join(const std::string& path, std::string_view key) {
  return fmt::format("{}{}{}", path, path.ends_with(':') ? " " : ".", printable(key));
}

[[noreturn]] void fail(const std::string& path, std::string_view expected, const Json& found) {
  throw data_error("{}: expected {}, found {}", path, expected, describe(found));
}

}  // namespace

Json parse_json(std::string_view text, std::string_view source) {
  // The keys of each object that is open, innermost last.
  std::vector<std::set<std::string>> open;
  std::size_t values = 0;
  const auto watch = [&](int depth, Json::parse_event_t event, Json& parsed) {
    if (++values > kMaxJsonValues) {
      throw data_error("{}: more than {} values of JSON", source, kMaxJsonValues);
    }
    switch (event) {
      case Json::parse_event_t::object_start:
      case Json::parse_event_t::array_start:
        if (depth >= kMaxJsonDepth) {
          throw data_error("{}: JSON nested deeper than {}", source, kMaxJsonDepth);
        }
        if (event == Json::parse_event_t::object_start) open.emplace_back();
        break;
      case Json::parse_event_t::key:
        if (!open.back().insert(parsed.get_ref<const std::string&>()).second) {
          throw data_error("{}: JSON key \"{}\" appears twice in one object", source,
                           printable(parsed.get_ref<const std::string&>()));
        }
        break;
      case Json::parse_event_t::object_end:
        open.pop_back();
        break;
      default:
        break;
    }
    return true;
  };
  try {
    return Json::parse(text.begin(), text.end(), watch);
  } catch (const Json::exception& failure) {
    throw data_error("{}: not valid JSON: {}", source, printable(failure.what()));
  }
}

std::optional<JsonNode> JsonNode::find(std::string_view key) const {
  if (!value_->is_object()) fail(path_, "an object", *value_);
  const auto found = value_->find(std::string(key));
  if (found == value_->end() || found->is_null()) return std::nullopt;
  return JsonNode(*found, join(path_, key));
}

JsonNode JsonNode::at(std::string_view key) const {
  auto found = find(key);
  if (!found) throw data_error("{} is missing", join(path_, key));
  return *std::move(found);
}

std::string JsonNode::as_string() const {
  if (!value_->is_string()) fail(path_, "a string", *value_);
  return value_->get<std::string>();
}

bool JsonNode::as_bool() const {
  if (!value_->is_boolean()) fail(path_, "true or false", *value_);
  return value_->get<bool>();
}

double JsonNode::as_number() const {
  if (!value_->is_number()) fail(path_, "a number", *value_);
  const auto number = value_->get<double>();
  if (!std::isfinite(number)) fail(path_, "a finite number", *value_);
  return number;
}

std::uint64_t JsonNode::as_uint(std::uint64_t min, std::uint64_t max) const {
  const auto expected = [&] { return fmt::format("an integer from {} to {}", min, max); };
  std::uint64_t number = 0;
  if (value_->is_number_unsigned()) {
    number = value_->get<std::uint64_t>();
  } else if (value_->is_number_float() && value_->get<double>() >= 0 &&
             value_->get<double>() <= 9007199254740992.0 &&
             std::floor(value_->get<double>()) == value_->get<double>()) {
    number = static_cast<std::uint64_t>(value_->get<double>());  // some writers put 1e6 or 64.0
  } else {
    fail(path_, expected(), *value_);
  }
  if (number < min || number > max) fail(path_, expected(), *value_);
  return number;
}

std::vector<JsonNode> JsonNode::as_array(std::size_t max) const {
  if (!value_->is_array()) fail(path_, "an array", *value_);
  if (value_->size() > max) {
    throw data_error("{}: {} elements, at most {} are allowed", path_, value_->size(), max);
  }
  std::vector<JsonNode> nodes;
  nodes.reserve(value_->size());
  for (std::size_t i = 0; i < value_->size(); ++i) {
    nodes.emplace_back((*value_)[i], fmt::format("{}[{}]", path_, i));
  }
  return nodes;
}

std::vector<std::pair<std::string, JsonNode>> JsonNode::as_object() const {
  if (!value_->is_object()) fail(path_, "an object", *value_);
  std::vector<std::pair<std::string, JsonNode>> nodes;
  nodes.reserve(value_->size());
  for (const auto& [key, member] : value_->items()) {
    nodes.emplace_back(key, JsonNode(member, join(path_, key)));
  }
  return nodes;
}

bool JsonNode::is_object() const {
  return value_->is_object();
}
bool JsonNode::is_array() const {
  return value_->is_array();
}
bool JsonNode::is_string() const {
  return value_->is_string();
}

}  // namespace cellm
