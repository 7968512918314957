// The formats that a study compares.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "convert/convert.h"

namespace cellm {

struct StudyFormat {
  std::string name;  // of the row, the file and its steps: "int4", "recipe-int8", "int2-mse"
  ConvertOptions options;
  bool in_study = false;     // a row of the original study's table of Qwen3.5-0.8B, or its int8
  bool in_variants = false;  // a row of its table of Qwen3-0.6B
};

// f16, the five modes and six recipes of the original study, the general int4-g32, and the modes
// int4, int2 and int1 with the scales of least error instead of the largest weight.
std::vector<std::string> default_study_formats();

// The formats of these names, f16 always and first, none twice. Besides the default ones every
// format of `convert --format` is a name, e.g. "fp8" or "int4-g64". Throws Error(kUsage) for
// others.
std::vector<StudyFormat> study_formats(std::span<const std::string> names);

}  // namespace cellm
