// Hooks of the block formats of 1 to 3 bits and of 4-bit floats; see block_unpack.inl. Included by
// block_kernels.inl alone.

// The quads of 128 columns in 32 bytes: byte j holds the codes of columns j, j + 32, j + 64 and
// j + 96, from its lowest bits on. They go to groups 0 to 3 of a part.
template <int kQuad, class Take>
CELLM_INLINE void take_word_bits(IntVec word, Take& take) {
  take.template quad<0, kQuad>(shift_mask<0>(word, 3));
  take.template quad<1, kQuad>(shift_mask<2>(word, 3));
  take.template quad<2, kQuad>(shift_mask<4>(word, 3));
  take.template quad<3, kQuad>(shift_mask<6>(word, 3));
}
template <int kFirst, class Take>
CELLM_INLINE void take_two_bits(BlockRows codes, Take& take) {
  IntVec words[4];
  load_words(codes.first, codes.stride, words);
  take_word_bits<kFirst>(words[0], take);
  take_word_bits<kFirst + 1>(words[1], take);
  take_word_bits<kFirst + 2>(words[2], take);
  take_word_bits<kFirst + 3>(words[3], take);
}

struct Q2KBlock {
  static constexpr BlockShape kShape = kQ2KShape;
  static constexpr unsigned kBits = 4;
  static constexpr int kZero = 0;
  static constexpr bool kOffsets = true;
  static constexpr std::size_t kScaleColumns = 16;
  static constexpr std::size_t kPartColumns = 128;
  using Head = NoHead;
  CELLM_INLINE static Head head(BlockRows rows, FloatVec* scales, FloatVec* offsets) {
    const IntVec units = load_word(rows.first + 80, rows.stride);
    const FloatVec scale = float_from_low(units);
    const FloatVec minus = float_mul(float_from_high(units), float_broadcast(-1.0F));
    IntVec words[4];
    load_words(rows.first, rows.stride, words);
    for (int w = 0; w < 4; ++w) {
      multiples<0>(shift_mask<0>(words[w], 15), scale, scales + 4 * w);
      multiples<0>(shift_mask<4>(words[w], 15), minus, offsets + 4 * w);
    }
    return {};
  }
  template <int kPart, class Take>
  CELLM_INLINE static void part(BlockRows rows, const Head& /*head*/, Take& take) {
    take_two_bits<0>(rows.after(16 + 32 * kPart), take);
    take_two_bits<4>(rows.after(32 + 32 * kPart), take);
  }
};

struct Q3KBlock {
  static constexpr BlockShape kShape = kQ3KShape;
  static constexpr unsigned kBits = 4;
  static constexpr int kZero = 4;
  static constexpr bool kOffsets = false;
  static constexpr std::size_t kScaleColumns = 16;
  static constexpr std::size_t kPartColumns = 128;
  struct Head {
    IntVec third[8];  // of quad q of every group; bit g of a byte belongs to group g
  };
  CELLM_INLINE static Head head(BlockRows rows, FloatVec* scales, FloatVec* /*offsets*/) {
    const IntVec first = load_word(rows.first + 96, rows.stride);
    const IntVec second = load_word(rows.first + 100, rows.stride);
    const IntVec upper = load_word(rows.first + 104, rows.stride);
    const FloatVec unit = float_from_high(load_word(rows.first + 106, rows.stride));
    find_scales<0>(byte_or(shift_mask<0>(first, 15), shift_mask<-4>(upper, 0x30)), unit, scales);
    find_scales<0>(byte_or(shift_mask<0>(second, 15), shift_mask<-2>(upper, 0x30)), unit,
                   scales + 4);
    find_scales<0>(byte_or(shift_mask<4>(first, 15), shift_mask<0>(upper, 0x30)), unit, scales + 8);
    find_scales<0>(byte_or(shift_mask<4>(second, 15), shift_mask<2>(upper, 0x30)), unit,
                   scales + 12);
    Head head;
    load_words(rows.first, rows.stride, head.third);
    load_words(rows.first + 16, rows.stride, head.third + 4);
    return head;
  }
  template <int kPart, class Take>
  CELLM_INLINE static void part(BlockRows rows, const Head& head, Take& take) {
    take_columns<kPart, 0>(rows.after(32 + 32 * kPart), head, take);
    take_columns<kPart, 4>(rows.after(48 + 32 * kPart), head, take);
  }

 private:
  template <int kByte>
  CELLM_INLINE static void find_scales(IntVec bytes, FloatVec unit, FloatVec* out) {
    const IntVec bits = lane_bits<8 * kByte>(bytes, 255);
    out[kByte] = float_mul(to_float(int_add(bits, int_broadcast(-32))), unit);
    if constexpr (kByte < 3) find_scales<kByte + 1>(bytes, unit, out);
  }
  // 16 columns of each of the part's 4 groups.
  template <int kPart, int kFirst, class Take>
  CELLM_INLINE static void take_columns(BlockRows codes, const Head& head, Take& take) {
    IntVec words[4];
    load_words(codes.first, codes.stride, words);
    take_quads<kPart, kFirst>(words[0], head, take);
    take_quads<kPart, kFirst + 1>(words[1], head, take);
    take_quads<kPart, kFirst + 2>(words[2], head, take);
    take_quads<kPart, kFirst + 3>(words[3], head, take);
  }
  template <int kPart, int kQuad, class Take>
  CELLM_INLINE static void take_quads(IntVec word, const Head& head, Take& take) {
    const IntVec third = head.third[kQuad];
    take.template quad<0, kQuad>(
        byte_or(shift_mask<0>(word, 3), shift_mask<4 * kPart - 2>(third, 4)));
    take.template quad<1, kQuad>(
        byte_or(shift_mask<2>(word, 3), shift_mask<4 * kPart - 1>(third, 4)));
    take.template quad<2, kQuad>(byte_or(shift_mask<4>(word, 3), shift_mask<4 * kPart>(third, 4)));
    take.template quad<3, kQuad>(
        byte_or(shift_mask<6>(word, 3), shift_mask<4 * kPart + 1>(third, 4)));
  }
};

// Ternary codes and those of Q2_0: a weight is code − 1 times the only scale of a block.
template <const BlockShape& kBlockShape, std::size_t kColumns>
struct OneScaleBlock {
  static constexpr BlockShape kShape = kBlockShape;
  static constexpr unsigned kBits = 4;
  static constexpr int kZero = 1;
  static constexpr bool kOffsets = false;
  static constexpr std::size_t kScaleColumns = 32;
  static constexpr std::size_t kPartColumns = kColumns;
  using Head = NoHead;
  CELLM_INLINE static Head head(BlockRows rows, FloatVec* scales, FloatVec* /*offsets*/) {
    constexpr std::size_t kAt = kBlockShape.halves[0];
    const FloatVec scale = kAt == 0 ? float_from_low(load_word(rows.first, rows.stride))
                                    : float_from_high(load_word(rows.first + kAt - 2, rows.stride));
    for (std::size_t group = 0; group < kBlockShape.columns / 32; ++group) scales[group] = scale;
    return {};
  }
};

struct TQ20Block : OneScaleBlock<kTQ20Shape, 128> {
  template <int kPart, class Take>
  CELLM_INLINE static void part(BlockRows rows, const Head& /*head*/, Take& take) {
    take_two_bits<0>(rows.after(32 * kPart), take);
    take_two_bits<4>(rows.after(32 * kPart + 16), take);
  }
};

struct TQ10Block : OneScaleBlock<kTQ10Shape, 256> {
  template <int kPart, class Take>
  CELLM_INLINE static void part(BlockRows rows, const Head& /*head*/, Take& take) {
    take_digits<0, 32, 0>(rows, take);
    take_digits<16, 32, 16>(rows, take);
    take_digits<32, 16, 160>(rows, take);
    take_word<4, 4, 240>(load_word(rows.first + 48, rows.stride), take);
  }

 private:
  // floor(3 q / 256), as the upper two bits of the mean of q and floor(q / 2).
  CELLM_INLINE static IntVec digit(IntVec q) {
    const IntVec half = shift_mask<1>(q, 127);
    const IntVec other_half = byte_add(half, shift_mask<0>(q, 1));
    return shift_mask<6>(byte_add(half, shift_mask<1>(other_half, 127)), 3);
  }
  // Digits of the 4 columns from kColumn on, and of those kStep columns further for each digit.
  template <int kDigits, int kStep, int kColumn, class Take>
  CELLM_INLINE static void take_word(IntVec q, Take& take) {
    take.template quad<kColumn / 32, kColumn % 32 / 4>(digit(q));
    if constexpr (kDigits > 1) {
      take_word<kDigits - 1, kStep, kColumn + kStep>(byte_add(byte_add(q, q), q), take);
    }
  }
  // 16 bytes at kByte, whose first digits are those of the columns from kColumn on.
  template <int kByte, int kStep, int kColumn, class Take>
  CELLM_INLINE static void take_digits(BlockRows rows, Take& take) {
    IntVec words[4];
    load_words(rows.first + kByte, rows.stride, words);
    take_word<5, kStep, kColumn>(words[0], take);
    take_word<5, kStep, kColumn + 4>(words[1], take);
    take_word<5, kStep, kColumn + 8>(words[2], take);
    take_word<5, kStep, kColumn + 12>(words[3], take);
  }
};

struct Q10Block : OneScaleBlock<kQ10Shape, 128> {
  template <int kPart, class Take>
  CELLM_INLINE static void part(BlockRows rows, const Head& /*head*/, Take& take) {
    IntVec words[4];
    load_words(rows.first + 2, rows.stride, words);
    take_bits<0, 0>(words[0], take);
    take_bits<1, 0>(words[1], take);
    take_bits<2, 0>(words[2], take);
    take_bits<3, 0>(words[3], take);
  }

 private:
  template <int kGroup, int kQuad, class Take>
  CELLM_INLINE static void take_bits(IntVec bits, Take& take) {
    take.template quad<kGroup, kQuad>(spread_bits<kQuad, 2>(bits));
    if constexpr (kQuad < 7) take_bits<kGroup, kQuad + 1>(bits, take);
  }
};

template <const BlockShape& kBlockShape>
struct CrumbBlock : OneScaleBlock<kBlockShape, 64> {
  template <int kPart, class Take>
  CELLM_INLINE static void part(BlockRows rows, const NoHead& /*head*/, Take& take) {
    IntVec words[4];
    load_words(rows.first + 2 + 16 * kPart, rows.stride, words);
    take_bytes<0, 0>(words[0], take);
    take_bytes<0, 4>(words[1], take);
    take_bytes<1, 0>(words[2], take);
    take_bytes<1, 4>(words[3], take);
  }

 private:
  // Each byte of a lane holds a quad: its pairs of bits are moved apart.
  template <int kGroup, int kFirst, int kByte = 0, class Take>
  CELLM_INLINE static void take_bytes(IntVec word, Take& take) {
    const IntVec byte = lane_bits<8 * kByte>(word, 255);
    const IntVec halves = byte_or(byte, int_shift<-6>(byte));
    take.template quad<kGroup, kFirst + kByte>(
        shift_mask<0>(byte_or(halves, int_shift<-12>(halves)), 3));
    if constexpr (kByte < 3) take_bytes<kGroup, kFirst, kByte + 1>(word, take);
  }
};
using Q20Block = CrumbBlock<kQ20Shape>;
using Q20G128Block = CrumbBlock<kQ20G128Shape>;

struct FourBitFloats {
  static constexpr unsigned kBits = 5;
  static constexpr int kZero = 12;
  static constexpr bool kOffsets = false;
  static constexpr std::size_t kPartColumns = 32;
  using Head = NoHead;
};

struct MXFP4Block : FourBitFloats {
  static constexpr BlockShape kShape = kMXFP4Shape;
  static constexpr std::size_t kScaleColumns = 32;
  CELLM_INLINE static Head head(BlockRows rows, FloatVec* scales, FloatVec* /*offsets*/) {
    // The bits of 2^(e − 128): of a subnormal number, e + 1 times 2^21, if e is 0 or 1.
    const IntVec e = lane_bits<0>(load_word(rows.first, rows.stride), 255);
    const IntVec normal = int_shift<-23>(int_add(e, int_broadcast(-1)));
    const IntVec subnormal = int_shift<-21>(int_add(e, int_broadcast(1)));
    scales[0] = float_bits(int_max(normal, subnormal));
    return {};
  }
  template <int kPart, class Take>
  CELLM_INLINE static void part(BlockRows rows, const Head& /*head*/, Take& take) {
    take_nibbles(rows.after(1), take, looked<kFourBitFloats, kZero>());
  }
};

struct NVFP4Block : FourBitFloats {
  static constexpr BlockShape kShape = kNVFP4Shape;
  static constexpr std::size_t kScaleColumns = 16;
  CELLM_INLINE static Head head(BlockRows rows, FloatVec* scales, FloatVec* /*offsets*/) {
    find_scales<0>(load_word(rows.first, rows.stride), scales);
    return {};
  }
  template <int kPart, class Take>
  CELLM_INLINE static void part(BlockRows rows, const Head& /*head*/, Take& take) {
    IntVec words[4];
    load_words(rows.first + 4 + 16 * kPart, rows.stride, words);
    take_half<0>(words[0], words[1], take);
    take_half<4>(words[2], words[3], take);
  }

 private:
  // The mantissa and exponent of an f16, times 2^7; 0 for 0x7F, which differs from 0x7F by 0.
  template <int kByte>
  CELLM_INLINE static void find_scales(IntVec bytes, FloatVec* out) {
    const IntVec bits = lane_bits<8 * kByte>(bytes, 255);
    const IntVec other = byte_xor(bits, int_broadcast(0x7F));
    const FloatVec factor = float_mul(to_float(lane_bits<8>(int_add(other, int_broadcast(255)), 1)),
                                      float_broadcast(128.0F));
    out[kByte] = float_mul(float_from_low(int_shift<-7>(lane_bits<0>(bits, 0x7F))), factor);
    if constexpr (kByte < 3) find_scales<kByte + 1>(bytes, out);
  }
  template <int kFirst, class Take>
  CELLM_INLINE static void take_half(IntVec first, IntVec second, Take& take) {
    const auto map = looked<kFourBitFloats, kZero>();
    take.template quad<0, kFirst>(map.template code<0>(shift_mask<0>(first, 15)));
    take.template quad<0, kFirst + 1>(map.template code<0>(shift_mask<0>(second, 15)));
    take.template quad<0, kFirst + 2>(map.template code<0>(shift_mask<4>(first, 15)));
    take.template quad<0, kFirst + 3>(map.template code<0>(shift_mask<4>(second, 15)));
  }
};
