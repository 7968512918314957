// Primitives of block_unpack.inl for the avx512vnni target. Included by target_avx512vnni.cc alone.

// 4 bytes of each row; what lies between rows is not read.
[[gnu::always_inline]] inline IntVec load_word(const unsigned char* p, std::size_t stride) {
  const __m512i lanes = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const __m512i offsets = _mm512_mullo_epi32(lanes, _mm512_set1_epi32(static_cast<int>(stride)));
  return _mm512_i32gather_epi32(offsets, p, 1);
}

// A vector of rows r, r + 4, r + 8, r + 12 for each r < 4, then the words of each 4 × 4 of them
// transposed.
[[gnu::always_inline]] inline void load_words(const unsigned char* p, std::size_t stride,
                                              IntVec* words) {
  const auto rows_from = [&](const unsigned char* row) {
    const auto at = [&](const unsigned char* bytes) {
      return _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes));
    };
    const unsigned char* second = row + 8 * stride;
    __m512i rows = _mm512_castsi128_si512(at(row));
    rows = _mm512_inserti32x4(rows, at(row + 4 * stride), 1);
    rows = _mm512_inserti32x4(rows, at(second), 2);
    return _mm512_inserti32x4(rows, at(second + 4 * stride), 3);
  };
  const __m512i rows0 = rows_from(p);
  const __m512i rows1 = rows_from(p + stride);
  const __m512i rows2 = rows_from(p + 2 * stride);
  const __m512i rows3 = rows_from(p + 3 * stride);
  const __m512i low01 = _mm512_unpacklo_epi32(rows0, rows1);
  const __m512i high01 = _mm512_unpackhi_epi32(rows0, rows1);
  const __m512i low23 = _mm512_unpacklo_epi32(rows2, rows3);
  const __m512i high23 = _mm512_unpackhi_epi32(rows2, rows3);
  words[0] = _mm512_unpacklo_epi64(low01, low23);
  words[1] = _mm512_unpackhi_epi64(low01, low23);
  words[2] = _mm512_unpacklo_epi64(high01, high23);
  words[3] = _mm512_unpackhi_epi64(high01, high23);
}

template <int kShift>
IntVec lane_bits(IntVec v, std::int32_t mask) {
  return _mm512_and_si512(_mm512_srli_epi32(v, kShift), _mm512_set1_epi32(mask));
}

template <int kQuad>
IntVec spread_bits(IntVec v) {
  constexpr int kByte = 0x01010101 * (kQuad / 2);
  const __m128i bytes =
      _mm_setr_epi32(kByte, 0x04040404 + kByte, 0x08080808 + kByte, 0x0C0C0C0C + kByte);
  const __m512i bits =
      _mm512_set1_epi32(kQuad % 2 == 0 ? 0x08040201 : static_cast<int>(0x80402010U));
  const __mmask64 set =
      _mm512_test_epi8_mask(_mm512_shuffle_epi8(v, _mm512_broadcast_i32x4(bytes)), bits);
  return _mm512_maskz_mov_epi8(set, _mm512_set1_epi8(16));
}

FloatVec float_from_low(IntVec v) {
  return _mm512_cvtph_ps(_mm512_cvtepi32_epi16(v));
}
FloatVec float_from_high(IntVec v) {
  return _mm512_cvtph_ps(_mm512_cvtepi32_epi16(_mm512_srli_epi32(v, 16)));
}
FloatVec float_fma(FloatVec a, FloatVec b, FloatVec c) {
  return _mm512_fmadd_ps(a, b, c);
}
