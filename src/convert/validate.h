// Comparison of a converted file with its source.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "convert/convert.h"
#include "engine/opened_model.h"

namespace cellm {

// Throws Error(kData) unless the source has MLX 4-bit tensors.
void require_mlx_4bit(const ModelSource& source);

struct ValidationReport {
  std::size_t tensors = 0;
  std::string worst_tensor;
  double worst_error = 0.0;       // root of Σ(difference²) / Σ(source²) over a tensor
  double logit_difference = 0.0;  // the largest, over the positions below
  std::size_t positions = 0;
  std::size_t same_top = 0;  // positions at which both have the same largest logit
};

// Reports tensors done and in total. Runs both models on the tokens 0, 1, … 7 and compares every
// tensor of the converted file. Throws Error(kData), naming it, for a tensor kept as f16 that is
// not the source rounded to f16.
ValidationReport validate_conversion(const std::shared_ptr<const OpenedModel>& source,
                                     const std::shared_ptr<const OpenedModel>& converted,
                                     unsigned threads, const std::string& target,
                                     const ConvertProgress& progress = {});

}  // namespace cellm
