// The avx512vnni target: AVX-512 F, BW, DQ, VL and VNNI (Intel since Cascade Lake, AMD since Zen
// 4). See kernel_table.h for what may be included here. Entries it leaves empty are those of avx2.

#include <cstddef>
#include <cstdint>
#include <immintrin.h>

#include "format/grids.h"
#include "kernels/kernel_table.h"

namespace cellm {
namespace {

// The primitives of a template must precede it.
// clang-format off
#include "kernels/avx512_lanes.inl"
#include "kernels/avx512_vectors.inl"
#include "kernels/f32_kernels.inl"
#include "kernels/rotate.inl"
#include "kernels/avx512_integers.inl"
#include "kernels/avx512_tiles.inl"
#include "kernels/int8_kernels.inl"
#include "kernels/avx512_trellis.inl"
#include "kernels/trellis_kernels.inl"
#include "kernels/avx512_blocks.inl"
#include "kernels/block_kernels.inl"
// clang-format on

// Compared as integers, magnitudes order like floats, and what is not finite is above all others.
float quantize_block(const float* x, std::size_t n, signed char* codes, std::int32_t* sum) {
  const __m512i magnitude = _mm512_set1_epi32(0x7FFFFFFF);
  __m512i largest = _mm512_setzero_si512();
  for (std::size_t i = 0; i < n; i += kLanes) {
    const Vec v = n - i < kLanes ? load_part(x + i, n - i) : load(x + i);
    largest = _mm512_max_epi32(largest, _mm512_and_si512(_mm512_castps_si512(v), magnitude));
  }
  const std::int32_t bits = _mm512_reduce_max_epi32(largest);
  float peak = 0.0F;
  __builtin_memcpy(&peak, &bits, sizeof(peak));
  const bool finite = bits < 0x7F800000;
  const Vec inverse = broadcast(finite && bits != 0 ? 127.0F / peak : 0.0F);
  __m512i total = _mm512_setzero_si512();
  for (std::size_t i = 0; i < n; i += kLanes) {
    const std::size_t count = n - i < kLanes ? n - i : kLanes;
    const Vec v = count < kLanes ? load_part(x + i, count) : load(x + i);
    const __m512i rounded =
        finite ? _mm512_cvtps_epi32(_mm512_mul_ps(v, inverse)) : _mm512_setzero_si512();
    total = _mm512_add_epi32(total, rounded);
    const __mmask16 lanes = count < kLanes ? first_lanes(count) : static_cast<__mmask16>(0xFFFF);
    _mm512_mask_cvtepi32_storeu_epi8(codes + i, lanes, rounded);
  }
  *sum = _mm512_reduce_add_epi32(total);
  return finite ? peak / 127.0F : __builtin_nanf("");
}

}  // namespace

constexpr KernelTable kAvx512VnniTable{
    .name = "avx512vnni",
    // In the order of FormatId; the formats with codes are packed, so their unpackers matter
    // little.
    .unpack = {unpack_f32, unpack_halves<F32Arithmetic::F16Source>,
               unpack_halves<F32Arithmetic::BF16Source>},
    .matmul = matmul,
    .matmul_int8 = matmul_int8,
    .matmul_trellis = matmul_trellis,
    .matmul_blocks = matmul_blocks,
    .rotate = rotate,
    .quantize_block = quantize_block,
    .silu_multiply = silu_multiply,
    .sigmoid_multiply = sigmoid_multiply,
    .silu = silu,
    .exp_sum = exp_sum,
    .level_sums = level_sums,
    .dot_rows = dot_rows,
    .mix_rows = mix_rows,
    .f32_peak = f32_peak,
    .int8_peak = int8_peak,
    .largest = largest,
    .dot = dot,
    .axpy = axpy,
};
const KernelTable kAvx512VnniKernels = kAvx512VnniTable;

}  // namespace cellm
