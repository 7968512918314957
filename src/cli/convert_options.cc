#include "base/error.h"
#include "cli/command.h"
#include "cli/convert_arguments.h"
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

std::optional<FormatChoice> named_format(const std::string& name) {
  if (name.empty()) return std::nullopt;
  return parse_format_choice(name);
}

int count(std::initializer_list<bool> given) {
  int sum = 0;
  for (const bool one : given) sum += one ? 1 : 0;
  return sum;
}

void refuse_with_keep(const ConvertArguments& a) {
  const bool chosen = !a.embedding.empty() || !a.lm_head.empty() || !a.tensors.empty();
  if (!a.calibrate.empty()) {
    throw usage_error("--calibrate chooses codes, and --format keep keeps those that are there");
  }
  if (!a.scale.empty() && !chosen) {
    throw usage_error("--scale chooses scales, and --format keep keeps those that are there");
  }
}

void refuse_contradictions(const ConvertArguments& a) {
  const bool target = a.target_bpw != 0.0;
  const bool bits = bits_recipe(a.recipe).has_value();
  const bool others = !a.embedding.empty() || !a.lm_head.empty();
  if (bits && target) throw usage_error("--recipe {} is a --target-bpw", a.recipe);
  if (a.allow_nonfinite && a.validate_gguf) {
    throw usage_error(
        "--validate-gguf compares with the input as it is, not with --allow-nonfinite");
  }
  if (a.format == kKeepName) refuse_with_keep(a);
  if (a.feedback == "off" && a.targets == "corrected")
    throw usage_error("--targets corrected goes with error feedback, not with --feedback off");
  if (a.output.empty() && a.to_safetensors.empty() && !a.dry_run)
    throw usage_error("--output is missing (--dry-run needs none)");
  if (!a.output.empty() && !a.to_safetensors.empty())
    throw usage_error("--to-safetensors is an output; give no other");
  if (a.scale == "absmax" && !a.calibrate.empty())
    throw usage_error("--calibrate chooses scales by data; --scale absmax takes none");
  if (count({a.int8, a.int4, a.int2, a.int1, a.fp8, !a.format.empty(), !a.recipe.empty(), target}) >
      1) {
    throw usage_error(
        "give one of the --quantize flags, --format, --target-bpw or --recipe, not several");
  }
  if (others && a.format.empty() && a.recipe.empty() && !target && !takes_default_format(a))
    throw usage_error("--embedding and --lm-head go with --format and --target-bpw");
  if (others && !a.recipe.empty() && !bits) {
    throw usage_error("a recipe says all formats; --embedding and --lm-head go with --format");
  }
  if (a.tune_tokens.value_or(0) != 0 && a.calibrate.empty() && !target && !bits)
    throw usage_error("--tune-tokens goes with --target-bpw and --calibrate");
}

FormatRequest format_request(const ConvertArguments& a) {
  const auto embedding = named_format(a.embedding);
  const auto lm_head = named_format(a.lm_head);
  if (!a.recipe.empty()) return RecipeRequest{a.recipe, embedding, lm_head};
  if (a.target_bpw != 0.0) return TargetRequest{a.target_bpw, embedding, lm_head};
  if (takes_default_format(a)) return named_request(default_format(a), embedding, lm_head);
  if (!a.format.empty()) return named_request(a.format, embedding, lm_head);
  return study_mode(a);
}

}  // namespace

bool takes_default_format(const ConvertArguments& a) {
  const bool study = a.int8 || a.int4 || a.int2 || a.int1 || a.fp8 || !a.dtype.empty() ||
                     a.dequant_4bit_affine || a.validate_gguf;
  return !study && a.format.empty() && a.recipe.empty() && a.target_bpw == 0.0;
}

const char* default_format(const ConvertArguments& a) {
  if (!a.to_safetensors.empty()) return kKeepName.data();
  return a.output.ends_with(".gguf") ? kDefaultGgufFormat : kDefaultFormat;
}

ConvertJobOptions job_options(const ConvertArguments& a) {
  refuse_contradictions(a);
  ConvertJobOptions options;
  options.input = a.input;
  options.output = a.to_safetensors.empty() ? a.output : a.to_safetensors;
  options.folder = !a.to_safetensors.empty();
  options.formats = format_request(a);
  for (const auto& text : a.tensors) options.overrides.push_back(parse_tensor_override(text));
  if (!a.scale.empty()) options.scale = parse_scale_method(a.scale);
  if (!a.calibrate.empty()) {
    options.calibration = CalibrationRequest{a.calibrate, a.calibrate_tokens, a.seed,
                                             a.feedback == "on", a.targets != "plain"};
  }
  options.tune_tokens = a.tune_tokens;
  options.text_only = a.text_only;
  options.packed = a.packed;
  options.rotation = a.rotation;
  options.tokenizer = !a.no_tokenizer;
  options.allow_nonfinite = a.allow_nonfinite;
  options.require_mlx_4bit = a.dequant_4bit_affine;
  options.validate = a.validate_gguf;
  options.plan_only = a.dry_run;
  for (const auto& text : a.lora) options.adapters.push_back(parse_lora_request(text));
  options.links = a.links;
  options.threads = a.threads;
  options.target = target_from_environment();
  return options;
}

}  // namespace cellm
