// The neon target: ARMv8.2 with dot products (Cortex-A55, A75 and later, Neoverse N1 and later,
// Apple A13, M1 and later). See kernel_table.h for what may be included here.

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
#include "kernels/neon_vectors.inl"
#include "kernels/f32_kernels.inl"
#include "kernels/rotate.inl"
#include "kernels/neon_integers.inl"
#include "kernels/neon_dots.inl"
#include "kernels/int8_kernels.inl"
#include "kernels/neon_trellis.inl"
#include "kernels/trellis_kernels.inl"
#include "kernels/neon_blocks.inl"
#include "kernels/block_kernels.inl"
#include "kernels/neon_search.inl"
#include "kernels/neon_unpack.inl"
#include "kernels/row_unpack.inl"
// clang-format on

// Compared as integers, magnitudes order like floats, and what is not finite is above all others.
float quantize_block(const float* x, std::size_t n, signed char* codes, std::int32_t* sum) {
  const auto values_from = [&](std::size_t i) {
    return n - i < kLanes ? load_part(x + i, n - i) : load(x + i);
  };
  int32x4_t largest_bits = vdupq_n_s32(0);
  for (std::size_t i = 0; i < n; i += kLanes) {
    largest_bits = vmaxq_s32(largest_bits, vreinterpretq_s32_f32(vabsq_f32(values_from(i))));
  }
  const std::int32_t bits = vmaxvq_s32(largest_bits);
  float peak = 0.0F;
  __builtin_memcpy(&peak, &bits, sizeof(peak));
  const bool finite = bits < 0x7F800000;
  const Vec inverse = broadcast(finite && bits != 0 ? 127.0F / peak : 0.0F);
  int32x4_t total = vdupq_n_s32(0);
  for (std::size_t i = 0; i < n; i += kLanes) {
    const int32x4_t rounded =
        finite ? vcvtnq_s32_f32(mul(values_from(i), inverse)) : vdupq_n_s32(0);
    total = vaddq_s32(total, rounded);
    const int16x4_t halves = vmovn_s32(rounded);
    const int8x8_t bytes = vmovn_s16(vcombine_s16(halves, halves));
    const std::uint32_t four = vget_lane_u32(vreinterpret_u32_s8(bytes), 0);
    if (n - i < kLanes) {
      __builtin_memcpy(codes + i, &four, n - i);
    } else {
      __builtin_memcpy(codes + i, &four, kLanes);
    }
  }
  *sum = vaddvq_s32(total);
  return finite ? peak / 127.0F : __builtin_nanf("");
}

void convert_from_f16(const std::uint16_t* in, float* out, std::size_t n) {
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) store(out + i, from_f16(vld1_u16(in + i)));
  for (; i < n; ++i) out[i] = f16_value(in[i]);
}

void convert_to_f16(const float* in, std::uint16_t* out, std::size_t n) {
  const auto halves = [](Vec v) { return vreinterpret_u16_f16(vcvt_f16_f32(v)); };
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) vst1_u16(out + i, halves(load(in + i)));
  for (; i < n; ++i) out[i] = vget_lane_u16(halves(broadcast(in[i])), 0);
}

}  // namespace

constexpr KernelTable kNeonTable{
    .name = "neon",
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
const KernelTable kNeonKernels = kNeonTable;

}  // namespace cellm
