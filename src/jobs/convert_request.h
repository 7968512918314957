// The options of a conversion, resolved.
#pragma once

#include <cstddef>
#include <optional>

#include "convert/convert.h"
#include "convert/target_bits.h"
#include "jobs/convert_job.h"

namespace cellm {

struct ConvertRequest {
  ConvertOptions options;            // with a target: the initial options of the search
  std::optional<TargetBits> target;  // if formats are to be searched
  std::optional<RecipeNote> recipe;  // the recipe of the target, if it was given by name
  std::optional<CalibrationRequest> calibration;
  std::size_t tune_tokens = 0;
};

// Throws Error(kUsage) for contradicting options and for an unknown recipe.
ConvertRequest resolve(const ConvertJobOptions& options);

}  // namespace cellm
