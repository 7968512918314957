// The neoni8mm target: neon and products of byte matrices (Cortex-A510, A710 and later, Neoverse
// V1, N2 and later, Apple M2 and later). See kernel_table.h for what may be included here. It
// multiplies integers only; all other entries are those of neon.

#include <arm_neon.h>
#include <cstddef>
#include <cstdint>

#include "format/grids.h"
#include "kernels/kernel_table.h"

namespace cellm {
namespace {

// The primitives of a template must precede it.
// clang-format off
#include "kernels/neon.inl"
#include "kernels/neon_integers.inl"
#include "kernels/neoni8mm_dots.inl"
#include "kernels/int8_kernels.inl"
#include "kernels/neon_trellis.inl"
#include "kernels/trellis_kernels.inl"
#include "kernels/neon_blocks.inl"
#include "kernels/block_kernels.inl"
// clang-format on

}  // namespace

constexpr KernelTable kNeonI8mmTable{.name = "neoni8mm",
                                     .matmul_int8 = matmul_int8,
                                     .matmul_trellis = matmul_trellis,
                                     .matmul_blocks = matmul_blocks,
                                     .half_sums = half_sums,
                                     .int8_peak = int8_peak};
const KernelTable kNeonI8mmKernels = kNeonI8mmTable;

}  // namespace cellm
