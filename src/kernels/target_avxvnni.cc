// The avxvnni target: avx2 and AVX-VNNI (Intel's Core since the 12th generation, which has no
// AVX-512; AMD since Zen 5). See kernel_table.h for what may be included here. It multiplies
// integers only; all other entries are those of avx2.

#include <cstddef>
#include <cstdint>
#include <immintrin.h>

#include "format/grids.h"
#include "kernels/kernel_table.h"

namespace cellm {
namespace {

// The primitives of a template must precede it.
// clang-format off
#include "kernels/avx2.inl"
#include "kernels/avx2_integers.inl"
#include "kernels/avxvnni_dots.inl"
#include "kernels/int8_kernels.inl"
#include "kernels/avx2_trellis.inl"
#include "kernels/trellis_kernels.inl"
#include "kernels/avx2_blocks.inl"
#include "kernels/block_kernels.inl"
// clang-format on

}  // namespace

constexpr KernelTable kAvxVnniTable{.name = "avxvnni",
                                    .matmul_int8 = matmul_int8,
                                    .matmul_trellis = matmul_trellis,
                                    .matmul_blocks = matmul_blocks,
                                    .half_sums = half_sums,
                                    .int8_peak = int8_peak};
const KernelTable kAvxVnniKernels = kAvxVnniTable;

}  // namespace cellm
