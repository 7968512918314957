// Primitives of int8_kernels.inl for the avx512vnni and amx targets, but for kIntTokens and
// TileProducts. Included by their target_*.cc alone.

constexpr std::size_t kIntLanes = 16;
constexpr int kByteZero = 0;
constexpr bool kWideDots = true;
using IntVec = __m512i;
using InputVec = IntVec;
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
  if (n == kIntLanes) {
    _mm512_storeu_ps(p, v);
  } else {
    _mm512_mask_storeu_ps(p, first_lanes(n), v);
  }
}

// In place of products that a target does not have.
struct NoProducts {
  static constexpr bool kUsed = false;
};
using NarrowSums = NoProducts;
using WidePairs = NoProducts;
