#include "chat/json_value.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "io/model_source.h"

namespace cellm::chat {
namespace {

using Json = nlohmann::ordered_json;

Value convert(const Json& json, Origin origin, int depth = 0) {
  if (depth > kMaxValueDepth) throw Fault("the JSON of the variables is nested too deeply");
  switch (json.type()) {
    case Json::value_t::boolean:
      return json.get<bool>();
    case Json::value_t::number_integer:
      return json.get<std::int64_t>();
    case Json::value_t::number_unsigned: {
      const auto number = json.get<std::uint64_t>();
      if (number > INT64_MAX) throw Fault(fmt::format("the number {} is beyond 64 bits", number));
      return static_cast<std::int64_t>(number);
    }
    case Json::value_t::number_float:
      return json.get<double>();
    case Json::value_t::string:
      return make_text(json.get_ref<const std::string&>(), origin);
    case Json::value_t::array: {
      std::vector<Value> items;
      items.reserve(json.size());
      for (const Json& item : json) items.push_back(convert(item, origin, depth + 1));
      return make_sequence(std::move(items));
    }
    case Json::value_t::object: {
      const DictRef dict = make_dict();
      for (const auto& [key, value] : json.items()) {
        dict_set(*dict, make_text(key, origin), convert(value, origin, depth + 1));
      }
      return dict;
    }
    default:
      return None{};
  }
}

bool is_assistant(const Json& message) {
  if (!message.is_object()) return false;
  const auto role = message.find("role");
  return role != message.end() && role->is_string() &&
         role->get_ref<const std::string&>() == "assistant";
}

Value convert_messages(const Json& messages) {
  if (!messages.is_array()) return convert(messages, Origin::kUser);
  std::vector<Value> items;
  for (const Json& message : messages) {
    items.push_back(
        convert(message, is_assistant(message) ? Origin::kAssistant : Origin::kUser, 1));
  }
  return make_sequence(std::move(items));
}

// The attributes of a tokenizer that transformers passes on.
bool is_special_token(std::string_view name) {
  return std::find(kSpecialTokenNames.begin(), kSpecialTokenNames.end(), name) !=
         kSpecialTokenNames.end();
}

}  // namespace

DictRef variables_from_json(const Json& object) {
  DictRef variables = make_dict();
  for (const auto& [name, value] : object.items()) {
    const Origin origin = is_special_token(name) ? Origin::kTemplate : Origin::kUser;
    dict_set(*variables, make_text(name),
             name == "messages" ? convert_messages(value) : convert(value, origin));
  }
  return variables;
}

}  // namespace cellm::chat
