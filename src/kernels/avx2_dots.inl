// Products of int8_kernels.inl for the avx2 target. Included by target_avx2.cc alone.

constexpr std::size_t kIntTokens = 4;
constexpr int kByteZero = 128;
constexpr bool kWideDots = false;

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

using TileProducts = NoProducts;
