// Primitives of block_unpack.inl for the scalar target. Included by target_scalar.cc alone.

IntVec load_word(const unsigned char* p, std::size_t stride) {
  IntVec v;
  for (std::size_t r = 0; r < 16; ++r) {
    std::memcpy(&v.lane[r], p + r * stride, sizeof(std::int32_t));
  }
  return v;
}
void load_words(const unsigned char* p, std::size_t stride, IntVec* words) {
  for (std::size_t j = 0; j < 4; ++j) words[j] = load_word(p + 4 * j, stride);
}
template <int kShift>
IntVec lane_bits(const IntVec& a, std::int32_t mask) {
  IntVec v;
  for (int i = 0; i < 16; ++i) {
    const std::uint32_t shifted = static_cast<std::uint32_t>(a.lane[i]) >> kShift;
    v.lane[i] = static_cast<std::int32_t>(shifted) & mask;
  }
  return v;
}
template <int kQuad>
IntVec spread_bits(const IntVec& a) {
  return each_byte([&](std::size_t i) {
    return (static_cast<std::uint32_t>(a.lane[i / 4]) >> (4 * kQuad + i % 4) & 1U) << 4;
  });
}
FloatVec float_from_low(const IntVec& a) {
  FloatVec v;
  for (int i = 0; i < 16; ++i) v.lane[i] = f16_to_f32(static_cast<std::uint16_t>(a.lane[i]));
  return v;
}
FloatVec float_from_high(const IntVec& a) {
  return float_from_low(lane_bits<16>(a, 0xFFFF));
}
FloatVec float_fma(const FloatVec& a, const FloatVec& b, const FloatVec& c) {
  FloatVec v;
  for (int i = 0; i < 16; ++i) v.lane[i] = std::fma(a.lane[i], b.lane[i], c.lane[i]);
  return v;
}

void half_sums(const signed char* codes, std::size_t n, std::int32_t* out) {
  for (std::size_t i = 0; i < n; i += 16) {
    std::int32_t sum = 0;
    for (std::size_t j = i; j < i + 16; ++j) sum += codes[j];
    out[i / 16] = sum;
  }
}
