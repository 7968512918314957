// The formats that a study compares.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "convert/convert.h"

namespace cellm {

// How the weights of a format are made, and from which inputs they follow.
enum class StudyMaking : std::uint8_t {
  kPlanned,     // its options and the source
  kCalibrated,  // its options and the built-in text: "t2-calibrated"
  kBits,        // a number of bits, with search, calibration and training: "bits-2.25"
  kTuned,       // another row, of which scales and norms are trained: "int2-tuned"
};

struct StudyFormat {
  std::string name;  // of the row, the file and its steps: "int4", "recipe-int8", "int2-mse"
  ConvertOptions options;
  bool in_study = false;     // a row of the original study's table of Qwen3.5-0.8B, or its int8
  bool in_variants = false;  // a row of its table of Qwen3-0.6B
  StudyMaking making = StudyMaking::kPlanned;
  double bits = 0.0;      // kBits: per weight, of all tensors
  std::string base = {};  // kTuned: the name of the other row
};

// f16, the five modes and six recipes of the original study, the general int4-g32, and the modes
// int4, int2 and int1 with the scales of least error instead of the largest weight.
std::vector<std::string> default_study_formats();

// The formats of a published study: those that the original study published of such a model, and
// ours of about the same sizes.
std::vector<std::string> published_formats(std::string_view model_type);

// The formats of these names, f16 always and first, none twice. Besides the default ones every
// format of `convert --format` is a name, e.g. "fp8" or "int4-g64"; "NAME-calibrated" is a format
// quantized along the built-in text, "NAME-tuned" one of the others with trained scales and norms,
// which is put before it if it is not there, "bits-2.25" the best for a number of bits. Throws
// Error(kUsage) for others.
std::vector<StudyFormat> study_formats(std::span<const std::string> names);

// The arguments of `cellm convert` that make the file of a format, given by its name; for reports.
std::string convert_flags(const std::string& format);

}  // namespace cellm
