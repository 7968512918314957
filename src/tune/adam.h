// Adam (arXiv:1412.6980) over parameters that are scaled differently.
#pragma once

#include <cstddef>
#include <vector>

#include "tune/student.h"

namespace cellm {

// Learning rates of the kinds of parameters, in the order of ParameterKind. Factors are near 1, and
// norms change by their size: a step is rate · (the root of a parameter's mean square).
struct AdamOptions {
  // For windows of 512 tokens of a 2-bit model: of 2e-3 to 3e-2, KL divergence fell most with 8e-3.
  double rates[3] = {8e-3, 8e-3, 4e-3};
  double beta1 = 0.9;
  double beta2 = 0.95;
  double epsilon = 1e-8;
  double clip = 1.0;  // largest norm of all gradients together
};

// The moments of all parameters; plain data, so that training can be resumed.
struct AdamState {
  std::size_t steps = 0;
  std::vector<std::vector<float>> first;
  std::vector<std::vector<float>> second;
};

// One step of Adam at `share` times the learning rates; clears the gradients. Returns the norm of
// the gradients before it was clipped; if that is not finite, nothing is changed but the gradients,
// which are cleared. A norm's rate is relative to the size of its weights at the call.
double adam_step(const std::vector<Parameter>& parameters, const AdamOptions& options, double share,
                 AdamState& state);

}  // namespace cellm
