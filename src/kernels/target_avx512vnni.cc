// The avx512vnni target: AVX-512 F, BW, DQ, VL and VNNI (Intel since Cascade Lake, AMD since Zen
// 4). See kernel_table.h for what may be included here. Entries it leaves empty are those of avx2.

#include <cstddef>
#include <cstdint>
#include <immintrin.h>

#include "kernels/kernel_table.h"

namespace cellm {
namespace {

constexpr std::size_t kLanes = 16;
constexpr std::size_t kTokensOfTile = 6;
constexpr std::size_t kMixVectors = 4;
using Vec = __m512;

__mmask16 first_lanes(std::size_t n) {
  return static_cast<__mmask16>((1U << n) - 1U);
}

Vec load(const float* p) {
  return _mm512_loadu_ps(p);
}
void store(float* p, Vec v) {
  _mm512_storeu_ps(p, v);
}
Vec load_part(const float* p, std::size_t n) {
  return _mm512_maskz_loadu_ps(first_lanes(n), p);
}
Vec broadcast(float f) {
  return _mm512_set1_ps(f);
}
Vec add(Vec a, Vec b) {
  return _mm512_add_ps(a, b);
}
Vec mul_add(Vec a, Vec b, Vec c) {
  return _mm512_fmadd_ps(a, b, c);
}
float sum(Vec v) {
  return _mm512_reduce_add_ps(v);
}
#include "kernels/avx512.inl"

Vec from_bf16(__m256i halves) {
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(halves), 16));
}
Vec load_f16(const unsigned char* p) {
  return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
}
Vec load_f16_part(const unsigned char* p, std::size_t n) {
  return _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(first_lanes(n), p));
}
Vec load_bf16(const unsigned char* p) {
  return from_bf16(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
}
Vec load_bf16_part(const unsigned char* p, std::size_t n) {
  return from_bf16(_mm256_maskz_loadu_epi16(first_lanes(n), p));
}
void store_part(float* p, Vec v, std::size_t n) {
  _mm512_mask_storeu_ps(p, first_lanes(n), v);
}
Vec mul(Vec a, Vec b) {
  return _mm512_mul_ps(a, b);
}
Vec div(Vec a, Vec b) {
  return _mm512_div_ps(a, b);
}
Vec max(Vec a, Vec b) {
  return _mm512_max_ps(a, b);
}
Vec min(Vec a, Vec b) {
  return _mm512_min_ps(a, b);
}
Vec load_i8(const unsigned char* p) {
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
  return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(bytes));
}
Vec load_i8_part(const unsigned char* p, std::size_t n) {
  return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_maskz_loadu_epi8(first_lanes(n), p)));
}

#include "kernels/exp.inl"

Vec vector_exp(Vec v) {
  v = _mm512_min_ps(broadcast(89.0F),
                    _mm512_max_ps(broadcast(-104.0F), v));  // in this order NaN stays NaN
  const Vec k =
      _mm512_roundscale_ps(_mm512_mul_ps(v, broadcast(1.44269504F)), _MM_FROUND_TO_NEAREST_INT);
  return _mm512_scalef_ps(reduced_exp(v, k), k);
}

#include "kernels/f32_kernels.inl"

Vec sub(Vec a, Vec b) {
  return _mm512_sub_ps(a, b);
}
template <int kStride>
Vec lane_butterfly(Vec v) {
  constexpr __mmask16 kHigh = kStride == 1   ? 0xAAAA
                              : kStride == 2 ? 0xCCCC
                              : kStride == 4 ? 0xF0F0
                                             : 0xFF00;
  Vec other;
  if constexpr (kStride == 1) other = _mm512_permute_ps(v, 0xB1);
  if constexpr (kStride == 2) other = _mm512_permute_ps(v, 0x4E);
  if constexpr (kStride == 4) other = _mm512_shuffle_f32x4(v, v, 0xB1);
  if constexpr (kStride == 8) other = _mm512_shuffle_f32x4(v, v, 0x4E);
  return _mm512_mask_sub_ps(_mm512_add_ps(other, v), kHigh, other, v);
}

#include "kernels/rotate.inl"

constexpr std::size_t kIntLanes = 16;
constexpr std::size_t kIntTokens = 8;
constexpr int kByteZero = 0;
constexpr bool kWideDots = true;
using IntVec = __m512i;
using FloatVec = __m512;

IntVec load_bytes(const unsigned char* p) {
  return _mm512_loadu_si512(p);
}
void store_bytes(unsigned char* p, IntVec v) {
  _mm512_storeu_si512(p, v);
}
IntVec int_broadcast(std::int32_t value) {
  return _mm512_set1_epi32(value);
}
IntVec broadcast_quad(const signed char* p) {
  int word = 0;
  __builtin_memcpy(&word, p, sizeof(word));
  return _mm512_set1_epi32(word);
}
IntVec int_add(IntVec a, IntVec b) {
  return _mm512_add_epi32(a, b);
}
template <unsigned kBits>
IntVec dot_quads(IntVec acc, IntVec w, IntVec x) {
  return _mm512_dpbusd_epi32(acc, w, x);
}
template <int kShift>
IntVec shift_mask(IntVec v, unsigned char mask) {
  if constexpr (kShift >= 0) {
    v = _mm512_srli_epi16(v, static_cast<unsigned>(kShift));
  } else {
    v = _mm512_slli_epi16(v, static_cast<unsigned>(-kShift));
  }
  return _mm512_and_si512(v, _mm512_set1_epi8(static_cast<char>(mask)));
}
template <int kShift>
IntVec int_shift(IntVec v) {
  if constexpr (kShift >= 0) return _mm512_srai_epi32(v, static_cast<unsigned>(kShift));
  return _mm512_slli_epi32(v, static_cast<unsigned>(-kShift));
}
FloatVec to_float(IntVec v) {
  return _mm512_cvtepi32_ps(v);
}
FloatVec float_broadcast(float f) {
  return _mm512_set1_ps(f);
}
FloatVec float_mul(FloatVec a, FloatVec b) {
  return _mm512_mul_ps(a, b);
}
FloatVec float_mul_add(FloatVec a, FloatVec b, FloatVec c) {
  return _mm512_fmadd_ps(a, b, c);
}
FloatVec float_from_f16(const std::uint16_t* p) {
  return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
}
void store_rows(float* p, FloatVec v, std::size_t n) {
  if (n == kLanes) {
    _mm512_storeu_ps(p, v);
  } else {
    _mm512_mask_storeu_ps(p, first_lanes(n), v);
  }
}

struct NarrowSums {
  static constexpr bool kUsed = false;
};
struct WidePairs {
  static constexpr bool kUsed = false;
};

#include "kernels/int8_kernels.inl"

// Two tiles to a vector. Tables of 16 bytes need AVX-512 BW alone; VBMI would bring nothing.
IntVec load_planes(const unsigned char* p, std::size_t stride) {
  const auto at = [](const unsigned char* q) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(q));
  };
  return _mm512_inserti64x4(_mm512_castsi256_si512(at(p)), at(p + stride), 1);
}
IntVec load_half_planes(const unsigned char* p, std::size_t stride) {
  const auto at = [](const unsigned char* q) {
    const __m128i pairs = _mm_loadu_si128(reinterpret_cast<const __m128i*>(q));
    return _mm256_set_m128i(_mm_srli_epi16(pairs, 4), pairs);
  };
  return shift_mask<0>(_mm512_inserti64x4(_mm512_castsi256_si512(at(p)), at(p + stride), 1), 15);
}
IntVec previous_lane(IntVec v) {
  return _mm512_alignr_epi8(v, _mm512_shuffle_i64x2(v, v, 0xB1), 15);
}
IntVec byte_xor(IntVec a, IntVec b) {
  return _mm512_xor_si512(a, b);
}
IntVec byte_or(IntVec a, IntVec b) {
  return _mm512_or_si512(a, b);
}
IntVec byte_add(IntVec a, IntVec b) {
  return _mm512_add_epi8(a, b);
}
IntVec load_table(const unsigned char* p) {
  return _mm512_broadcast_i32x4(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
}
IntVec lookup(IntVec table, IntVec v) {
  return _mm512_shuffle_epi8(table, v);
}
IntVec broadcast_quads(const signed char* p) {
  long long quads = 0;
  __builtin_memcpy(&quads, p, sizeof(quads));
  const __m512i halves = _mm512_setr_epi32(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1);
  return _mm512_permutexvar_epi32(halves, _mm512_set1_epi64(quads));
}
IntVec sub_block_sums(const IntVec* groups, std::size_t b, std::size_t /*v*/) {
  const IntVec first = groups[2 * b];
  const IntVec second = groups[2 * b + 1];
  return _mm512_add_epi32(_mm512_shuffle_i64x2(first, second, 0x44),
                          _mm512_shuffle_i64x2(first, second, 0xEE));
}

#include "kernels/avx512_blocks.inl"
#include "kernels/trellis_kernels.inl"

// What follows is written once for all targets.
#include "kernels/block_kernels.inl"

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

void unpack_f32(const WeightRow& row, std::size_t begin, std::size_t end, float* out) {
  __builtin_memcpy(out, row.codes + begin * sizeof(float), (end - begin) * sizeof(float));
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
