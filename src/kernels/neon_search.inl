// The search for the best path through a trellis, 8 states at a time. Included by target_neon.cc
// alone.

// 8 costs of states from those of their groups: each 2^kStepBits times.
template <unsigned kStepBits>
uint16x8_t spread(const std::uint16_t* best) {
  static_assert(kStepBits >= 2 && kStepBits <= 4);
  if constexpr (kStepBits > 2) return vdupq_n_u16(*best);
  return vcombine_u16(vdup_n_u16(best[0]), vdup_n_u16(best[1]));
}

// The product of a difference with itself, (d² + 2^14) / 2^15: 2^15 for −2^15, where sqrdmulh
// saturates to 1 less.
uint16x8_t rounded_square(int16x8_t d) {
  const uint16x8_t square = vreinterpretq_u16_s16(vqrdmulhq_s16(d, d));
  return vsubq_u16(square, vceqq_s16(d, vdupq_n_s16(-0x8000)));  // a mask is −1
}

template <unsigned kStepBits, unsigned kWeights>
void search_steps(const TrellisSearch& search) {
  constexpr std::size_t kStates = 8;
  constexpr std::size_t kChoices = std::size_t{1} << kStepBits;
  constexpr std::size_t kMostGroups = 1U << (12 - kStepBits);
  const std::size_t states = std::size_t{1} << search.state_bits;
  const std::size_t groups = states >> kStepBits;
  std::uint16_t best[kMostGroups];
  std::uint16_t taken = 0;
  for (std::size_t t = 0; t < search.steps; ++t) {
    const uint16x8_t offset = vdupq_n_u16(taken);
    uint16x8_t least = vdupq_n_u16(0xFFFF);
    for (std::size_t group = 0; group < groups; group += kStates) {
      uint16x8_t cost = vld1q_u16(search.cost + group);
      uint16x8_t survivor = vdupq_n_u16(0);
      for (std::size_t h = 1; h < kChoices; ++h) {
        const uint16x8_t other = vld1q_u16(search.cost + h * groups + group);
        const uint16x8_t lower = vcltq_u16(other, cost);
        survivor = vbslq_u16(lower, vdupq_n_u16(static_cast<std::uint16_t>(h)), survivor);
        cost = vminq_u16(cost, other);
      }
      cost = vqsubq_u16(cost, offset);
      least = vminq_u16(least, cost);
      vst1q_u16(best + group, cost);
      vst1_u8(search.survivors + t * groups + group, vmovn_u16(survivor));
    }
    taken = vminvq_u16(least);
    int16x8_t x[kWeights];
    for (unsigned v = 0; v < kWeights; ++v) x[v] = vdupq_n_s16(search.x[t * kWeights + v]);
    for (std::size_t s = 0; s < states; s += kStates) {
      uint16x8_t cost = spread<kStepBits>(best + (s >> kStepBits));
      for (unsigned v = 0; v < kWeights; ++v) {
        const int16x8_t difference = vqsubq_s16(x[v], vld1q_s16(search.values + v * states + s));
        cost = vqaddq_u16(cost, rounded_square(difference));
      }
      vst1q_u16(search.cost + s, cost);
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
