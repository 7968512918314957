// Floats in memory as a weight matrix. Apart from kernel_table.h, which the CPU targets include.
#pragma once

#include "kernels/kernel_table.h"

namespace cellm {

// Rows of floats, `stride` apart, of which the first `cols` count.
inline WeightMatrix float_weights(const float* rows, std::size_t cols, std::size_t stride) {
  return {.format = FormatId::kF32,
          .codes = reinterpret_cast<const unsigned char*>(rows),
          .scales = nullptr,
          .cols = cols,
          .group = 0,
          .row_bytes = stride * sizeof(float),
          .row_scales = 0};
}

}  // namespace cellm
