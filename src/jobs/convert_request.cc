#include "jobs/convert_request.h"

#include <algorithm>
#include <array>

#include "base/error.h"
#include "convert/rules.h"

namespace cellm {
namespace {

constexpr std::array<RecipeNote, 2> kBitsRecipes{{
    {"small", 3.25, "cellm-tiny keeps 99 % of its right answers"},
    {"tiny", 2.25, "cellm-tiny keeps 95 % of its right answers"},
}};

// The study's modes and recipes reproduce its files unless calibration or a method is given.
ScaleMethod scale_method(const ConvertJobOptions& options, bool study) {
  const bool calibrated = options.calibration.has_value();
  if (!options.scale) return study && !calibrated ? ScaleMethod::kAbsmax : ScaleMethod::kAuto;
  if (*options.scale == ScaleMethod::kAbsmax && calibrated) {
    throw usage_error("calibration chooses scales by data; the method absmax takes none");
  }
  return *options.scale;
}

GeneralFormats formats_of(const FormatChoice& body, const std::optional<FormatChoice>& embedding,
                          const std::optional<FormatChoice>& lm_head) {
  GeneralFormats formats = general_formats(body);
  if (embedding) formats.embedding = formats.lm_head = *embedding;
  if (lm_head) formats.lm_head = *lm_head;
  return formats;
}

MixtureFormats mixture_formats(const MixtureRequest& request) {
  const Mixture* mixture = find_mixture(request.name);
  if (mixture == nullptr) {
    throw usage_error("mixture \"{}\" is unknown; use {}", printable(request.name),
                      mixture_names());
  }
  return {mixture, request.embedding, request.lm_head};
}

Container container_of(const ConvertJobOptions& options) {
  if (options.folder) return Container::kFolder;
  return options.output.extension() == ".gguf" ? Container::kGguf : Container::kCellm;
}

// Refuses options that only .cellm files have.
void refuse_cellm_options(const ConvertJobOptions& options, const ConvertRequest& request) {
  if (request.options.container == Container::kCellm) return;
  if (options.packed) throw usage_error("packed tensors are of .cellm files only");
  if (request.tune_tokens != 0) throw usage_error("tuning is of .cellm files only");
}

GeneralFormats study_recipe(const std::string& name) {
  std::vector<std::string_view> others;
  for (const RecipeNote& recipe : kBitsRecipes) others.push_back(recipe.name);
  return recipe_formats(name, others);
}

// Calibration, tuning and what contradicts them.
void resolve_text(const ConvertJobOptions& options, ConvertRequest& request) {
  request.calibration = options.calibration;
  if (request.target && !request.calibration) request.calibration.emplace();
  request.tune_tokens = options.tune_tokens.value_or(
      request.target && request.options.container == Container::kCellm ? kTuningTokens : 0);
  if (request.tune_tokens != 0 && !request.calibration) {
    throw usage_error("tuning goes with calibration: it learns from the same text");
  }
  if (request.tune_tokens != 0 && options.validate) {
    throw usage_error("validation compares with the input as it is, not with norms after tuning");
  }
  if (options.allow_nonfinite && options.validate) {
    throw usage_error("validation compares with the input as it is, not with values replaced");
  }
}

}  // namespace

std::optional<RecipeNote> bits_recipe(std::string_view name) {
  const auto* found = std::find_if(kBitsRecipes.begin(), kBitsRecipes.end(),
                                   [&](const RecipeNote& recipe) { return recipe.name == name; });
  if (found == kBitsRecipes.end()) return std::nullopt;
  return *found;
}

FormatRequest named_request(std::string_view layers, std::optional<FormatChoice> embedding,
                            std::optional<FormatChoice> lm_head) {
  if (find_mixture(layers) != nullptr)
    return MixtureRequest{std::string(layers), embedding, lm_head};
  if (const auto body = parse_format_or_keep(layers)) {
    return GeneralRequest{*body, embedding, lm_head};
  }
  return KeepRequest{embedding, lm_head};
}

ConvertRequest resolve(const ConvertJobOptions& options) {
  ConvertRequest request;
  FormatRequest formats = options.formats;
  if (const auto* named = std::get_if<RecipeRequest>(&formats)) {
    request.recipe = bits_recipe(named->name);
    if (request.recipe) {
      formats = TargetRequest{request.recipe->bits_per_weight, named->embedding, named->lm_head};
    } else if (named->embedding || named->lm_head) {
      throw usage_error("recipe {}: a variant of the study says all formats",
                        printable(named->name));
    }
  }
  const auto* target = std::get_if<TargetRequest>(&formats);
  const auto* general = std::get_if<GeneralRequest>(&formats);
  const auto* kept = std::get_if<KeepRequest>(&formats);
  if (kept != nullptr && options.calibration) {
    throw usage_error("calibration chooses codes, and tensors that are kept have none to choose");
  }

  ConvertOptions& result = request.options;
  // Tensors that cellm does not run would take most of the bits.
  result.container = container_of(options);
  result.text_only = options.text_only || target != nullptr;
  result.tokenizer = options.tokenizer;
  result.packed = options.packed;
  result.rotation = options.rotation;
  result.overrides = options.overrides;
  result.allow_nonfinite = options.allow_nonfinite;
  const auto* mixed = std::get_if<MixtureRequest>(&formats);
  const bool study = target == nullptr && general == nullptr && kept == nullptr && mixed == nullptr;
  result.scale = scale_method(options, study);
  result.settle_lm_head = !study;
  if (target != nullptr) {
    request.target = TargetBits{target->bits_per_weight, target->embedding.has_value(),
                                target->embedding.has_value() || target->lm_head.has_value()};
    result.formats = formats_of({}, target->embedding, target->lm_head);
    result = with_probe_formats(result, *request.target);
  } else if (general != nullptr) {
    result.formats = formats_of(general->body, general->embedding, general->lm_head);
  } else if (mixed != nullptr) {
    result.formats = mixture_formats(*mixed);
  } else if (kept != nullptr) {
    result.formats = KeptFormats{kept->embedding, kept->lm_head};
  } else if (const auto* named = std::get_if<RecipeRequest>(&formats)) {
    result.formats = study_recipe(named->name);
  } else {
    result.formats = std::get<StudyMode>(formats);
  }

  resolve_text(options, request);
  refuse_cellm_options(options, request);
  return request;
}

}  // namespace cellm
