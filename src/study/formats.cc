#include "study/formats.h"

#include <algorithm>
#include <optional>

#include <fmt/ranges.h>

#include "base/error.h"

namespace cellm {
namespace {

struct Mode {
  std::string_view name;
  StudyMode mode;
};
constexpr Mode kModes[] = {
    {"f16", StudyMode::kF16},   {"int8", StudyMode::kInt8}, {"int4", StudyMode::kInt4},
    {"int2", StudyMode::kInt2}, {"int1", StudyMode::kInt1},
};

constexpr std::string_view kRecipePrefix = "recipe-";
constexpr std::string_view kRecipes[] = {"int8",      "int4-g32", "mixed-int4",
                                         "int4-g128", "test-i4",  "int4-aggressive"};

constexpr std::string_view kLeastErrorSuffix = "-mse";

StudyFormat mode_format(const Mode& mode) {
  StudyFormat format{std::string(mode.name), {}, true, false};
  format.options.formats = mode.mode;
  format.in_variants = mode.mode == StudyMode::kF16;
  return format;
}

StudyFormat recipe_format(std::string_view recipe) {
  StudyFormat format{fmt::format("{}{}", kRecipePrefix, recipe), {}, false, true};
  format.options.formats = recipe_formats(recipe);
  return format;
}

std::optional<StudyFormat> mode_of(std::string_view name) {
  for (const Mode& mode : kModes) {
    if (mode.name == name) return mode_format(mode);
  }
  return std::nullopt;
}

StudyFormat format_of(std::string_view name) {
  if (auto format = mode_of(name)) return *std::move(format);
  if (name.starts_with(kRecipePrefix)) {
    return recipe_format(name.substr(kRecipePrefix.size()));
  }
  if (name.ends_with(kLeastErrorSuffix)) {
    const auto mode = mode_of(name.substr(0, name.size() - kLeastErrorSuffix.size()));
    if (!mode || mode->name == "f16") {
      throw usage_error("format \"{}\": only int8, int4, int2 and int1 have a variant {}",
                        printable(name), kLeastErrorSuffix);
    }
    StudyFormat format = *mode;
    format.name = name;
    format.options.scale = ScaleMethod::kMse;
    format.in_study = false;
    return format;
  }
  StudyFormat format{std::string(name), {}, false, false};
  format.options.formats = general_formats(parse_format_choice(name));
  format.options.scale = ScaleMethod::kAuto;
  format.options.settle_lm_head = true;
  return format;
}

}  // namespace

std::vector<std::string> default_study_formats() {
  std::vector<std::string> names;
  for (const Mode& mode : kModes) names.emplace_back(mode.name);
  for (const std::string_view recipe : kRecipes)
    names.push_back(fmt::format("{}{}", kRecipePrefix, recipe));
  names.emplace_back("int4-g32");
  for (const std::string_view name : {"int4", "int2", "int1"})
    names.push_back(fmt::format("{}{}", name, kLeastErrorSuffix));
  return names;
}

std::vector<StudyFormat> study_formats(std::span<const std::string> names) {
  std::vector<StudyFormat> formats{mode_format(kModes[0])};
  const std::vector<std::string> defaults = default_study_formats();
  for (const std::string& name : names.empty() ? std::span<const std::string>(defaults) : names) {
    const bool known = std::any_of(formats.begin(), formats.end(),
                                   [&](const StudyFormat& f) { return f.name == name; });
    if (!known) formats.push_back(format_of(name));
  }
  return formats;
}

}  // namespace cellm
