// Converting a model to a .cellm file, with all that may belong to it: calibration, a search for
// formats, tuning, measuring the result, validation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "convert/convert.h"
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
// Every tensor as the input stores it, but for what is given and for overrides.
struct KeepRequest {
  std::optional<FormatChoice> embedding;
  std::optional<FormatChoice> lm_head;
};
// As many bits per weight as the whole file may have, but for what is given and for overrides.
struct TargetRequest {
  double bits_per_weight = 0.0;
  std::optional<FormatChoice> embedding;
  std::optional<FormatChoice> lm_head;
};
// A variant of the study, or a name for a number of bits: "small", "tiny".
struct RecipeRequest {
  std::string name;
  std::optional<FormatChoice> embedding;  // with a number of bits only
  std::optional<FormatChoice> lm_head;
};
using FormatRequest =
    std::variant<StudyMode, GeneralRequest, KeepRequest, TargetRequest, RecipeRequest>;

struct CalibrationRequest {
  // A file, kDefaultText, or what the model itself writes (kOwnText) or answers (kOwnAnswers).
  std::string text = std::string(kDefaultText);
  std::size_t tokens = 32768;  // at most
  std::uint64_t seed = 0;      // by which windows are drawn; 0: spread evenly
  bool feedback = true;        // whether each code makes up for the errors of those before it
};

struct ConvertJobOptions {
  std::filesystem::path input;
  std::filesystem::path output;  // not needed with `plan_only`
  FormatRequest formats = StudyMode::kF16;
  std::vector<TensorOverride> overrides;  // go before `formats`; the last that matches wins
  std::optional<ScaleMethod> scale;  // nothing: as the study for its modes and recipes, else kAuto
  // With a TargetRequest the default text is used if there is none.
  std::optional<CalibrationRequest> calibration;
  // Tokens to train scales and norms on afterwards; nothing: kTuningTokens with a TargetRequest.
  std::optional<std::size_t> tune_tokens;
  bool text_only = false;         // leave vision and multi-token prediction out
  bool packed = false;            // see ConvertOptions
  std::uint32_t rotation = 0;     // likewise
  bool tokenizer = true;          // put it into the file
  bool allow_nonfinite = false;   // see ConvertOptions
  bool require_mlx_4bit = false;  // refuse an input that has no MLX 4-bit tensors
  bool validate = false;          // compare tensors and logits with the input afterwards
  bool plan_only = false;         // decide everything, write nothing
  Links links = Links::kInside;
  unsigned threads = 0;
  std::string target;  // CPU target; empty: the best there is
};

struct ConvertResult {
  ConvertPlan plan;
  std::vector<BadValues> replaced;
  std::optional<TuneResult> tuned;
  std::optional<QualityNote> quality;  // of a search's result, against the input
  std::optional<ValidationReport> validation;
};

// What the recipe's name stands for if it is a number of bits, and what is known of its results.
std::optional<RecipeNote> bits_recipe(std::string_view name);

// The output appears when all is done but validating, whole or not at all. An unfinished run of a
// calibration, a search or tuning keeps its state in files OUTPUT.*.partial, from which the same
// options go on to the same bytes. Throws Cancelled, and Error for options that do not go together
// and whatever its parts throw.
ConvertResult run_convert(const ConvertJobOptions& options, const JobControl& control);

}  // namespace cellm
