// Figures of a study's document as text.
#pragma once

#include <string>

#include "io/json.h"

namespace cellm {

inline constexpr double kMiB = 1048576.0;

// The string, or nothing if the value is of another type.
std::string text_of(const nlohmann::ordered_json& json);

// About four digits, or a dash for NaN and null.
std::string figure(double value);
std::string figure(const nlohmann::ordered_json& json);

std::string percent(const nlohmann::ordered_json& json);
std::string whole_percent(const nlohmann::ordered_json& json);

// "1.2 … 1.4", or a dash.
std::string interval(const nlohmann::ordered_json& evaluation, const char* key);

// "int4 (= recipe-int4)" if another format gives the same file.
std::string shown_name(const nlohmann::ordered_json& format);

}  // namespace cellm
