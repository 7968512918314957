// Primitives of trellis_kernels.inl for the avx512vnni and amx targets. Included by their
// target_*.cc alone.

// Two tiles to a vector. Tables of 16 bytes need AVX-512 BW alone; VBMI would bring nothing.
IntVec load_planes(const unsigned char* p, std::size_t stride) {
  const auto at = [](const unsigned char* q) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(q));
  };
  return _mm512_inserti64x4(_mm512_castsi256_si512(at(p)), at(p + stride), 1);
}
IntVec load_half_planes(const unsigned char* p, std::size_t stride) {
  const auto at = [](const unsigned char* q) {
    const __m128i pairs = _mm_loadu_si128(reinterpret_cast<const __m128i*>(q));
    return _mm256_set_m128i(_mm_srli_epi16(pairs, 4), pairs);
  };
  return shift_mask<0>(_mm512_inserti64x4(_mm512_castsi256_si512(at(p)), at(p + stride), 1), 15);
}
IntVec previous_lane(IntVec v) {
  return _mm512_alignr_epi8(v, _mm512_shuffle_i64x2(v, v, 0xB1), 15);
}
IntVec byte_xor(IntVec a, IntVec b) {
  return _mm512_xor_si512(a, b);
}
IntVec byte_or(IntVec a, IntVec b) {
  return _mm512_or_si512(a, b);
}
IntVec byte_add(IntVec a, IntVec b) {
  return _mm512_add_epi8(a, b);
}
IntVec load_table(const unsigned char* p) {
  return _mm512_broadcast_i32x4(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
}
IntVec lookup(IntVec table, IntVec v) {
  return _mm512_shuffle_epi8(table, v);
}
[[maybe_unused]] IntVec broadcast_quads(const signed char* p) {
  long long quads = 0;
  __builtin_memcpy(&quads, p, sizeof(quads));
  const __m512i halves = _mm512_setr_epi32(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1);
  return _mm512_permutexvar_epi32(halves, _mm512_set1_epi64(quads));
}
[[maybe_unused]] IntVec sub_block_sums(const IntVec* groups, std::size_t b, std::size_t /*v*/) {
  const IntVec first = groups[2 * b];
  const IntVec second = groups[2 * b + 1];
  return _mm512_add_epi32(_mm512_shuffle_i64x2(first, second, 0x44),
                          _mm512_shuffle_i64x2(first, second, 0xEE));
}
