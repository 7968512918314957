// Hooks of the block formats whose codes are indices of points (format/grids.h); see
// block_unpack.inl. Included by block_kernels.inl alone.
//
// A point of 4 values is a quad, one of 8 two quads: the lanes look up the points of their rows.

// 7 bits of signs in each byte, and the eighth, which makes their number even.
CELLM_INLINE IntVec even_signs(IntVec bits) {
  // 0x80 for the numbers of 4 bits with an odd number of them.
  struct Odd {
    unsigned char values[16];
  };
  static constexpr Odd kOdd = {{0, 128, 128, 0, 128, 0, 0, 128, 128, 0, 0, 128, 0, 128, 128, 0}};
  const IntVec table = load_table(kOdd.values);
  const IntVec low = lookup(table, shift_mask<0>(bits, 15));
  const IntVec high = lookup(table, shift_mask<4>(bits, 15));
  return byte_or(bits, byte_xor(low, high));
}
// The signs of 32 columns, for each 8 of them 7 bits from bit 7 i on.
CELLM_INLINE IntVec packed_signs(IntVec word) {
  return even_signs(
      byte_or(byte_or(lane_bits<0>(word, 0x7F), lane_bits<-1>(word, 0x7F00)),
              byte_or(lane_bits<-2>(word, 0x7F0000), lane_bits<-3>(word, 0x7F000000))));
}

// The quads from kQuad on of the point at `index` of 8 values.
template <int kGroup, int kQuad, class Points, class Take>
CELLM_INLINE void take_signed_pair(const Points& grid, IntVec index, IntVec signs, Take& take) {
  IntVec first;
  IntVec second;
  grid_pairs(grid.points, index, first, second);
  take.template quad<kGroup, kQuad>(mirror_bytes<kQuad>(first, signs));
  take.template quad<kGroup, kQuad + 1>(mirror_bytes<kQuad + 1>(second, signs));
}

template <const BlockShape& kBlockShape, std::size_t kScale, std::size_t kPart>
struct GridBlock {
  static constexpr BlockShape kShape = kBlockShape;
  static constexpr unsigned kBits = 7;
  static constexpr int kZero = kGridZero;
  static constexpr bool kOffsets = false;
  static constexpr std::size_t kScaleColumns = kScale;
  static constexpr std::size_t kPartColumns = kPart;
};

// (2 · code + 1) · unit, for the codes of 4 bits in each byte.
template <int kStep>
CELLM_INLINE void odd_multiples(IntVec codes, FloatVec unit, FloatVec* out) {
  const IntVec one = int_broadcast(0x01010101);
  multiples<0, kStep>(byte_add(shift_mask<-1>(codes, 0x1E), one), unit, out);
}
// Two codes in each byte, of consecutive scales.
CELLM_INLINE void odd_multiples_of_pairs(IntVec bytes, FloatVec unit, FloatVec* out) {
  odd_multiples<2>(shift_mask<0>(bytes, 15), unit, out);
  odd_multiples<2>(shift_mask<4>(bytes, 15), unit, out + 1);
}
// The scale in the upper 4 bits of a word of 32 columns.
CELLM_INLINE FloatVec scale_of_word(IntVec word, FloatVec unit) {
  const IntVec odd = byte_or(lane_bits<27>(word, 0x1E), int_broadcast(1));
  return float_mul(to_float(odd), unit);
}
CELLM_INLINE FloatVec unit_of(BlockRows rows, float factor) {
  return float_mul(float_from_low(load_word(rows.first, rows.stride)), float_broadcast(factor));
}

struct IQ2XXSBlock : GridBlock<kIQ2XXSShape, 32, 64> {
  struct Head {
    IntVec words[16];  // of every group: indices, then signs and scale
  };
  CELLM_INLINE static Head head(BlockRows rows, FloatVec* scales, FloatVec* /*offsets*/) {
    Head head;
    const FloatVec unit = unit_of(rows, 0.125F);
    for (int pair = 0; pair < 4; ++pair) {
      load_words(rows.first + 2 + 16 * pair, rows.stride, head.words + 4 * pair);
      scales[2 * pair] = scale_of_word(head.words[4 * pair + 1], unit);
      scales[2 * pair + 1] = scale_of_word(head.words[4 * pair + 3], unit);
    }
    return head;
  }
  template <int kPart, class Take>
  CELLM_INLINE static void part(BlockRows /*rows*/, const Head& head, Take& take) {
    take_group<0>(head.words[4 * kPart], packed_signs(head.words[4 * kPart + 1]), take);
    take_group<1>(head.words[4 * kPart + 2], packed_signs(head.words[4 * kPart + 3]), take);
  }

 private:
  template <int kGroup, int kPoint = 0, class Take>
  CELLM_INLINE static void take_group(IntVec indices, IntVec signs, Take& take) {
    take_signed_pair<kGroup, 2 * kPoint>(kIQ2XXSGrid, lane_bits<8 * kPoint>(indices, 255), signs,
                                         take);
    if constexpr (kPoint < 3) take_group<kGroup, kPoint + 1>(indices, signs, take);
  }
};

struct IQ2XSBlock : GridBlock<kIQ2XSShape, 16, 64> {
  using Head = NoHead;
  CELLM_INLINE static Head head(BlockRows rows, FloatVec* scales, FloatVec* /*offsets*/) {
    const FloatVec unit = unit_of(rows, 0.125F);
    odd_multiples_of_pairs(load_word(rows.first + 66, rows.stride), unit, scales);
    odd_multiples_of_pairs(load_word(rows.first + 70, rows.stride), unit, scales + 8);
    return {};
  }
  template <int kPart, class Take>
  CELLM_INLINE static void part(BlockRows rows, const Head& /*head*/, Take& take) {
    IntVec words[4];
    load_words(rows.first + 2 + 16 * kPart, rows.stride, words);
    take_group<0>(words[0], words[1], take);
    take_group<1>(words[2], words[3], take);
  }

 private:
  template <int kGroup, class Take>
  CELLM_INLINE static void take_group(IntVec first, IntVec second, Take& take) {
    const IntVec signs = even_signs(
        byte_or(byte_or(lane_bits<9>(first, 0x7F), lane_bits<17>(first, 0x7F00)),
                byte_or(lane_bits<-7>(second, 0x7F0000), lane_bits<1>(second, 0x7F000000))));
    take_signed_pair<kGroup, 0>(kIQ2XSGrid, lane_bits<0>(first, 511), signs, take);
    take_signed_pair<kGroup, 2>(kIQ2XSGrid, lane_bits<16>(first, 511), signs, take);
    take_signed_pair<kGroup, 4>(kIQ2XSGrid, lane_bits<0>(second, 511), signs, take);
    take_signed_pair<kGroup, 6>(kIQ2XSGrid, lane_bits<16>(second, 511), signs, take);
  }
};

struct IQ2SBlock : GridBlock<kIQ2SShape, 16, 128> {
  using Head = NoHead;
  CELLM_INLINE static Head head(BlockRows rows, FloatVec* scales, FloatVec* /*offsets*/) {
    const FloatVec unit = unit_of(rows, 0.125F);
    odd_multiples_of_pairs(load_word(rows.first + 74, rows.stride), unit, scales);
    odd_multiples_of_pairs(load_word(rows.first + 78, rows.stride), unit, scales + 8);
    return {};
  }
  template <int kPart, class Take>
  CELLM_INLINE static void part(BlockRows rows, const Head& /*head*/, Take& take) {
    IntVec lower[4];
    IntVec signs[4];
    load_words(rows.first + 2 + 16 * kPart, rows.stride, lower);
    load_words(rows.first + 34 + 16 * kPart, rows.stride, signs);
    const IntVec upper = load_word(rows.first + 66 + 4 * kPart, rows.stride);
    take_group<0>(lower[0], upper, signs[0], take);
    take_group<1>(lower[1], upper, signs[1], take);
    take_group<2>(lower[2], upper, signs[2], take);
    take_group<3>(lower[3], upper, signs[3], take);
  }

 private:
  template <int kGroup, int kPoint = 0, class Take>
  CELLM_INLINE static void take_group(IntVec lower, IntVec upper, IntVec signs, Take& take) {
    const IntVec index = byte_or(lane_bits<8 * kPoint>(lower, 255),
                                 lane_bits<8 * kGroup + 2 * kPoint - 8>(upper, 0x300));
    take_signed_pair<kGroup, 2 * kPoint>(kIQ2SGrid, index, signs, take);
    if constexpr (kPoint < 3) take_group<kGroup, kPoint + 1>(lower, upper, signs, take);
  }
};

// The quad of the point at `index` of 4 values.
template <int kGroup, int kQuad, class Points, class Take>
CELLM_INLINE void take_signed_quad(const Points& grid, IntVec index, IntVec signs, Take& take) {
  take.template quad<kGroup, kQuad>(mirror_bytes<kQuad>(grid_words(grid.points, index), signs));
}

struct IQ3XXSBlock : GridBlock<kIQ3XXSShape, 32, 64> {
  struct Head {
    IntVec words[8];  // signs and scale of every group
  };
  CELLM_INLINE static Head head(BlockRows rows, FloatVec* scales, FloatVec* /*offsets*/) {
    Head head;
    load_words(rows.first + 66, rows.stride, head.words);
    load_words(rows.first + 82, rows.stride, head.words + 4);
    const FloatVec unit = unit_of(rows, 0.25F);
    for (int group = 0; group < 8; ++group) scales[group] = scale_of_word(head.words[group], unit);
    return head;
  }
  template <int kPart, class Take>
  CELLM_INLINE static void part(BlockRows rows, const Head& head, Take& take) {
    IntVec words[4];
    load_words(rows.first + 2 + 16 * kPart, rows.stride, words);
    const IntVec first = packed_signs(head.words[2 * kPart]);
    take_word<0, 0>(words[0], first, take);
    take_word<0, 4>(words[1], first, take);
    const IntVec second = packed_signs(head.words[2 * kPart + 1]);
    take_word<1, 0>(words[2], second, take);
    take_word<1, 4>(words[3], second, take);
  }

 private:
  template <int kGroup, int kFirst, int kByte = 0, class Take>
  CELLM_INLINE static void take_word(IntVec indices, IntVec signs, Take& take) {
    take_signed_quad<kGroup, kFirst + kByte>(kIQ3XXSGrid, lane_bits<8 * kByte>(indices, 255), signs,
                                             take);
    if constexpr (kByte < 3) take_word<kGroup, kFirst, kByte + 1>(indices, signs, take);
  }
};

struct IQ3SBlock : GridBlock<kIQ3SShape, 32, 64> {
  struct Head {
    IntVec ninth[2];  // bit i of byte g belongs to quad i of group g
    IntVec signs[8];  // of every group
  };
  CELLM_INLINE static Head head(BlockRows rows, FloatVec* scales, FloatVec* /*offsets*/) {
    odd_multiples_of_pairs(load_word(rows.first + 106, rows.stride), unit_of(rows, 1.0F), scales);
    Head head;
    head.ninth[0] = load_word(rows.first + 66, rows.stride);
    head.ninth[1] = load_word(rows.first + 70, rows.stride);
    load_words(rows.first + 74, rows.stride, head.signs);
    load_words(rows.first + 90, rows.stride, head.signs + 4);
    return head;
  }
  template <int kPart, class Take>
  CELLM_INLINE static void part(BlockRows rows, const Head& head, Take& take) {
    IntVec words[4];
    load_words(rows.first + 2 + 16 * kPart, rows.stride, words);
    constexpr int kByte = 2 * kPart % 4;
    const IntVec ninth = head.ninth[kPart / 2];
    take_word<0, 0, 8 * kByte>(words[0], ninth, head.signs[2 * kPart], take);
    take_word<0, 4, 8 * kByte + 4>(words[1], ninth, head.signs[2 * kPart], take);
    take_word<1, 0, 8 * kByte + 8>(words[2], ninth, head.signs[2 * kPart + 1], take);
    take_word<1, 4, 8 * kByte + 12>(words[3], ninth, head.signs[2 * kPart + 1], take);
  }

 private:
  template <int kGroup, int kFirst, int kBit, int kByte = 0, class Take>
  CELLM_INLINE static void take_word(IntVec lower, IntVec ninth, IntVec signs, Take& take) {
    const IntVec index = byte_or(lane_bits<8 * kByte>(lower, 255), lane_bits<kBit - 8>(ninth, 256));
    take_signed_quad<kGroup, kFirst + kByte>(kIQ3SGrid, index, signs, take);
    if constexpr (kByte < 3)
      take_word<kGroup, kFirst, kBit + 1, kByte + 1>(lower, ninth, signs, take);
  }
};

// Ternary points that are shifted by 1/8; scales are those of eighths.
template <const BlockShape& kBlockShape, std::size_t kScale>
struct ShiftedGridBlock : GridBlock<kBlockShape, kScale, 128> {
  static constexpr unsigned kBits = 5;
  static constexpr int kZero = kShiftedZero;

  // Bit kBit of a lane says whether the point is shifted down: by 2.
  template <int kGroup, int kPoint, int kBit, class Take>
  CELLM_INLINE static void take_point(IntVec index, IntVec bits, Take& take) {
    IntVec first;
    IntVec second;
    grid_pairs(kIQ1Grid.points, index, first, second);
    const IntVec set = int_shift<31>(int_shift<kBit - 31>(bits));
    const IntVec shift = shift_mask<0>(set, 0xFE);
    take.template quad<kGroup, 2 * kPoint>(byte_add(first, shift));
    take.template quad<kGroup, 2 * kPoint + 1>(byte_add(second, shift));
  }
};

struct IQ1SBlock : ShiftedGridBlock<kIQ1SShape, 32> {
  struct Head {
    IntVec pairs[4];  // 16 bits of two groups
  };
  CELLM_INLINE static Head head(BlockRows rows, FloatVec* scales, FloatVec* /*offsets*/) {
    const FloatVec unit = unit_of(rows, 0.125F);
    Head head;
    load_words(rows.first + 34, rows.stride, head.pairs);
    const IntVec one = int_broadcast(1);
    for (int pair = 0; pair < 4; ++pair) {
      const IntVec bits = head.pairs[pair];
      scales[2 * pair] = float_mul(to_float(byte_or(lane_bits<11>(bits, 14), one)), unit);
      scales[2 * pair + 1] = float_mul(to_float(byte_or(lane_bits<27>(bits, 14), one)), unit);
    }
    return head;
  }
  template <int kPart, class Take>
  CELLM_INLINE static void part(BlockRows rows, const Head& head, Take& take) {
    IntVec lower[4];
    load_words(rows.first + 2 + 16 * kPart, rows.stride, lower);
    take_group<0>(lower[0], head.pairs[2 * kPart], take);
    take_group<1>(lower[1], head.pairs[2 * kPart], take);
    take_group<2>(lower[2], head.pairs[2 * kPart + 1], take);
    take_group<3>(lower[3], head.pairs[2 * kPart + 1], take);
  }

 private:
  template <int kGroup, int kPoint = 0, class Take>
  CELLM_INLINE static void take_group(IntVec lower, IntVec pair, Take& take) {
    constexpr int kFirst = 16 * (kGroup % 2);
    const IntVec index =
        byte_or(lane_bits<8 * kPoint>(lower, 255), lane_bits<kFirst + 3 * kPoint - 8>(pair, 0x700));
    take_point<kGroup, kPoint, kFirst + 15>(index, pair, take);
    if constexpr (kPoint < 3) take_group<kGroup, kPoint + 1>(lower, pair, take);
  }
};

struct IQ1MBlock : ShiftedGridBlock<kIQ1MShape, 16> {
  using Head = NoHead;
  CELLM_INLINE static Head head(BlockRows rows, FloatVec* scales, FloatVec* /*offsets*/) {
    const IntVec first = load_word(rows.first + 48, rows.stride);
    const IntVec second = load_word(rows.first + 52, rows.stride);
    const FloatVec unit =
        float_mul(float_from_low(
                      byte_or(byte_or(lane_bits<12>(first, 0xF), lane_bits<24>(first, 0xF0)),
                              byte_or(lane_bits<4>(second, 0xF00), lane_bits<16>(second, 0xF000)))),
                  float_broadcast(0.125F));
    find_scales<0>(first, unit, scales);
    find_scales<16>(first, unit, scales + 4);
    find_scales<0>(second, unit, scales + 8);
    find_scales<16>(second, unit, scales + 12);
    return {};
  }
  template <int kPart, class Take>
  CELLM_INLINE static void part(BlockRows rows, const Head& /*head*/, Take& take) {
    IntVec lower[4];
    load_words(rows.first + 16 * kPart, rows.stride, lower);
    const IntVec first = load_word(rows.first + 32 + 8 * kPart, rows.stride);
    const IntVec second = load_word(rows.first + 36 + 8 * kPart, rows.stride);
    take_group<0>(lower[0], first, take);
    take_group<1>(lower[1], first, take);
    take_group<2>(lower[2], second, take);
    take_group<3>(lower[3], second, take);
  }

 private:
  // Four scales of 3 bits from bit kBit on.
  template <int kBit, int kScale = 0>
  CELLM_INLINE static void find_scales(IntVec bits, FloatVec unit, FloatVec* out) {
    const IntVec twice = lane_bits<kBit + 3 * kScale - 1>(bits, 14);
    out[kScale] = float_mul(to_float(byte_or(twice, int_broadcast(1))), unit);
    if constexpr (kScale < 3) find_scales<kBit, kScale + 1>(bits, unit, out);
  }
  template <int kGroup, int kPoint = 0, class Take>
  CELLM_INLINE static void take_group(IntVec lower, IntVec pair, Take& take) {
    constexpr int kFirst = 16 * (kGroup % 2) + 4 * kPoint;
    const IntVec index =
        byte_or(lane_bits<8 * kPoint>(lower, 255), lane_bits<kFirst - 8>(pair, 0x700));
    take_point<kGroup, kPoint, kFirst + 3>(index, pair, take);
    if constexpr (kPoint < 3) take_group<kGroup, kPoint + 1>(lower, pair, take);
  }
};
