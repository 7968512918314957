// Texts and ids as JSON, for the command that turns one into the other.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cellm {

// Throw for what is not one string or one array of ids; `where` names the input in the message.
std::string text_of_json(std::string_view json, const std::string& where);
std::vector<std::uint32_t> ids_of_json(std::string_view json, const std::string& where);

std::string json_of(const std::string& text);
std::string json_of(const std::vector<std::uint32_t>& ids);

}  // namespace cellm
