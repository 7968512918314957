// Helpers shared by the steps.
#pragma once

#include <algorithm>

#include "model/model.h"
#include "model/pass.h"

namespace cellm {

// The buffer of `to` with the values of `from`, for an operation that works in place.
inline float* carried(const LayerRun& run, Slot from, Slot to) {
  float* target = run.at(to);
  if (run.at(from) != target) std::copy_n(run.at(from), run.size(from), target);
  return target;
}

// The same for gradients: copies the gradient of `to` into the buffer of `from`.
inline float* carried_back(const LayerRun& run, const Slots& gradients, Slot from, Slot to) {
  float* target = gradients[from];
  if (gradients[to] != target) std::copy_n(gradients[to], run.size(to), target);
  return target;
}

}  // namespace cellm
