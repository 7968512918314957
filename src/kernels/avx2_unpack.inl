// Primitives of row_unpack.inl for the avx2 target. Included by target_avx2.cc alone.

float f16_value(std::uint16_t bits) {
  return _mm_cvtss_f32(_mm_cvtph_ps(_mm_cvtsi32_si128(bits)));
}

Vec nibbles_of(const unsigned char* p) {
  // Bytes 0..3 hold weights 0..7: lane i needs byte i / 2, shifted by 4 for odd i.
  int word = 0;
  __builtin_memcpy(&word, p, sizeof(word));
  const __m256i shifts = _mm256_setr_epi32(0, 4, 8, 12, 16, 20, 24, 28);
  const __m256i shifted = _mm256_srlv_epi32(_mm256_set1_epi32(word), shifts);
  const __m256i nibbles = _mm256_and_si256(shifted, _mm256_set1_epi32(15));
  return _mm256_cvtepi32_ps(_mm256_sub_epi32(nibbles, _mm256_set1_epi32(8)));
}

Vec pairs_of(const unsigned char* p) {
  short word = 0;
  __builtin_memcpy(&word, p, sizeof(word));
  const __m256i shifts = _mm256_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14);
  const __m256i shifted = _mm256_srlv_epi32(_mm256_set1_epi32(word), shifts);
  const __m256i pairs = _mm256_and_si256(shifted, _mm256_set1_epi32(3));
  return _mm256_sub_ps(_mm256_cvtepi32_ps(pairs), broadcast(1.5F));
}

Vec flip_signs_by(Vec v, unsigned bits) {
  const __m256i lanes = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
  const __m256i here = _mm256_and_si256(_mm256_set1_epi32(static_cast<int>(bits)), lanes);
  const Vec set = _mm256_castsi256_ps(_mm256_cmpeq_epi32(here, lanes));
  return _mm256_xor_ps(v, _mm256_and_ps(set, broadcast(-0.0F)));
}

// Sign, exponent and mantissa moved to where f16 has them give the value times 2⁻⁸: both have
// subnormals, the biases are 7 and 15. Exact, and the codes above 240 continue the same way.
Vec f8_values(const unsigned char* p) {
  const __m128i codes = _mm_cvtepu8_epi16(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p)));
  const __m128i sign = _mm_slli_epi16(_mm_and_si128(codes, _mm_set1_epi16(0x80)), 8);
  const __m128i rest = _mm_slli_epi16(_mm_and_si128(codes, _mm_set1_epi16(0x7F)), 7);
  return _mm256_mul_ps(_mm256_cvtph_ps(_mm_or_si128(sign, rest)), broadcast(256.0F));
}
