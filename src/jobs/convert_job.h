// Conversion of a model to a .cellm file, a GGUF file or a Hugging Face folder, with calibration,
// search of formats, tuning, measurement of the result and validation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "convert/convert.h"
#include "convert/lora_source.h"
#include "convert/target_bits.h"
#include "convert/validate.h"
#include "jobs/job.h"
#include "jobs/tune_job.h"

namespace cellm {

// Formats by class, for every model.
struct GeneralRequest {
  FormatChoice body;
  std::optional<FormatChoice> embedding;  // nothing: general_formats()
  std::optional<FormatChoice> lm_head;    // nothing: that of the embedding
};
// Every tensor as the input stores it, except the given formats and overrides.
struct KeepRequest {
  std::optional<FormatChoice> embedding;
  std::optional<FormatChoice> lm_head;
};
// A limit of bits per weight for all tensors except those with given formats and overrides.
struct TargetRequest {
  double bits_per_weight = 0.0;
  std::optional<FormatChoice> embedding;
  std::optional<FormatChoice> lm_head;
};
// A variant of the study, or the name of a target: "small", "tiny".
struct RecipeRequest {
  std::string name;
  std::optional<FormatChoice> embedding;  // with a target only
  std::optional<FormatChoice> lm_head;
};
// A mixture of block formats by its name in llama-quantize (convert/mixtures.h).
struct MixtureRequest {
  std::string name;
  std::optional<FormatChoice> embedding;  // nothing: as the mixture says
  std::optional<FormatChoice> lm_head;
};
using FormatRequest = std::variant<StudyMode, GeneralRequest, KeepRequest, TargetRequest,
                                   RecipeRequest, MixtureRequest>;

// The format of the layers where none is given.
inline constexpr const char* kDefaultFormat = "int4-g32";
inline constexpr const char* kDefaultGgufFormat = "q4_k_m";  // of a GGUF file

// By the name of the layers' format or of a mixture, or "keep". Throws Error(kUsage) listing the
// names.
FormatRequest named_request(std::string_view layers, std::optional<FormatChoice> embedding = {},
                            std::optional<FormatChoice> lm_head = {});

struct CalibrationRequest {
  // A file, kDefaultText, or text written by the model itself (kOwnText, kOwnAnswers).
  std::string text = std::string(kDefaultText);
  std::size_t tokens = 32768;  // at most
  std::uint64_t seed = 0;      // of the choice of windows; 0: evenly spread
  bool feedback = true;        // quantize with error feedback
  // Quantize corrected targets, with feedback only (quantize/corrected_targets.h).
  bool corrected_targets = true;
};

struct ConvertJobOptions {
  std::filesystem::path input;
  std::filesystem::path output;  // not needed with `plan_only`; NAME.gguf: a GGUF file
  bool folder = false;           // the output is a Hugging Face folder
  FormatRequest formats = StudyMode::kF16;
  std::vector<TensorOverride> overrides;  // take precedence over `formats`; the last match wins
  std::optional<ScaleMethod>
      scale;  // empty: kAbsmax for modes and recipes of the study, else kAuto
  // Empty with a TargetRequest: the default text.
  std::optional<CalibrationRequest> calibration;
  // Tokens of tuning afterwards; empty: kTuningTokens with a TargetRequest, else none.
  std::optional<std::size_t> tune_tokens;
  bool text_only = false;             // leave vision and multi-token prediction out
  bool packed = false;                // see ConvertOptions
  std::uint32_t rotation = 0;         // see ConvertOptions
  bool tokenizer = true;              // put it into the file
  bool allow_nonfinite = false;       // see ConvertOptions
  bool require_mlx_4bit = false;      // refuse an input that has no MLX 4-bit tensors
  bool validate = false;              // compare tensors and logits with the input afterwards
  bool plan_only = false;             // plan without writing
  std::vector<LoraRequest> adapters;  // merged into the weights before anything else
  Links links = Links::kInside;
  unsigned threads = 0;  // 0: default_threads() (base/cpu_features.h)
  std::string target;    // CPU target; empty: the best this processor has
};

struct ConvertResult {
  ConvertPlan plan;
  std::vector<BadValues> replaced;
  std::optional<TuneResult> tuned;
  std::optional<QualityNote> quality;  // with a TargetRequest: divergence from the input
  std::optional<ValidationReport> validation;
};

// The target of a recipe's name and its measured results; empty for other names.
std::optional<RecipeNote> bits_recipe(std::string_view name);

// The output is written atomically, before validation. An unfinished calibration, search or tuning
// keeps its state in files OUTPUT.*.partial, from which the same options resume to the same bytes.
// Throws Cancelled, Error(kUsage) for contradicting options, and the errors of its parts.
ConvertResult run_convert(const ConvertJobOptions& options, const JobControl& control);

}  // namespace cellm
