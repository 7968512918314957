#include "serve/fields.h"

#include <algorithm>
#include <cmath>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "io/json.h"
#include "serve/api_error.h"

namespace cellm {

OrderedJson parse_body(std::string_view text) {
  OrderedJson body;
  try {
    body = parse_ordered_json(text, "the request");
  } catch (const Error& error) {
    throw request_error(error);
  }
  if (!body.is_object()) throw ApiError(400, "the request is not a JSON object");
  return body;
}

std::string_view json_type(const OrderedJson& value) {
  switch (value.type()) {
    case OrderedJson::value_t::null:
      return "null";
    case OrderedJson::value_t::object:
      return "an object";
    case OrderedJson::value_t::array:
      return "an array";
    case OrderedJson::value_t::string:
      return "a string";
    case OrderedJson::value_t::boolean:
      return "a boolean";
    case OrderedJson::value_t::number_integer:
    case OrderedJson::value_t::number_unsigned:
      return "an integer";
    default:
      return "a number";
  }
}

namespace {

[[noreturn]] void throw_type(const std::string& path, std::string_view expected,
                             const OrderedJson& found) {
  throw field_error(path, "{}: expected {}, found {}", path, expected, json_type(found));
}

}  // namespace

Fields::Fields(const OrderedJson& object, std::string path)
    : object_(&object), path_(std::move(path)) {
  if (!object.is_object()) throw_type(path_.empty() ? "request" : path_, "an object", object);
}

const OrderedJson* Fields::find(std::string_view name) const {
  const auto found = object_->find(name);
  return found == object_->end() || found->is_null() ? nullptr : &*found;
}

const OrderedJson& Fields::need(std::string_view name) const {
  if (const OrderedJson* value = find(name)) return *value;
  throw field_error(path(name), "{}: this field is required", path(name));
}

std::string Fields::path(std::string_view name) const {
  std::string text = path_;
  if (!text.empty()) text += '.';
  return text.append(name);
}

std::optional<bool> Fields::boolean(std::string_view name) const {
  const OrderedJson* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_boolean()) throw_type(path(name), "a boolean", *value);
  return value->get<bool>();
}

std::optional<double> Fields::number(std::string_view name, double least, double most) const {
  const OrderedJson* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_number()) throw_type(path(name), "a number", *value);
  const double number = value->get<double>();
  if (!(number >= least && number <= most)) {
    throw field_error(path(name), "{}: {} is not between {} and {}", path(name), number, least,
                      most);
  }
  return number;
}

std::optional<std::int64_t> Fields::integer(std::string_view name, std::int64_t least,
                                            std::int64_t most) const {
  const OrderedJson* value = find(name);
  if (value == nullptr) return std::nullopt;
  const auto refuse = [&](const auto& number) {
    throw field_error(path(name), "{}: {} is not between {} and {}", path(name), number, least,
                      most);
  };
  if (value->is_number_unsigned()) {
    const auto number = value->get<std::uint64_t>();
    if (most < 0 || number > static_cast<std::uint64_t>(most)) refuse(number);
  } else if (value->is_number_float()) {
    // 2.0 is an integer of JSON Schema.
    const double number = value->get<double>();
    if (number != std::floor(number) || !(std::abs(number) < 0x1p53)) {
      throw_type(path(name), "an integer", *value);
    }
    const auto whole = static_cast<std::int64_t>(number);
    if (whole < least || whole > most) refuse(whole);
    return whole;
  } else if (!value->is_number_integer()) {
    throw_type(path(name), "an integer", *value);
  }
  const auto number = value->get<std::int64_t>();
  if (number < least || number > most) refuse(number);
  return number;
}

std::optional<std::size_t> Fields::count(std::string_view name, std::size_t least,
                                         std::size_t most) const {
  const auto number =
      integer(name, static_cast<std::int64_t>(least), static_cast<std::int64_t>(most));
  if (!number) return std::nullopt;
  return static_cast<std::size_t>(*number);
}

std::optional<std::string> Fields::text(std::string_view name) const {
  const OrderedJson* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_string()) throw_type(path(name), "a string", *value);
  return value->get<std::string>();
}

std::optional<std::size_t> Fields::choice(std::string_view name,
                                          std::initializer_list<std::string_view> names) const {
  const auto value = text(name);
  if (!value) return std::nullopt;
  const auto* found = std::find(names.begin(), names.end(), *value);
  if (found == names.end()) {
    std::string list;
    for (const std::string_view one : names) {
      if (!list.empty()) list += ", ";
      list += one;
    }
    throw field_error(path(name), "{}: \"{}\" is not one of {}", path(name), printable(*value),
                      list);
  }
  return static_cast<std::size_t>(found - names.begin());
}

std::optional<Fields> Fields::object(std::string_view name) const {
  const OrderedJson* value = find(name);
  if (value == nullptr) return std::nullopt;
  return Fields(*value, path(name));
}

const OrderedJson* Fields::array(std::string_view name, std::size_t most) const {
  const OrderedJson* value = find(name);
  if (value == nullptr) return nullptr;
  if (!value->is_array()) throw_type(path(name), "an array", *value);
  if (value->size() > most) {
    throw field_error(path(name), "{}: {} elements are more than {}", path(name), value->size(),
                      most);
  }
  return value;
}

std::vector<std::uint32_t> read_ids(const OrderedJson& array, const std::string& path,
                                    std::size_t vocab_size) {
  if (!array.is_array()) throw_type(path, "an array of token ids", array);
  std::vector<std::uint32_t> ids;
  ids.reserve(array.size());
  for (const OrderedJson& value : array) {
    if (!value.is_number_unsigned()) throw_type(path, "token ids", value);
    const auto id = value.get<std::uint64_t>();
    if (id >= vocab_size) {
      throw field_error(path, "{}: the token {} is beyond the vocabulary of {}", path, id,
                        vocab_size);
    }
    ids.push_back(static_cast<std::uint32_t>(id));
  }
  return ids;
}

}  // namespace cellm
