// The resources of an operation: kernels, threads, scratch memory.
#pragma once

#include <cstdint>
#include <vector>

#include "base/thread_pool.h"
#include "kernels/kernel_table.h"

namespace cellm {

// Memory for activations in one InputForm (layout/matrix.h).
struct RoundedActivations {
  std::vector<signed char> codes;
  std::vector<float> scales;
  std::vector<std::int32_t> sums;
  std::vector<std::int16_t> wide;
  std::vector<std::int32_t> half_sums;
  std::vector<std::uint16_t> halves;  // bf16
  std::vector<float> rotated;
};

// The same for all forms of one input, kept between calls. Not thread-safe: one for each concurrent
// caller of operations, such as a Batch.
using ActivationScratch = std::vector<RoundedActivations>;

struct Compute {
  const KernelTable& kernels;
  ThreadPool& pool;
  ActivationScratch& scratch;
};

}  // namespace cellm
