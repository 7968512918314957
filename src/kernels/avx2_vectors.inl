// Primitives of f32_kernels.inl and rotate.inl for the avx2 target. Included by target_avx2.cc
// alone.

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
