// Primitives of int8_kernels.inl for the avx2 target. Included by target_avx2.cc alone.

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
