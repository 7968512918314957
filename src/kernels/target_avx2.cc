// The avx2 target: AVX2, FMA and F16C (x86-64-v3). See kernel_table.h for what may be included
// here.

#include <cstddef>
#include <cstdint>
#include <immintrin.h>

#include "kernels/kernel_table.h"

namespace cellm {
namespace {

constexpr std::size_t kLanes = 8;
constexpr std::size_t kTokensOfTile = 3;
constexpr std::size_t kMixVectors = 2;
using Vec = __m256;

Vec load(const float* p) {
  return _mm256_loadu_ps(p);
}
void store(float* p, Vec v) {
  _mm256_storeu_ps(p, v);
}
__m256i first_lanes(std::size_t n) {
  const __m256i lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(n)), lanes);
}
Vec load_part(const float* p, std::size_t n) {
  return _mm256_maskload_ps(p, first_lanes(n));
}
Vec broadcast(float f) {
  return _mm256_set1_ps(f);
}
Vec add(Vec a, Vec b) {
  return _mm256_add_ps(a, b);
}
Vec mul_add(Vec a, Vec b, Vec c) {
  return _mm256_fmadd_ps(a, b, c);
}
float sum(Vec v) {
  const __m128 halves = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  const __m128 pairs = _mm_add_ps(halves, _mm_movehl_ps(halves, halves));
  return _mm_cvtss_f32(_mm_add_ss(pairs, _mm_shuffle_ps(pairs, pairs, 1)));
}
// Two rounds of pairwise sums, then the halves.
void reduce4(const Vec* v, float* out) {
  const Vec pairs = _mm256_hadd_ps(_mm256_hadd_ps(v[0], v[1]), _mm256_hadd_ps(v[2], v[3]));
  _mm_storeu_ps(out, _mm_add_ps(_mm256_castps256_ps128(pairs), _mm256_extractf128_ps(pairs, 1)));
}
__m128i load_halves(const unsigned char* p, std::size_t n) {
  alignas(16) unsigned char bytes[16] = {};
  __builtin_memcpy(bytes, p, n * 2);
  return _mm_load_si128(reinterpret_cast<const __m128i*>(bytes));
}
Vec from_bf16(__m128i halves) {
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(halves), 16));
}
Vec load_f16(const unsigned char* p) {
  return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
}
Vec load_f16_part(const unsigned char* p, std::size_t n) {
  return _mm256_cvtph_ps(load_halves(p, n));
}
Vec load_bf16(const unsigned char* p) {
  return from_bf16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
}
Vec load_bf16_part(const unsigned char* p, std::size_t n) {
  return from_bf16(load_halves(p, n));
}

void store_part(float* p, Vec v, std::size_t n) {
  _mm256_maskstore_ps(p, first_lanes(n), v);
}
Vec mul(Vec a, Vec b) {
  return _mm256_mul_ps(a, b);
}
Vec div(Vec a, Vec b) {
  return _mm256_div_ps(a, b);
}
Vec max(Vec a, Vec b) {
  return _mm256_max_ps(a, b);
}
Vec min(Vec a, Vec b) {
  return _mm256_min_ps(a, b);
}
Vec from_i8(__m128i bytes) {
  return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(bytes));
}
Vec load_i8(const unsigned char* p) {
  return from_i8(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p)));
}
Vec load_i8_part(const unsigned char* p, std::size_t n) {
  alignas(16) unsigned char bytes[16] = {};
  __builtin_memcpy(bytes, p, n);
  return from_i8(_mm_load_si128(reinterpret_cast<const __m128i*>(bytes)));
}

// v · 2^k for whole k from −150 to 129, in two steps since 2^k alone may not be a float.
Vec scale_by_power(Vec v, Vec k) {
  const auto power = [](__m256i e) {
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(e, _mm256_set1_epi32(127)), 23));
  };
  const __m256i whole = _mm256_cvtps_epi32(k);
  const __m256i half = _mm256_srai_epi32(whole, 1);
  return mul(mul(v, power(half)), power(_mm256_sub_epi32(whole, half)));
}

#include "kernels/exp.inl"

Vec vector_exp(Vec v) {
  v = _mm256_min_ps(broadcast(89.0F),
                    _mm256_max_ps(broadcast(-104.0F), v));  // in this order NaN stays NaN
  const Vec k = _mm256_round_ps(_mm256_mul_ps(v, broadcast(1.44269504F)),
                                _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  return scale_by_power(reduced_exp(v, k), k);
}

#include "kernels/f32_kernels.inl"

Vec sub(Vec a, Vec b) {
  return _mm256_sub_ps(a, b);
}
template <int kStride>
Vec lane_butterfly(Vec v) {
  Vec other;
  if constexpr (kStride == 1) other = _mm256_permute_ps(v, 0xB1);
  if constexpr (kStride == 2) other = _mm256_permute_ps(v, 0x4E);
  if constexpr (kStride == 4) other = _mm256_permute2f128_ps(v, v, 1);
  const __m256i lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  const __m256i bit = _mm256_set1_epi32(kStride);
  const __m256i high = _mm256_cmpeq_epi32(_mm256_and_si256(lanes, bit), bit);
  const Vec signs = _mm256_and_ps(_mm256_castsi256_ps(high), broadcast(-0.0F));
  return _mm256_add_ps(other, _mm256_xor_ps(v, signs));
}

#include "kernels/rotate.inl"

constexpr std::size_t kIntLanes = 8;
constexpr std::size_t kIntTokens = 4;
constexpr int kByteZero = 128;
constexpr bool kWideDots = false;  // see dot_quads
using IntVec = __m256i;
using FloatVec = __m256;

IntVec load_bytes(const unsigned char* p) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
}
void store_bytes(unsigned char* p, IntVec v) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), v);
}
IntVec int_broadcast(std::int32_t value) {
  return _mm256_set1_epi32(value);
}
IntVec broadcast_quad(const signed char* p) {
  int word = 0;
  __builtin_memcpy(&word, p, sizeof(word));
  return _mm256_set1_epi32(word);
}
IntVec int_add(IntVec a, IntVec b) {
  return _mm256_add_epi32(a, b);
}
// maddubs adds two products of u8 and s8 into a saturating 16 bits: 2 · 15 · 127 fits, but 2 · 255
// · 127 does not. So 8-bit codes are taken as signed, their sign moved to the other side: 2 · 128 ·
// 127 fits.
template <unsigned kBits>
IntVec dot_quads(IntVec acc, IntVec w, IntVec x) {
  if constexpr (kBits == 8) {
    const IntVec signed_w = _mm256_xor_si256(w, _mm256_set1_epi8(static_cast<char>(0x80)));
    x = _mm256_sign_epi8(x, signed_w);
    w = _mm256_abs_epi8(signed_w);
  }
  const IntVec pairs = _mm256_maddubs_epi16(w, x);
  return _mm256_add_epi32(acc, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}
struct NarrowSums {
  static constexpr bool kUsed = true;
  // Eight times 2 · 15 · 127 fits into 16 bits.
  static IntVec dot(IntVec acc, IntVec w, IntVec x) {
    acc = _mm256_add_epi16(acc, _mm256_maddubs_epi16(w, x));
    // g++ 12 would do all products first and spill them.
    __asm__("" : "+x"(acc));
    return acc;
  }
  static IntVec widen(IntVec acc) { return _mm256_madd_epi16(acc, _mm256_set1_epi16(1)); }
};
// A product of 16-bit codes takes two instructions for 16 of them, one of 8-bit codes with the
// moved sign four for 32; but three of those four need the two units that multiply.
struct WidePairs {
  static constexpr bool kUsed = true;
  static IntVec even(IntVec v) { return _mm256_srai_epi16(_mm256_slli_epi16(v, 8), 8); }
  static IntVec odd(IntVec v) { return _mm256_srai_epi16(v, 8); }
  static IntVec flip_signs(IntVec v) {
    return _mm256_xor_si256(v, _mm256_set1_epi8(static_cast<char>(0x80)));
  }
  static IntVec dot(IntVec acc, IntVec w, IntVec x) {
    acc = _mm256_add_epi32(acc, _mm256_madd_epi16(w, x));
    __asm__("" : "+x"(acc));  // as above
    return acc;
  }
};
template <int kShift>
IntVec shift_mask(IntVec v, unsigned char mask) {
  if constexpr (kShift >= 0) {
    v = _mm256_srli_epi16(v, kShift);
  } else {
    v = _mm256_slli_epi16(v, -kShift);
  }
  return _mm256_and_si256(v, _mm256_set1_epi8(static_cast<char>(mask)));
}
template <int kShift>
IntVec int_shift(IntVec v) {
  return kShift >= 0 ? _mm256_srai_epi32(v, kShift) : _mm256_slli_epi32(v, -kShift);
}
FloatVec to_float(IntVec v) {
  return _mm256_cvtepi32_ps(v);
}
FloatVec float_broadcast(float f) {
  return _mm256_set1_ps(f);
}
FloatVec float_mul(FloatVec a, FloatVec b) {
  return _mm256_mul_ps(a, b);
}
FloatVec float_mul_add(FloatVec a, FloatVec b, FloatVec c) {
  return _mm256_fmadd_ps(a, b, c);
}
FloatVec float_from_f16(const std::uint16_t* p) {
  return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
}
void store_rows(float* p, FloatVec v, std::size_t n) {
  store_part(p, v, n);
}

#include "kernels/int8_kernels.inl"

IntVec load_planes(const unsigned char* p, std::size_t /*stride*/) {
  return load_bytes(p);
}
IntVec load_half_planes(const unsigned char* p, std::size_t /*stride*/) {
  const __m128i pairs = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
  return shift_mask<0>(_mm256_set_m128i(_mm_srli_epi16(pairs, 4), pairs), 15);
}
IntVec previous_lane(IntVec v) {
  return _mm256_alignr_epi8(v, _mm256_permute2x128_si256(v, v, 1), 15);
}
IntVec byte_xor(IntVec a, IntVec b) {
  return _mm256_xor_si256(a, b);
}
IntVec byte_or(IntVec a, IntVec b) {
  return _mm256_or_si256(a, b);
}
IntVec byte_add(IntVec a, IntVec b) {
  return _mm256_add_epi8(a, b);
}
IntVec load_table(const unsigned char* p) {
  return _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
}
IntVec lookup(IntVec table, IntVec v) {
  return _mm256_shuffle_epi8(table, v);
}
IntVec broadcast_quads(const signed char* p) {
  return broadcast_quad(p);
}
IntVec sub_block_sums(const IntVec* groups, std::size_t b, std::size_t v) {
  return groups[2 * b + v];
}

#include "kernels/avx2_blocks.inl"
#include "kernels/trellis_kernels.inl"

void half_sums(const signed char* codes, std::size_t n, std::int32_t* out) {
  for (std::size_t i = 0; i < n; i += 32) {
    const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(codes + i));
    const __m256i pairs = _mm256_maddubs_epi16(_mm256_set1_epi8(1), bytes);
    __m256i sums = _mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
    sums = _mm256_hadd_epi32(sums, sums);
    sums = _mm256_hadd_epi32(sums, sums);
    out[i / 16] = _mm256_extract_epi32(sums, 0);
    out[i / 16 + 1] = _mm256_extract_epi32(sums, 4);
  }
}

#include "kernels/block_kernels.inl"

// 16 costs of states from those of their groups: each 2^kStepBits times.
template <unsigned kStepBits>
__m256i spread(const std::uint16_t* best) {
  static_assert(kStepBits >= 2 && kStepBits <= 4);
  if constexpr (kStepBits == 4) return _mm256_set1_epi16(static_cast<short>(*best));
  if constexpr (kStepBits == 3) {
    int pair = 0;
    __builtin_memcpy(&pair, best, sizeof(pair));
    return _mm256_shuffle_epi8(_mm256_set1_epi32(pair),
                               _mm256_set_m128i(_mm_set1_epi16(0x0302), _mm_set1_epi16(0x0100)));
  }
  long long four = 0;
  __builtin_memcpy(&four, best, sizeof(four));
  return _mm256_shuffle_epi8(
      _mm256_set1_epi64x(four),
      _mm256_setr_epi16(0x0100, 0x0100, 0x0100, 0x0100, 0x0302, 0x0302, 0x0302, 0x0302, 0x0504,
                        0x0504, 0x0504, 0x0504, 0x0706, 0x0706, 0x0706, 0x0706));
}

std::uint16_t least_of(__m256i costs) {
  const __m128i half =
      _mm_min_epu16(_mm256_castsi256_si128(costs), _mm256_extracti128_si256(costs, 1));
  return static_cast<std::uint16_t>(_mm_cvtsi128_si32(_mm_minpos_epu16(half)));
}

template <unsigned kStepBits, unsigned kWeights>
void search_steps(const TrellisSearch& search) {
  constexpr std::size_t kLanes16 = 16;
  constexpr std::size_t kChoices = std::size_t{1} << kStepBits;
  constexpr std::size_t kMostGroups = 1U << (12 - kStepBits);
  const std::size_t states = std::size_t{1} << search.state_bits;
  const std::size_t groups = states >> kStepBits;
  alignas(32) std::uint16_t best[kMostGroups];
  const auto load16 = [](const void* p) {
    return _mm256_loadu_si256(static_cast<const __m256i*>(p));
  };
  std::uint16_t taken = 0;
  for (std::size_t t = 0; t < search.steps; ++t) {
    const __m256i offset = _mm256_set1_epi16(static_cast<short>(taken));
    __m256i least = _mm256_set1_epi16(-1);
    for (std::size_t group = 0; group < groups; group += kLanes16) {
      __m256i cost = load16(search.cost + group);
      __m256i survivor = _mm256_setzero_si256();
      for (std::size_t h = 1; h < kChoices; ++h) {
        const __m256i lower = _mm256_min_epu16(cost, load16(search.cost + h * groups + group));
        const __m256i kept = _mm256_cmpeq_epi16(lower, cost);
        survivor = _mm256_blendv_epi8(_mm256_set1_epi16(static_cast<short>(h)), survivor, kept);
        cost = lower;
      }
      cost = _mm256_subs_epu16(cost, offset);
      least = _mm256_min_epu16(least, cost);
      _mm256_store_si256(reinterpret_cast<__m256i*>(best + group), cost);
      _mm_storeu_si128(reinterpret_cast<__m128i*>(search.survivors + t * groups + group),
                       _mm_packus_epi16(_mm256_castsi256_si128(survivor),
                                        _mm256_extracti128_si256(survivor, 1)));
    }
    taken = least_of(least);
    __m256i x[kWeights];
    for (unsigned v = 0; v < kWeights; ++v) {
      x[v] = _mm256_set1_epi16(search.x[t * kWeights + v]);
    }
    for (std::size_t s = 0; s < states; s += kLanes16) {
      __m256i cost = spread<kStepBits>(best + (s >> kStepBits));
      for (unsigned v = 0; v < kWeights; ++v) {
        const __m256i difference = _mm256_subs_epi16(x[v], load16(search.values + v * states + s));
        cost = _mm256_adds_epu16(cost, _mm256_mulhrs_epi16(difference, difference));
      }
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(search.cost + s), cost);
    }
  }
}

void trellis_search(const TrellisSearch& search) {
  if (search.step_weights == 1) {
    if (search.step_bits == 4) return search_steps<4, 1>(search);
    return search_steps<3, 1>(search);
  }
  if (search.step_bits == 4) return search_steps<4, 2>(search);
  if (search.step_bits == 3) return search_steps<3, 2>(search);
  search_steps<2, 2>(search);
}

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

float f16_value(std::uint16_t bits) {
  return _mm_cvtss_f32(_mm_cvtph_ps(_mm_cvtsi32_si128(bits)));
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

// Unpackers. Each format gives 8 codes as floats at a column that is a multiple of 8, and one code
// at any column; scales are applied group by group, code · scale as in the reference.

struct UnpackI8 {
  static Vec eight(const unsigned char* codes, std::size_t col) { return load_i8(codes + col); }
  static float one(const unsigned char* codes, std::size_t col) {
    return static_cast<float>(static_cast<signed char>(codes[col]));
  }
};

struct UnpackI4 {
  static Vec eight(const unsigned char* codes, std::size_t col) {
    // Bytes 0..3 hold weights 0..7: lane i needs byte i / 2, shifted by 4 for odd i.
    int word = 0;
    __builtin_memcpy(&word, codes + col / 2, sizeof(word));
    const __m256i shifts = _mm256_setr_epi32(0, 4, 8, 12, 16, 20, 24, 28);
    const __m256i shifted = _mm256_srlv_epi32(_mm256_set1_epi32(word), shifts);
    const __m256i nibbles = _mm256_and_si256(shifted, _mm256_set1_epi32(15));
    return _mm256_cvtepi32_ps(_mm256_sub_epi32(nibbles, _mm256_set1_epi32(8)));
  }
  static float one(const unsigned char* codes, std::size_t col) {
    const int pair = codes[col / 2];
    return static_cast<float>((col % 2 == 0 ? pair & 15 : pair >> 4) - 8);
  }
};

struct UnpackI2 {
  static Vec eight(const unsigned char* codes, std::size_t col) {
    short word = 0;
    __builtin_memcpy(&word, codes + col / 4, sizeof(word));
    const __m256i shifts = _mm256_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14);
    const __m256i shifted = _mm256_srlv_epi32(_mm256_set1_epi32(word), shifts);
    const __m256i pairs = _mm256_and_si256(shifted, _mm256_set1_epi32(3));
    return _mm256_sub_ps(_mm256_cvtepi32_ps(pairs), broadcast(1.5F));
  }
  static float one(const unsigned char* codes, std::size_t col) {
    return static_cast<float>(codes[col / 4] >> (2 * (col % 4)) & 3) - 1.5F;
  }
};

template <class Codes>
void unpack_scaled(const WeightRow& row, std::size_t begin, std::size_t end, float* out) {
  std::size_t group = begin / row.group;
  for (std::size_t i = begin; i < end; ++group) {
    const float scale = f16_value(row.scales[group]);
    const Vec factor = broadcast(scale);
    const std::size_t stop = (group + 1) * row.group < end ? (group + 1) * row.group : end;
    for (; i < stop && i % kLanes != 0; ++i) out[i - begin] = Codes::one(row.codes, i) * scale;
    for (; i + kLanes <= stop; i += kLanes) {
      store(out + (i - begin), _mm256_mul_ps(Codes::eight(row.codes, i), factor));
    }
    for (; i < stop; ++i) out[i - begin] = Codes::one(row.codes, i) * scale;
  }
}

void unpack_q1(const WeightRow& row, std::size_t begin, std::size_t end, float* out) {
  constexpr std::size_t kBlock = 128;
  constexpr std::size_t kBlockBytes = 18;
  const __m256i bits = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
  const Vec sign = broadcast(-0.0F);
  for (std::size_t block = begin; block < end; block += kBlock) {
    const unsigned char* codes = row.codes + block / kBlock * kBlockBytes;
    std::uint16_t half = 0;
    __builtin_memcpy(&half, codes, sizeof(half));
    const float scale = f16_value(half);
    const Vec minus = broadcast(-scale);
    const std::size_t count = end - block < kBlock ? end - block : kBlock;
    std::size_t i = 0;
    for (; i + kLanes <= count; i += kLanes) {
      const __m256i here = _mm256_and_si256(_mm256_set1_epi32(codes[2 + i / 8]), bits);
      const Vec set = _mm256_castsi256_ps(_mm256_cmpeq_epi32(here, bits));
      store(out + (block - begin) + i, _mm256_xor_ps(minus, _mm256_and_ps(set, sign)));
    }
    for (; i < count; ++i) {
      out[block - begin + i] = (codes[2 + i / 8] >> (i % 8) & 1) != 0 ? scale : -scale;
    }
  }
}

void unpack_f32(const WeightRow& row, std::size_t begin, std::size_t end, float* out) {
  __builtin_memcpy(out, row.codes + begin * sizeof(float), (end - begin) * sizeof(float));
}

// Sign, exponent and mantissa moved to where f16 has them give the value times 2⁻⁸: both have
// subnormals, the biases are 7 and 15. Exact, and the codes above 240 continue the same way.
Vec f8_eight(__m128i codes_as_u16) {
  const __m128i sign = _mm_slli_epi16(_mm_and_si128(codes_as_u16, _mm_set1_epi16(0x80)), 8);
  const __m128i rest = _mm_slli_epi16(_mm_and_si128(codes_as_u16, _mm_set1_epi16(0x7F)), 7);
  return _mm256_mul_ps(_mm256_cvtph_ps(_mm_or_si128(sign, rest)), broadcast(256.0F));
}

void unpack_f8(const WeightRow& row, std::size_t begin, std::size_t end, float* out) {
  const unsigned char* codes = row.codes + begin;
  const std::size_t count = end - begin;
  std::size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    const __m128i bytes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(codes + i));
    store(out + i, f8_eight(_mm_cvtepu8_epi16(bytes)));
  }
  for (; i < count; ++i) {
    out[i] = _mm256_cvtss_f32(f8_eight(_mm_cvtsi32_si128(codes[i])));
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
