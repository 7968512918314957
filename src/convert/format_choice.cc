#include "convert/format_choice.h"

#include <array>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "format/formats.h"

namespace cellm {
namespace {

constexpr std::size_t kMinGroup = 8;
constexpr std::size_t kMaxGroup = 1024;

constexpr std::array<std::pair<std::string_view, FormatId>, 11> kNames{{
    {"f16", FormatId::kF16},
    {"int8", FormatId::kI8},
    {"int4", FormatId::kI4},
    {"int2", FormatId::kI2},
    {"q1", FormatId::kQ1},
    {"fp8", FormatId::kF8E4M3},
    {"t4", FormatId::kT4},
    {"t3", FormatId::kT3},
    {"t2", FormatId::kT2},
    {"t1h", FormatId::kT1H},
    {"t1", FormatId::kT1},
}};

}  // namespace

FormatChoice parse_format_choice(std::string_view name) {
  for (const auto& [known, format] : kNames) {
    if (name == known) return {format, 0};
    if (format != FormatId::kI4 || !name.starts_with("int4-g")) continue;
    const std::string_view digits = name.substr(6);
    std::size_t group = 0;
    const auto [end, failure] =
        std::from_chars(digits.data(), digits.data() + digits.size(), group);
    if (failure == std::errc() && end == digits.data() + digits.size() && group >= kMinGroup &&
        group <= kMaxGroup) {
      return {format, group};
    }
  }
  throw usage_error(
      "format \"{}\" is unknown; use f16, int8, int4, int4-g32, int4-g128 (groups from {} to {}), "
      "int2, q1, fp8, t4, t3, t2, t1h or t1",
      printable(name), kMinGroup, kMaxGroup);
}

std::string format_choice_name(const FormatChoice& choice) {
  for (const auto& [name, format] : kNames) {
    if (format != choice.format) continue;
    return choice.group == 0 ? std::string(name) : fmt::format("{}-g{}", name, choice.group);
  }
  return std::string(format_info(choice.format).name);
}

std::size_t group_for(const FormatChoice& choice, std::size_t cols, std::string_view tensor) {
  if (!format_info(choice.format).has_scales) return 0;
  if (choice.group == 0 || choice.group >= cols) return cols;
  std::size_t group = choice.group;
  while (cols % group != 0) --group;
  if (group < kMinGroup) {
    throw usage_error("{}: {} columns have no equal groups of {} to {}; use int4 for it", tensor,
                      cols, kMinGroup, choice.group);
  }
  return group;
}

}  // namespace cellm
