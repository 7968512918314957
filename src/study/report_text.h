// Figures of a study's document as text.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

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

// A figure of a format's answers; null if it answered no questions.
nlohmann::ordered_json answers_figure(const nlohmann::ordered_json& format, const char* key);

// A text in which runs of at least kShownEmptyLines + 1 empty lines (white space counts as empty)
// are replaced by a line with their number: "… 37 empty lines".
inline constexpr std::size_t kShownEmptyLines = 2;
std::string without_empty_lines(std::string_view text);

// "1.2 … 1.4", or a dash.
std::string interval(const nlohmann::ordered_json& evaluation, const char* key);

// "int4 (= recipe-int4)" if another format gives the same file.
std::string shown_name(const nlohmann::ordered_json& format);

}  // namespace cellm
