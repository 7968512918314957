#include "study/report_text.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "study/document.h"

namespace cellm {

using OrderedJson = nlohmann::ordered_json;

std::string text_of(const OrderedJson& json) {
  return json.is_string() ? json.get<std::string>() : std::string();
}

std::string figure(double value) {
  if (std::isnan(value)) return "–";
  const double size = std::fabs(value);
  if (size == 0.0) return "0";
  if (size < 0.0001) return fmt::format("{:.1e}", value);
  if (size < 10.0) return fmt::format("{:.4f}", value);
  if (size < 1000.0) return fmt::format("{:.2f}", value);
  return size < 1e6 ? fmt::format("{:.0f}", value) : fmt::format("{:.2e}", value);
}
std::string figure(const OrderedJson& json) {
  return figure(number_or_nan(json));
}

std::string percent(const OrderedJson& json) {
  const double value = number_or_nan(json);
  return std::isnan(value) ? "–" : fmt::format("{:.1f} %", 100.0 * value);
}
std::string whole_percent(const OrderedJson& json) {
  const double value = number_or_nan(json);
  return std::isnan(value) ? "–" : fmt::format("{:.0f} %", 100.0 * value);
}

OrderedJson answers_figure(const OrderedJson& format, const char* key) {
  const auto answers = format.find("answers");
  return answers == format.end() || !answers->is_object() ? OrderedJson() : answers->at(key);
}

std::string without_empty_lines(std::string_view text) {
  std::string out;
  std::string run;  // the empty lines before the current one
  std::size_t count = 0;
  const auto end_run = [&] {
    out += count > kShownEmptyLines ? fmt::format("… {} empty lines\n", count) : run;
    run.clear();
    count = 0;
  };
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end);
    if (line.find_first_not_of(" \t\r\n") == std::string_view::npos) {
      run += line;
      ++count;
    } else {
      end_run();
      out += line;
    }
  }
  end_run();
  return out;
}

std::string interval(const OrderedJson& evaluation, const char* key) {
  const auto& range = evaluation.at("intervals").at(key);
  if (!range.is_array()) return "–";
  return fmt::format("{} … {}", figure(range.at(0)), figure(range.at(1)));
}

std::string shown_name(const OrderedJson& format) {
  std::string name = text_of(format.at("name"));
  if (format.contains("same_as")) name += fmt::format(" (= {})", text_of(format.at("same_as")));
  return name;
}

}  // namespace cellm
