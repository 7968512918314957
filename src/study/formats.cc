#include "study/formats.h"

#include <algorithm>
#include <charconv>
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
constexpr std::string_view kCalibratedSuffix = "-calibrated";
constexpr std::string_view kTunedSuffix = "-tuned";
constexpr std::string_view kBitsPrefix = "bits-";

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

std::string_view without(std::string_view name, std::string_view suffix) {
  return name.substr(0, name.size() - suffix.size());
}

StudyFormat bits_format(std::string_view name) {
  StudyFormat format{std::string(name), {}};
  format.making = StudyMaking::kBits;
  format.options.scale = ScaleMethod::kAuto;
  const std::string_view number = name.substr(kBitsPrefix.size());
  const auto [end, failure] =
      std::from_chars(number.data(), number.data() + number.size(), format.bits);
  if (failure != std::errc() || end != number.data() + number.size() ||
      !(format.bits > 0.0 && format.bits <= 16.0)) {
    throw usage_error("format \"{}\": a number of bits per weight goes after {}", printable(name),
                      kBitsPrefix);
  }
  return format;
}

StudyFormat format_of(std::string_view name);

StudyFormat trained_format(std::string_view name, std::string_view suffix, StudyMaking making) {
  const std::string_view base = without(name, suffix);
  StudyFormat format = format_of(base);
  if (base == "f16" || (making == StudyMaking::kCalibrated ? format.making != StudyMaking::kPlanned
                                                           : format.making == making)) {
    throw usage_error("format \"{}\": {} has no variant {}", printable(name), printable(base),
                      suffix);
  }
  format.name = name;
  format.making = making;
  format.in_study = false;
  format.in_variants = false;
  if (making == StudyMaking::kTuned) format.base = base;
  if (making == StudyMaking::kCalibrated) format.options.scale = ScaleMethod::kAuto;
  return format;
}

StudyFormat format_of(std::string_view name) {
  if (auto format = mode_of(name)) return *std::move(format);
  if (name.ends_with(kTunedSuffix)) return trained_format(name, kTunedSuffix, StudyMaking::kTuned);
  if (name.ends_with(kCalibratedSuffix))
    return trained_format(name, kCalibratedSuffix, StudyMaking::kCalibrated);
  if (name.starts_with(kBitsPrefix)) return bits_format(name);
  if (name.starts_with(kRecipePrefix)) {
    return recipe_format(name.substr(kRecipePrefix.size()));
  }
  if (name.ends_with(kLeastErrorSuffix)) {
    const auto mode = mode_of(without(name, kLeastErrorSuffix));
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

// Adds a format unless it is there, after the one that it is made of.
void add_format(std::vector<StudyFormat>& formats, const std::string& name) {
  const bool known = std::any_of(formats.begin(), formats.end(),
                                 [&](const StudyFormat& f) { return f.name == name; });
  if (known) return;
  StudyFormat format = format_of(name);
  if (format.making == StudyMaking::kTuned) add_format(formats, format.base);
  formats.push_back(std::move(format));
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

std::vector<std::string> published_formats(std::string_view model_type) {
  std::vector<std::string> names{"f16", "int4", "int2", "int1"};
  if (model_type == "qwen3") {
    names = {"f16", "int8"};
    for (const std::string_view recipe : kRecipes)
      names.push_back(fmt::format("{}{}", kRecipePrefix, recipe));
  }
  names.insert(names.end(), {"int4-g32", "bits-3.25", "bits-2.25"});
  return names;
}

std::vector<StudyFormat> study_formats(std::span<const std::string> names) {
  std::vector<StudyFormat> formats{mode_format(kModes[0])};
  const std::vector<std::string> defaults = default_study_formats();
  for (const std::string& name : names.empty() ? std::span<const std::string>(defaults) : names)
    add_format(formats, name);
  return formats;
}

std::string convert_flags(const std::string& format) {
  const auto base = [&](std::string_view suffix) {
    return convert_flags(std::string(without(format, suffix)));
  };
  if (format == "f16") return "--dtype f16";
  if (format.ends_with(kTunedSuffix)) return base(kTunedSuffix) + ", then cellm tune";
  if (format.ends_with(kCalibratedSuffix)) return base(kCalibratedSuffix) + " --calibrate default";
  if (format.ends_with(kLeastErrorSuffix)) return base(kLeastErrorSuffix) + " --scale mse";
  if (format.starts_with(kRecipePrefix)) return "--recipe " + format.substr(kRecipePrefix.size());
  if (format.starts_with(kBitsPrefix)) return "--target-bpw " + format.substr(kBitsPrefix.size());
  return mode_of(format) ? fmt::format("--quantize-{}-symmetric", format) : "--format " + format;
}

}  // namespace cellm
