// The avx2 target: AVX2, FMA and F16C (x86-64-v3). See kernel_table.h for what may be included
// here.

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
#include "kernels/avx2_vectors.inl"
#include "kernels/f32_kernels.inl"
#include "kernels/rotate.inl"
#include "kernels/avx2_integers.inl"
#include "kernels/avx2_dots.inl"
#include "kernels/int8_kernels.inl"
#include "kernels/avx2_trellis.inl"
#include "kernels/trellis_kernels.inl"
#include "kernels/avx2_blocks.inl"
#include "kernels/block_kernels.inl"
#include "kernels/avx2_search.inl"
#include "kernels/avx2_unpack.inl"
#include "kernels/row_unpack.inl"
// clang-format on

// Compared as integers, magnitudes order like floats, and what is not finite is above all others.
float quantize_block(const float* x, std::size_t n, signed char* codes, std::int32_t* sum) {
  const __m256i magnitude = _mm256_set1_epi32(0x7FFFFFFF);
  __m256i largest = _mm256_setzero_si256();
  for (std::size_t i = 0; i < n; i += kLanes) {
    const Vec v = n - i < kLanes ? load_part(x + i, n - i) : load(x + i);
    largest = _mm256_max_epi32(largest, _mm256_and_si256(_mm256_castps_si256(v), magnitude));
  }
  alignas(32) std::int32_t lanes[8];
  _mm256_store_si256(reinterpret_cast<__m256i*>(lanes), largest);
  std::int32_t bits = 0;
  for (const std::int32_t lane : lanes) bits = lane > bits ? lane : bits;
  float peak = 0.0F;
  __builtin_memcpy(&peak, &bits, sizeof(peak));
  const bool finite = bits < 0x7F800000;
  const Vec inverse = broadcast(finite && bits != 0 ? 127.0F / peak : 0.0F);
  __m256i total = _mm256_setzero_si256();
  for (std::size_t i = 0; i < n; i += kLanes) {
    const Vec v = n - i < kLanes ? load_part(x + i, n - i) : load(x + i);
    __m256i rounded = _mm256_cvtps_epi32(_mm256_mul_ps(v, inverse));
    if (!finite) rounded = _mm256_setzero_si256();
    total = _mm256_add_epi32(total, rounded);
    alignas(32) std::int32_t values[8];
    _mm256_store_si256(reinterpret_cast<__m256i*>(values), rounded);
    for (std::size_t j = 0; j < kLanes && i + j < n; ++j)
      codes[i + j] = static_cast<signed char>(values[j]);
  }
  _mm256_store_si256(reinterpret_cast<__m256i*>(lanes), total);
  *sum = 0;
  for (const std::int32_t lane : lanes) *sum += lane;
  return finite ? peak / 127.0F : __builtin_nanf("");
}

void convert_from_f16(const std::uint16_t* in, float* out, std::size_t n) {
  std::size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    store(out + i, _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(in + i))));
  }
  for (; i < n; ++i) out[i] = f16_value(in[i]);
}

void convert_to_f16(const float* in, std::uint16_t* out, std::size_t n) {
  constexpr int kNearest = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC;
  std::size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out + i), _mm256_cvtps_ph(load(in + i), kNearest));
  }
  for (; i < n; ++i) {
    out[i] =
        static_cast<std::uint16_t>(_mm_cvtsi128_si32(_mm_cvtps_ph(_mm_set_ss(in[i]), kNearest)));
  }
}

}  // namespace

constexpr KernelTable kAvx2Table{
    .name = "avx2",
    // In the order of FormatId.
    .unpack = {unpack_f32, unpack_halves<F32Arithmetic::F16Source>,
               unpack_halves<F32Arithmetic::BF16Source>, unpack_scaled<UnpackI8>,
               unpack_scaled<UnpackI4>, unpack_scaled<UnpackI2>, unpack_q1, unpack_f8},
    .matmul = matmul,
    .matmul_int8 = matmul_int8,
    .matmul_trellis = matmul_trellis,
    .matmul_blocks = matmul_blocks,
    .trellis_search = trellis_search,
    .rotate = rotate,
    .quantize_block = quantize_block,
    .half_sums = half_sums,
    .widen_codes = widen_codes<WidePairs>,
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
    .f16_to_f32 = convert_from_f16,
    .f32_to_f16 = convert_to_f16,
};
const KernelTable kAvx2Kernels = kAvx2Table;

}  // namespace cellm
