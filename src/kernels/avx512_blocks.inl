// Primitives of block_unpack.inl for the avx512vnni and amx targets. Included by their
// target_*.cc alone.

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
  if constexpr (kShift >= 0) {
    v = _mm512_srli_epi32(v, static_cast<unsigned>(kShift));
  } else {
    v = _mm512_slli_epi32(v, static_cast<unsigned>(-kShift));
  }
  return _mm512_and_si512(v, _mm512_set1_epi32(mask));
}

// Byte k of a lane is set if bit 4 · kQuad + k of it is set.
template <int kQuad>
__mmask64 bit_mask(IntVec v) {
  constexpr int kByte = 0x01010101 * (kQuad / 2);
  const __m128i bytes =
      _mm_setr_epi32(kByte, 0x04040404 + kByte, 0x08080808 + kByte, 0x0C0C0C0C + kByte);
  const __m512i bits =
      _mm512_set1_epi32(kQuad % 2 == 0 ? 0x08040201 : static_cast<int>(0x80402010U));
  return _mm512_test_epi8_mask(_mm512_shuffle_epi8(v, _mm512_broadcast_i32x4(bytes)), bits);
}
template <int kQuad, int kValue>
IntVec spread_bits(IntVec v) {
  return _mm512_maskz_mov_epi8(bit_mask<kQuad>(v), _mm512_set1_epi8(kValue));
}
template <int kQuad>
IntVec mirror_bytes(IntVec codes, IntVec v) {
  const __m512i twice_zero = _mm512_set1_epi8(static_cast<char>(128));
  return _mm512_mask_sub_epi8(codes, bit_mask<kQuad>(v), twice_zero, codes);
}

// Rows 0, 1, 4, 5, 8 and so on, then the others, so that quarters of 128 bits are in order.
[[gnu::always_inline]] inline void grid_pairs(const std::uint64_t* grid, IntVec v, IntVec& first,
                                              IntVec& second) {
  const __m512i order = _mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7);
  const __m512i rows = _mm512_permutexvar_epi64(order, v);
  const __m512 even =
      _mm512_castsi512_ps(_mm512_i32gather_epi64(_mm512_castsi512_si256(rows), grid, 8));
  const __m512 odd =
      _mm512_castsi512_ps(_mm512_i32gather_epi64(_mm512_extracti64x4_epi64(rows, 1), grid, 8));
  first = _mm512_castps_si512(_mm512_shuffle_ps(even, odd, 0x88));
  second = _mm512_castps_si512(_mm512_shuffle_ps(even, odd, 0xDD));
}
IntVec grid_words(const std::uint32_t* grid, IntVec v) {
  return _mm512_i32gather_epi32(v, grid, 4);
}
IntVec int_max(IntVec a, IntVec b) {
  return _mm512_max_epi32(a, b);
}
FloatVec float_bits(IntVec v) {
  return _mm512_castsi512_ps(v);
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
