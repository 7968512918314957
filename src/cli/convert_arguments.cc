#include "cli/convert_arguments.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "base/error.h"
#include "cli/tuning.h"
#include "convert/rules.h"

namespace cellm {
namespace {

StudyMode study_mode(const ConvertArguments& arguments) {
  if (arguments.int8) return StudyMode::kInt8;
  if (arguments.int4) return StudyMode::kInt4;
  if (arguments.int2) return StudyMode::kInt2;
  if (arguments.int1) return StudyMode::kInt1;
  if (arguments.fp8) return StudyMode::kFp8;
  return StudyMode::kF16;
}

// The study's flags repeat its files unless more is asked for.
ScaleMethod scale_method(const ConvertArguments& arguments) {
  if (!arguments.scale.empty()) {
    const ScaleMethod method = parse_scale_method(arguments.scale);
    if (method == ScaleMethod::kAbsmax && !arguments.calibrate.empty()) {
      throw usage_error("--calibrate chooses scales by data; --scale absmax takes none");
    }
    return method;
  }
  const bool study =
      arguments.format.empty() && arguments.calibrate.empty() && arguments.target_bpw == 0.0;
  return study ? ScaleMethod::kAbsmax : ScaleMethod::kAuto;
}

GeneralFormats general_formats(const ConvertArguments& arguments) {
  GeneralFormats formats = general_formats(
      arguments.format.empty() ? FormatChoice{} : parse_format_choice(arguments.format));
  if (!arguments.embedding.empty()) {
    formats.embedding = formats.lm_head = parse_format_choice(arguments.embedding);
  }
  if (!arguments.lm_head.empty()) formats.lm_head = parse_format_choice(arguments.lm_head);
  return formats;
}

// A recipe that stands for a number of bits.
struct BitsRecipe {
  std::string_view name;
  double bits_per_weight;
  std::string_view expectation;
};
constexpr BitsRecipe kBitsRecipes[] = {
    {"small", 3.25, "cellm-tiny keeps 99 % of its right answers"},
    {"tiny", 2.25, "cellm-tiny keeps 95 % of its right answers"},
};

const BitsRecipe* find_bits_recipe(std::string_view name) {
  const auto* found = std::find_if(std::begin(kBitsRecipes), std::end(kBitsRecipes),
                                   [&](const BitsRecipe& recipe) { return recipe.name == name; });
  return found == std::end(kBitsRecipes) ? nullptr : found;
}

}  // namespace

ConvertArguments with_bits_recipe(ConvertArguments arguments) {
  if (const BitsRecipe* recipe = find_bits_recipe(arguments.recipe)) {
    if (arguments.target_bpw != 0.0)
      throw usage_error("--recipe {} is a --target-bpw", recipe->name);
    arguments.recipe.clear();
    arguments.target_bpw = recipe->bits_per_weight;
  }
  return arguments;
}

std::string expectation(std::string_view recipe) {
  const BitsRecipe* known = find_bits_recipe(recipe);
  if (known == nullptr) return {};
  return fmt::format("recipe {}: {} bits per weight; {}", known->name, known->bits_per_weight,
                     known->expectation);
}

TargetBits target_bits(const ConvertArguments& arguments) {
  return {arguments.target_bpw, !arguments.embedding.empty(),
          !arguments.embedding.empty() || !arguments.lm_head.empty()};
}

std::size_t tuning_tokens(const ConvertArguments& arguments) {
  return arguments.tune_tokens.value_or(arguments.target_bpw != 0.0 ? kTuningTokens : 0);
}

ConvertOptions options_of(const ConvertArguments& arguments) {
  ConvertOptions options;
  // What cellm does not run would take most of the bits.
  options.text_only = arguments.text_only || arguments.target_bpw != 0.0;
  options.tokenizer = !arguments.no_tokenizer;
  options.packed = arguments.packed;
  options.rotation = arguments.rotation;
  options.scale = scale_method(arguments);
  options.allow_nonfinite = arguments.allow_nonfinite;
  for (const auto& text : arguments.tensors)
    options.overrides.push_back(parse_tensor_override(text));
  const int modes = static_cast<int>(arguments.int8) + static_cast<int>(arguments.int4) +
                    static_cast<int>(arguments.int2) + static_cast<int>(arguments.int1) +
                    static_cast<int>(arguments.fp8);
  const int general = static_cast<int>(!arguments.format.empty()) +
                      static_cast<int>(!arguments.recipe.empty()) +
                      static_cast<int>(arguments.target_bpw != 0.0);
  if (modes + general > 1) {
    throw usage_error(
        "give one of the --quantize flags, --format, --target-bpw or --recipe, not several");
  }
  if (general == 0) {
    if (!arguments.embedding.empty() || !arguments.lm_head.empty()) {
      throw usage_error("--embedding and --lm-head go with --format and --target-bpw");
    }
    options.formats = study_mode(arguments);
    return options;
  }
  if (!arguments.recipe.empty()) {
    if (!arguments.embedding.empty() || !arguments.lm_head.empty()) {
      throw usage_error("a recipe says all formats; --embedding and --lm-head go with --format");
    }
    std::vector<std::string_view> others;
    for (const BitsRecipe& recipe : kBitsRecipes) others.push_back(recipe.name);
    options.formats = recipe_formats(arguments.recipe, others);
    return options;
  }
  options.formats = general_formats(arguments);
  options.settle_lm_head = true;
  if (arguments.target_bpw != 0.0) return with_probe_formats(options, target_bits(arguments));
  return options;
}

}  // namespace cellm
