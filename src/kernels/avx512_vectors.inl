// Primitives of f32_kernels.inl and rotate.inl for the avx512vnni target. Included by
// target_avx512vnni.cc alone.

constexpr std::size_t kLanes = 16;
constexpr std::size_t kTokensOfTile = 6;
constexpr std::size_t kMixVectors = 4;
using Vec = __m512;

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
