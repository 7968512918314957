// Helpers of the targets of 256 bits. The including file is inside an unnamed namespace and has
// included immintrin.h.

__m256i first_lanes(std::size_t n) {
  const __m256i lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(n)), lanes);
}
