// Primitives of int8_kernels.inl for the targets of 256 bits, but for products of bytes. Included
// by their target_*.cc alone.

constexpr std::size_t kIntLanes = 8;
using IntVec = __m256i;
using InputVec = IntVec;
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
  _mm256_maskstore_ps(p, first_lanes(n), v);
}

// In place of products that a target does not have.
struct NoProducts {
  static constexpr bool kUsed = false;
};
