// Primitives of block_unpack.inl for the targets of 256 bits. Included by their
// target_*.cc alone.

[[gnu::always_inline]] inline IntVec load_word(const unsigned char* p, std::size_t stride) {
  const auto at = [&](std::size_t row) {
    int word = 0;
    __builtin_memcpy(&word, p + row * stride, sizeof(word));
    return word;
  };
  return _mm256_setr_epi32(at(0), at(1), at(2), at(3), at(4), at(5), at(6), at(7));
}

// A vector of rows r and r + 4 for each r < 4, then the words of both 4 × 4 of them transposed.
[[gnu::always_inline]] inline void load_words(const unsigned char* p, std::size_t stride,
                                              IntVec* words) {
  const auto at = [&](std::size_t row) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p + row * stride));
  };
  const auto rows_from = [&](std::size_t row) {
    return _mm256_inserti128_si256(_mm256_castsi128_si256(at(row)), at(row + 4), 1);
  };
  const __m256i rows0 = rows_from(0);
  const __m256i rows1 = rows_from(1);
  const __m256i rows2 = rows_from(2);
  const __m256i rows3 = rows_from(3);
  const __m256i low01 = _mm256_unpacklo_epi32(rows0, rows1);
  const __m256i high01 = _mm256_unpackhi_epi32(rows0, rows1);
  const __m256i low23 = _mm256_unpacklo_epi32(rows2, rows3);
  const __m256i high23 = _mm256_unpackhi_epi32(rows2, rows3);
  words[0] = _mm256_unpacklo_epi64(low01, low23);
  words[1] = _mm256_unpackhi_epi64(low01, low23);
  words[2] = _mm256_unpacklo_epi64(high01, high23);
  words[3] = _mm256_unpackhi_epi64(high01, high23);
}

template <int kShift>
IntVec lane_bits(IntVec v, std::int32_t mask) {
  v = kShift >= 0 ? _mm256_srli_epi32(v, kShift) : _mm256_slli_epi32(v, -kShift);
  return _mm256_and_si256(v, _mm256_set1_epi32(mask));
}

// All bits of byte k of a lane are set if bit 4 · kQuad + k of it is set.
template <int kQuad>
IntVec bit_mask(IntVec v) {
  constexpr int kByte = 0x01010101 * (kQuad / 2);
  const __m128i bytes =
      _mm_setr_epi32(kByte, 0x04040404 + kByte, 0x08080808 + kByte, 0x0C0C0C0C + kByte);
  const __m256i bits =
      _mm256_set1_epi32(kQuad % 2 == 0 ? 0x08040201 : static_cast<int>(0x80402010U));
  const __m256i spread = _mm256_shuffle_epi8(v, _mm256_broadcastsi128_si256(bytes));
  return _mm256_cmpeq_epi8(_mm256_and_si256(spread, bits), bits);
}
template <int kQuad, int kValue>
IntVec spread_bits(IntVec v) {
  return _mm256_and_si256(bit_mask<kQuad>(v), _mm256_set1_epi8(kValue));
}
// Where set, ~a + 1 + 128.
template <int kQuad>
IntVec mirror_bytes(IntVec codes, IntVec v) {
  const __m256i set = bit_mask<kQuad>(v);
  const __m256i sum = _mm256_and_si256(set, _mm256_set1_epi8(static_cast<char>(129)));
  return _mm256_add_epi8(_mm256_xor_si256(codes, set), sum);
}

// Rows 0, 1, 4, 5, then 2, 3, 6, 7, so that halves of 128 bits are in order.
[[gnu::always_inline]] inline void grid_pairs(const std::uint64_t* grid, IntVec v, IntVec& first,
                                              IntVec& second) {
  const auto* pairs = reinterpret_cast<const long long*>(grid);
  const __m128i low = _mm256_castsi256_si128(v);
  const __m128i high = _mm256_extracti128_si256(v, 1);
  const __m256 even =
      _mm256_castsi256_ps(_mm256_i32gather_epi64(pairs, _mm_unpacklo_epi64(low, high), 8));
  const __m256 odd =
      _mm256_castsi256_ps(_mm256_i32gather_epi64(pairs, _mm_unpackhi_epi64(low, high), 8));
  first = _mm256_castps_si256(_mm256_shuffle_ps(even, odd, 0x88));
  second = _mm256_castps_si256(_mm256_shuffle_ps(even, odd, 0xDD));
}
IntVec grid_words(const std::uint32_t* grid, IntVec v) {
  return _mm256_i32gather_epi32(reinterpret_cast<const int*>(grid), v, 4);
}
IntVec int_max(IntVec a, IntVec b) {
  return _mm256_max_epi32(a, b);
}
FloatVec float_bits(IntVec v) {
  return _mm256_castsi256_ps(v);
}

FloatVec halves_to_float(__m256i v) {
  // The 4 lower halves of each 128 bits, then these 8 side by side.
  const __m256i packed = _mm256_permute4x64_epi64(_mm256_packus_epi32(v, v), 0x08);
  return _mm256_cvtph_ps(_mm256_castsi256_si128(packed));
}
FloatVec float_from_low(IntVec v) {
  return halves_to_float(_mm256_and_si256(v, _mm256_set1_epi32(0xFFFF)));
}
FloatVec float_from_high(IntVec v) {
  return halves_to_float(_mm256_srli_epi32(v, 16));
}
FloatVec float_fma(FloatVec a, FloatVec b, FloatVec c) {
  return _mm256_fmadd_ps(a, b, c);
}

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
