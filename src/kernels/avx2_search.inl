// The search for the best path through a trellis, 16 states at a time. Included by target_avx2.cc
// alone.

// 16 costs of states from those of their groups: each 2^kStepBits times.
template <unsigned kStepBits>
__m256i spread(const std::uint16_t* best) {
  static_assert(kStepBits >= 2 && kStepBits <= 4);
  if constexpr (kStepBits == 4) return _mm256_set1_epi16(static_cast<short>(*best));
  if constexpr (kStepBits == 3) {
    int pair = 0;
    __builtin_memcpy(&pair, best, sizeof(pair));
    return _mm256_shuffle_epi8(_mm256_set1_epi32(pair),
                               _mm256_set_m128i(_mm_set1_epi16(0x0302), _mm_set1_epi16(0x0100)));
  }
  long long four = 0;
  __builtin_memcpy(&four, best, sizeof(four));
  return _mm256_shuffle_epi8(
      _mm256_set1_epi64x(four),
      _mm256_setr_epi16(0x0100, 0x0100, 0x0100, 0x0100, 0x0302, 0x0302, 0x0302, 0x0302, 0x0504,
                        0x0504, 0x0504, 0x0504, 0x0706, 0x0706, 0x0706, 0x0706));
}

std::uint16_t least_of(__m256i costs) {
  const __m128i half =
      _mm_min_epu16(_mm256_castsi256_si128(costs), _mm256_extracti128_si256(costs, 1));
  return static_cast<std::uint16_t>(_mm_cvtsi128_si32(_mm_minpos_epu16(half)));
}

template <unsigned kStepBits, unsigned kWeights>
void search_steps(const TrellisSearch& search) {
  constexpr std::size_t kLanes16 = 16;
  constexpr std::size_t kChoices = std::size_t{1} << kStepBits;
  constexpr std::size_t kMostGroups = 1U << (12 - kStepBits);
  const std::size_t states = std::size_t{1} << search.state_bits;
  const std::size_t groups = states >> kStepBits;
  alignas(32) std::uint16_t best[kMostGroups];
  const auto load16 = [](const void* p) {
    return _mm256_loadu_si256(static_cast<const __m256i*>(p));
  };
  std::uint16_t taken = 0;
  for (std::size_t t = 0; t < search.steps; ++t) {
    const __m256i offset = _mm256_set1_epi16(static_cast<short>(taken));
    __m256i least = _mm256_set1_epi16(-1);
    for (std::size_t group = 0; group < groups; group += kLanes16) {
      __m256i cost = load16(search.cost + group);
      __m256i survivor = _mm256_setzero_si256();
      for (std::size_t h = 1; h < kChoices; ++h) {
        const __m256i lower = _mm256_min_epu16(cost, load16(search.cost + h * groups + group));
        const __m256i kept = _mm256_cmpeq_epi16(lower, cost);
        survivor = _mm256_blendv_epi8(_mm256_set1_epi16(static_cast<short>(h)), survivor, kept);
        cost = lower;
      }
      cost = _mm256_subs_epu16(cost, offset);
      least = _mm256_min_epu16(least, cost);
      _mm256_store_si256(reinterpret_cast<__m256i*>(best + group), cost);
      _mm_storeu_si128(reinterpret_cast<__m128i*>(search.survivors + t * groups + group),
                       _mm_packus_epi16(_mm256_castsi256_si128(survivor),
                                        _mm256_extracti128_si256(survivor, 1)));
    }
    taken = least_of(least);
    __m256i x[kWeights];
    for (unsigned v = 0; v < kWeights; ++v) {
      x[v] = _mm256_set1_epi16(search.x[t * kWeights + v]);
    }
    for (std::size_t s = 0; s < states; s += kLanes16) {
      __m256i cost = spread<kStepBits>(best + (s >> kStepBits));
      for (unsigned v = 0; v < kWeights; ++v) {
        const __m256i difference = _mm256_subs_epi16(x[v], load16(search.values + v * states + s));
        cost = _mm256_adds_epu16(cost, _mm256_mulhrs_epi16(difference, difference));
      }
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(search.cost + s), cost);
    }
  }
}

void trellis_search(const TrellisSearch& search) {
  if (search.step_weights == 1) {
    if (search.step_bits == 4) return search_steps<4, 1>(search);
    return search_steps<3, 1>(search);
  }
  if (search.step_bits == 4) return search_steps<4, 2>(search);
  if (search.step_bits == 3) return search_steps<3, 2>(search);
  search_steps<2, 2>(search);
}
