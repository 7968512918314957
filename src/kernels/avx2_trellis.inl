// Primitives of trellis_kernels.inl for the targets of 256 bits. Included by their
// target_*.cc alone.

IntVec load_planes(const unsigned char* p, std::size_t /*stride*/) {
  return load_bytes(p);
}
IntVec load_half_planes(const unsigned char* p, std::size_t /*stride*/) {
  const __m128i pairs = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
  return shift_mask<0>(_mm256_set_m128i(_mm_srli_epi16(pairs, 4), pairs), 15);
}
IntVec previous_lane(IntVec v) {
  return _mm256_alignr_epi8(v, _mm256_permute2x128_si256(v, v, 1), 15);
}
IntVec byte_xor(IntVec a, IntVec b) {
  return _mm256_xor_si256(a, b);
}
IntVec byte_or(IntVec a, IntVec b) {
  return _mm256_or_si256(a, b);
}
IntVec byte_add(IntVec a, IntVec b) {
  return _mm256_add_epi8(a, b);
}
IntVec load_table(const unsigned char* p) {
  return _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
}
IntVec lookup(IntVec table, IntVec v) {
  return _mm256_shuffle_epi8(table, v);
}
IntVec broadcast_quads(const signed char* p) {
  return broadcast_quad(p);
}
IntVec sub_block_sums(const IntVec* groups, std::size_t b, std::size_t v) {
  return groups[2 * b + v];
}
