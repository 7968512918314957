// Primitives of block_unpack.inl for the ARM targets. Included by their target_*.cc alone.

[[gnu::always_inline]] inline IntVec load_word(const unsigned char* p, std::size_t stride) {
  const auto rows_from = [&](std::size_t row) {
    std::int32_t words[4];
    for (std::size_t r = 0; r < 4; ++r) {
      __builtin_memcpy(&words[r], p + (row + r) * stride, sizeof(words[r]));
    }
    return as_u8(int32x4_t{words[0], words[1], words[2], words[3]});
  };
  return {rows_from(0), rows_from(4)};
}

// The words of 4 × 4 of them transposed.
struct FourWords {
  uint8x16_t at[4];
};
[[gnu::always_inline]] inline FourWords load_four_rows(const unsigned char* p, std::size_t stride) {
  const auto row = [&](std::size_t r) { return as_s32(vld1q_u8(p + r * stride)); };
  const auto as_s64 = [](int32x4_t v) { return vreinterpretq_s64_s32(v); };
  const auto to_u8 = [](int64x2_t v) { return vreinterpretq_u8_s64(v); };
  const int32x4_t row0 = row(0);
  const int32x4_t row1 = row(1);
  const int32x4_t row2 = row(2);
  const int32x4_t row3 = row(3);
  const int64x2_t even01 = as_s64(vtrn1q_s32(row0, row1));
  const int64x2_t odd01 = as_s64(vtrn2q_s32(row0, row1));
  const int64x2_t even23 = as_s64(vtrn1q_s32(row2, row3));
  const int64x2_t odd23 = as_s64(vtrn2q_s32(row2, row3));
  return {{to_u8(vtrn1q_s64(even01, even23)), to_u8(vtrn1q_s64(odd01, odd23)),
           to_u8(vtrn2q_s64(even01, even23)), to_u8(vtrn2q_s64(odd01, odd23))}};
}
[[gnu::always_inline]] inline void load_words(const unsigned char* p, std::size_t stride,
                                              IntVec* words) {
  const FourWords low = load_four_rows(p, stride);
  const FourWords high = load_four_rows(p + 4 * stride, stride);
  words[0] = {low.at[0], high.at[0]};
  words[1] = {low.at[1], high.at[1]};
  words[2] = {low.at[2], high.at[2]};
  words[3] = {low.at[3], high.at[3]};
}

template <int kShift>
IntVec lane_bits(IntVec v, std::int32_t mask) {
  return each_s32(v, [mask](int32x4_t lanes) {
    uint32x4_t bits = vreinterpretq_u32_s32(lanes);
    if constexpr (kShift > 0) bits = vshrq_n_u32(bits, kShift);
    if constexpr (kShift < 0) bits = vshlq_n_u32(bits, -kShift);
    return vandq_s32(vreinterpretq_s32_u32(bits), vdupq_n_s32(mask));
  });
}

// All bits of byte k of a lane are set if bit 4 · kQuad + k of it is set.
template <int kQuad>
IntVec bit_mask(IntVec v) {
  constexpr std::uint32_t kByte = 0x01010101U * (kQuad / 2);
  const uint8x16_t bytes = vreinterpretq_u8_u32(
      uint32x4_t{kByte, 0x04040404U + kByte, 0x08080808U + kByte, 0x0C0C0C0CU + kByte});
  const uint8x16_t bits =
      vreinterpretq_u8_u32(vdupq_n_u32(kQuad % 2 == 0 ? 0x08040201U : 0x80402010U));
  return {vtstq_u8(vqtbl1q_u8(v.low, bytes), bits), vtstq_u8(vqtbl1q_u8(v.high, bytes), bits)};
}
template <int kQuad, int kValue>
IntVec spread_bits(IntVec v) {
  const IntVec set = bit_mask<kQuad>(v);
  const uint8x16_t value = vdupq_n_u8(kValue);
  return {vandq_u8(set.low, value), vandq_u8(set.high, value)};
}
template <int kQuad>
IntVec mirror_bytes(IntVec codes, IntVec v) {
  const IntVec set = bit_mask<kQuad>(v);
  const uint8x16_t twice_zero = vdupq_n_u8(128);
  return {vbslq_u8(set.low, vsubq_u8(twice_zero, codes.low), codes.low),
          vbslq_u8(set.high, vsubq_u8(twice_zero, codes.high), codes.high)};
}

[[gnu::always_inline]] inline void grid_pairs(const std::uint64_t* grid, IntVec v, IntVec& first,
                                              IntVec& second) {
  const auto points = [&](uint8x16_t half, uint8x16_t& even, uint8x16_t& odd) {
    const int32x4_t at = as_s32(half);
    const int32x4_t rows01 =
        vreinterpretq_s32_u64(uint64x2_t{grid[vgetq_lane_s32(at, 0)], grid[vgetq_lane_s32(at, 1)]});
    const int32x4_t rows23 =
        vreinterpretq_s32_u64(uint64x2_t{grid[vgetq_lane_s32(at, 2)], grid[vgetq_lane_s32(at, 3)]});
    even = as_u8(vuzp1q_s32(rows01, rows23));
    odd = as_u8(vuzp2q_s32(rows01, rows23));
  };
  points(v.low, first.low, second.low);
  points(v.high, first.high, second.high);
}
[[gnu::always_inline]] inline IntVec grid_words(const std::uint32_t* grid, IntVec v) {
  const auto points = [grid](uint8x16_t half) {
    const int32x4_t at = as_s32(half);
    return vreinterpretq_u8_u32(uint32x4_t{grid[vgetq_lane_s32(at, 0)], grid[vgetq_lane_s32(at, 1)],
                                           grid[vgetq_lane_s32(at, 2)],
                                           grid[vgetq_lane_s32(at, 3)]});
  };
  return {points(v.low), points(v.high)};
}
IntVec int_max(IntVec a, IntVec b) {
  return {as_u8(vmaxq_s32(as_s32(a.low), as_s32(b.low))),
          as_u8(vmaxq_s32(as_s32(a.high), as_s32(b.high)))};
}
FloatVec float_bits(IntVec v) {
  return {vreinterpretq_f32_u8(v.low), vreinterpretq_f32_u8(v.high)};
}
FloatVec float_from_low(IntVec v) {
  return {from_f16(vmovn_u32(vreinterpretq_u32_u8(v.low))),
          from_f16(vmovn_u32(vreinterpretq_u32_u8(v.high)))};
}
FloatVec float_from_high(IntVec v) {
  return {from_f16(vshrn_n_u32(vreinterpretq_u32_u8(v.low), 16)),
          from_f16(vshrn_n_u32(vreinterpretq_u32_u8(v.high), 16))};
}
FloatVec float_fma(FloatVec a, FloatVec b, FloatVec c) {
  return float_mul_add(a, b, c);
}

void half_sums(const signed char* codes, std::size_t n, std::int32_t* out) {
  for (std::size_t i = 0; i < n; i += 16) out[i / 16] = vaddlvq_s8(vld1q_s8(codes + i));
}
