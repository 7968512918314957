// Constants and functions of the forward and backward pass of the delta rule.
#pragma once

#include <cstddef>

#include "kernels/kernel_table.h"

namespace cellm {

// In the l2 norm of queries and keys (transformers modeling_qwen3_5.py).
inline constexpr float kDeltaNormEpsilon = 1e-6F;

// Rows of a matrix of floats.
inline VectorRows rows_of(const float* rows, std::size_t count, std::size_t dim) {
  return {VectorFormat::kF32, reinterpret_cast<const unsigned char*>(rows), dim * sizeof(float),
          count, dim};
}

}  // namespace cellm
