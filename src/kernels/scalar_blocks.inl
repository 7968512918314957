// Primitives of block_unpack.inl for the scalar target. Included by target_scalar.cc alone.

#define CELLM_SCALAR

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
    const auto lane = static_cast<std::uint32_t>(a.lane[i]);
    const std::uint32_t shifted = kShift >= 0 ? lane >> kShift : lane << -kShift;
    v.lane[i] = static_cast<std::int32_t>(shifted) & mask;
  }
  return v;
}
template <int kQuad>
bool has_bit(const IntVec& a, std::size_t byte) {
  return (static_cast<std::uint32_t>(a.lane[byte / 4]) >> (4 * kQuad + byte % 4) & 1U) != 0;
}
template <int kQuad, int kValue>
IntVec spread_bits(const IntVec& a) {
  return each_byte([&](std::size_t i) { return has_bit<kQuad>(a, i) ? kValue : 0; });
}
template <int kQuad>
IntVec mirror_bytes(const IntVec& codes, const IntVec& a) {
  const Bytes bytes = bytes_of(codes);
  return each_byte(
      [&](std::size_t i) { return has_bit<kQuad>(a, i) ? 128 - bytes.at[i] : bytes.at[i]; });
}
void grid_pairs(const std::uint64_t* grid, const IntVec& a, IntVec& first, IntVec& second) {
  for (int i = 0; i < 16; ++i) {
    const std::uint64_t pair = grid[a.lane[i]];
    first.lane[i] = static_cast<std::int32_t>(pair);
    second.lane[i] = static_cast<std::int32_t>(pair >> 32);
  }
}
IntVec grid_words(const std::uint32_t* grid, const IntVec& a) {
  IntVec v;
  for (int i = 0; i < 16; ++i) v.lane[i] = static_cast<std::int32_t>(grid[a.lane[i]]);
  return v;
}
IntVec int_max(const IntVec& a, const IntVec& b) {
  IntVec v;
  for (int i = 0; i < 16; ++i) v.lane[i] = a.lane[i] < b.lane[i] ? b.lane[i] : a.lane[i];
  return v;
}
FloatVec float_bits(const IntVec& a) {
  FloatVec v;
  std::memcpy(&v, &a, sizeof(v));
  return v;
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
