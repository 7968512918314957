// What the options of a conversion come to.
#pragma once

#include <cstddef>
#include <optional>

#include "convert/convert.h"
#include "convert/target_bits.h"
#include "jobs/convert_job.h"

namespace cellm {

struct ConvertRequest {
  ConvertOptions options;            // with a target those that the search begins with
  std::optional<TargetBits> target;  // then formats are searched for
  std::optional<RecipeNote> recipe;  // that stands for the target
  std::optional<CalibrationRequest> calibration;
  std::size_t tune_tokens = 0;
};

// Throws Error(kUsage) for options that do not go together and for an unknown recipe.
ConvertRequest resolve(const ConvertJobOptions& options);

}  // namespace cellm
