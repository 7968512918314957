// The block formats (format/block_formats.h) as integer dot products see them: one hook for each,
// for all targets. The including file is inside an unnamed namespace and has included
// trellis_kernels.inl and its requirements. It has defined the functions below, where lane r of a
// vector belongs to row r of kIntLanes rows that lie `stride` bytes apart.
//
// load_word(p, stride): the 4 bytes at p + r · stride.
// load_words(p, stride, words): the 16 bytes at p + r · stride, 4 in each of words[0…3].
// lane_bits<kShift>(v, mask): each lane shifted right by kShift (left if negative) without sign,
// then masked.
// spread_bits<kQuad, kValue>(v): byte k of a lane is kValue if bit 4 · kQuad + k of the lane is
// set, else 0. mirror_bytes<kQuad>(codes, v): byte k of a lane of the codes, a, is 128 − a where
// bit 4 · kQuad + k of the lane of v is set. float_from_low(v), float_from_high(v): the lower or
// upper 16 bits of each lane, an f16, as float. float_bits(v): each lane as the bits of a float.
// float_fma(a, b, c): a · b + c, rounded once on every target.
// int_max(a, b): of signed lanes.
// grid_pairs(grid, v, first, second): of grid[i], i the lane's index, the lower 4 bytes and the
// upper. grid_words(grid, v): grid[i], i the lane's index.
//
// The members of a hook:
//
// kShape, kBits: the block's shape and the bits of a code.
// kZero: the code of a weight of 0, if there are no offsets.
// kOffsets: whether a weight is code · scale + offset instead of (code − kZero) · scale.
// kScaleColumns: columns that share a scale, and an offset, 32 or 16.
// kPartColumns: columns whose codes part() finds together.
// Head: what is found once for all parts of a block.
// head(rows, scales, offsets): finds the scales and offsets of one block of kIntLanes rows.
// part<kPart>(rows, head, take): calls take.quad<kGroup, kQuad>(codes) with the codes, one byte
// each, of every quad of 4 columns of every group of 32 columns of a part.
//
// No byte outside of a block is read.

// Vectors stay in registers only if all is one function. Where a vector is an array, nothing is
// gained, and compiling takes minutes.
#ifdef CELLM_SCALAR
#define CELLM_INLINE inline
#else
#define CELLM_INLINE [[gnu::always_inline]] inline
#endif

// kIntLanes rows of one block.
struct BlockRows {
  const unsigned char* first;
  std::size_t stride;
  CELLM_INLINE BlockRows after(std::size_t bytes) const { return {first + bytes, stride}; }
};

struct NoHead {};

// The quads of 32 codes of 4 bits in 16 bytes: byte j holds the codes of columns j and j + 16. They
// are passed through kMap.
template <class Take, class Map>
CELLM_INLINE void take_nibbles(BlockRows codes, Take& take, Map&& map) {
  IntVec words[4];
  load_words(codes.first, codes.stride, words);
  take.template quad<0, 0>(map.template code<0>(shift_mask<0>(words[0], 15)));
  take.template quad<0, 1>(map.template code<1>(shift_mask<0>(words[1], 15)));
  take.template quad<0, 2>(map.template code<2>(shift_mask<0>(words[2], 15)));
  take.template quad<0, 3>(map.template code<3>(shift_mask<0>(words[3], 15)));
  take.template quad<0, 4>(map.template code<4>(shift_mask<4>(words[0], 15)));
  take.template quad<0, 5>(map.template code<5>(shift_mask<4>(words[1], 15)));
  take.template quad<0, 6>(map.template code<6>(shift_mask<4>(words[2], 15)));
  take.template quad<0, 7>(map.template code<7>(shift_mask<4>(words[3], 15)));
}
struct AsTheyAre {
  template <int kQuad>
  CELLM_INLINE IntVec code(IntVec nibbles) const {
    return nibbles;
  }
};
struct WithFifthBits {
  IntVec fifth;  // bit i of a lane belongs to column i
  template <int kQuad>
  CELLM_INLINE IntVec code(IntVec nibbles) const {
    return byte_or(nibbles, spread_bits<kQuad, 16>(fifth));
  }
};
// Through a table of 16 values, with kZero added so that they are unsigned.
struct Looked {
  IntVec table;
  template <int kQuad>
  CELLM_INLINE IntVec code(IntVec nibbles) const {
    return lookup(table, nibbles);
  }
};
template <const signed char (&kValues)[16], int kZero>
CELLM_INLINE Looked looked() {
  struct Table {
    unsigned char values[16];
  };
  static constexpr Table kTable = [] {
    Table shifted{};
    for (int i = 0; i < 16; ++i) {
      shifted.values[i] = static_cast<unsigned char>(kValues[i] + kZero);
    }
    return shifted;
  }();
  return {load_table(kTable.values)};
}

// Formats of 32 columns and one scale.
template <const BlockShape& kBlockShape, unsigned kCodeBits, int kZeroCode, bool kHasOffset>
struct SmallBlock {
  static constexpr BlockShape kShape = kBlockShape;
  static constexpr unsigned kBits = kCodeBits;
  static constexpr int kZero = kZeroCode;
  static constexpr bool kOffsets = kHasOffset;
  static constexpr std::size_t kScaleColumns = 32;
  static constexpr std::size_t kPartColumns = 32;
  using Head = NoHead;
  CELLM_INLINE static Head head(BlockRows rows, FloatVec* scales, FloatVec* offsets) {
    const IntVec word = load_word(rows.first, rows.stride);
    scales[0] = float_from_low(word);
    if constexpr (kHasOffset) offsets[0] = float_from_high(word);
    return {};
  }
};

struct Q40Block : SmallBlock<kQ40Shape, 4, 8, false> {
  template <int kPart, class Take>
  CELLM_INLINE static void part(BlockRows rows, const Head& /*head*/, Take& take) {
    take_nibbles(rows.after(2), take, AsTheyAre{});
  }
};
struct Q41Block : SmallBlock<kQ41Shape, 4, 0, true> {
  template <int kPart, class Take>
  CELLM_INLINE static void part(BlockRows rows, const Head& /*head*/, Take& take) {
    take_nibbles(rows.after(4), take, AsTheyAre{});
  }
};
struct Q50Block : SmallBlock<kQ50Shape, 5, 16, false> {
  template <int kPart, class Take>
  CELLM_INLINE static void part(BlockRows rows, const Head& /*head*/, Take& take) {
    const BlockRows fifth = rows.after(2);
    take_nibbles(rows.after(6), take, WithFifthBits{load_word(fifth.first, fifth.stride)});
  }
};
struct Q51Block : SmallBlock<kQ51Shape, 5, 0, true> {
  template <int kPart, class Take>
  CELLM_INLINE static void part(BlockRows rows, const Head& /*head*/, Take& take) {
    const BlockRows fifth = rows.after(4);
    take_nibbles(rows.after(8), take, WithFifthBits{load_word(fifth.first, fifth.stride)});
  }
};
struct IQ4NLBlock : SmallBlock<kIQ4NLShape, 8, 128, false> {
  template <int kPart, class Take>
  CELLM_INLINE static void part(BlockRows rows, const Head& /*head*/, Take& take) {
    take_nibbles(rows.after(2), take, looked<kNonLinearValues, kZero>());
  }
};

struct Q80Block : SmallBlock<kQ80Shape, 8, 128, false> {
  template <int kPart, class Take>
  CELLM_INLINE static void part(BlockRows rows, const Head& /*head*/, Take& take) {
    take_bytes<0>(rows.after(2), take);
    take_bytes<4>(rows.after(18), take);
  }

 private:
  template <int kFirst, class Take>
  CELLM_INLINE static void take_bytes(BlockRows codes, Take& take) {
    IntVec words[4];
    load_words(codes.first, codes.stride, words);
    const IntVec sign = int_broadcast(static_cast<std::int32_t>(0x80808080U));
    take.template quad<0, kFirst>(byte_xor(words[0], sign));
    take.template quad<0, kFirst + 1>(byte_xor(words[1], sign));
    take.template quad<0, kFirst + 2>(byte_xor(words[2], sign));
    take.template quad<0, kFirst + 3>(byte_xor(words[3], sign));
  }
};

// The bytes of each lane times `unit`, kStep vectors apart.
template <int kByte, int kStep = 1>
CELLM_INLINE void multiples(IntVec bytes, FloatVec unit, FloatVec* out) {
  out[kByte * kStep] = float_mul(to_float(lane_bits<8 * kByte>(bytes, 255)), unit);
  if constexpr (kByte < 3) multiples<kByte + 1, kStep>(bytes, unit, out);
}
// Scales and minima of format/k_scales.h.
CELLM_INLINE void k_scales(BlockRows rows, FloatVec* scales, FloatVec* offsets) {
  IntVec words[4];
  load_words(rows.first, rows.stride, words);
  const FloatVec scale = float_from_low(words[0]);
  const FloatVec minus = float_mul(float_from_high(words[0]), float_broadcast(-1.0F));
  multiples<0>(shift_mask<0>(words[1], 63), scale, scales);
  multiples<0>(shift_mask<0>(words[2], 63), minus, offsets);
  const IntVec upper_scales = shift_mask<2>(words[1], 0x30);
  const IntVec upper_minima = shift_mask<2>(words[2], 0x30);
  multiples<0>(byte_or(shift_mask<0>(words[3], 15), upper_scales), scale, scales + 4);
  multiples<0>(byte_or(shift_mask<4>(words[3], 15), upper_minima), minus, offsets + 4);
}

template <const BlockShape& kBlockShape, unsigned kCodeBits>
struct KBlock {
  static constexpr BlockShape kShape = kBlockShape;
  static constexpr unsigned kBits = kCodeBits;
  static constexpr int kZero = 0;
  static constexpr bool kOffsets = true;
  static constexpr std::size_t kScaleColumns = 32;
  static constexpr std::size_t kPartColumns = 64;
};

struct Q4KBlock : KBlock<kQ4KShape, 4> {
  using Head = NoHead;
  CELLM_INLINE static Head head(BlockRows rows, FloatVec* scales, FloatVec* offsets) {
    k_scales(rows, scales, offsets);
    return {};
  }
  template <int kPart, class Take>
  CELLM_INLINE static void part(BlockRows rows, const Head& /*head*/, Take& take) {
    take_pairs<0>(rows.after(16 + 32 * kPart), take);
    take_pairs<4>(rows.after(32 + 32 * kPart), take);
  }

 private:
  template <int kFirst, class Take>
  CELLM_INLINE static void take_pairs(BlockRows codes, Take& take) {
    IntVec words[4];
    load_words(codes.first, codes.stride, words);
    take_pair<kFirst>(words[0], take);
    take_pair<kFirst + 1>(words[1], take);
    take_pair<kFirst + 2>(words[2], take);
    take_pair<kFirst + 3>(words[3], take);
  }
  template <int kQuad, class Take>
  CELLM_INLINE static void take_pair(IntVec word, Take& take) {
    take.template quad<0, kQuad>(shift_mask<0>(word, 15));
    take.template quad<1, kQuad>(shift_mask<4>(word, 15));
  }
};

struct Q5KBlock : KBlock<kQ5KShape, 5> {
  struct Head {
    IntVec fifth[8];  // of quad q of every group; bit s of a byte belongs to group s
  };
  CELLM_INLINE static Head head(BlockRows rows, FloatVec* scales, FloatVec* offsets) {
    k_scales(rows, scales, offsets);
    Head head;
    load_words(rows.first + 16, rows.stride, head.fifth);
    load_words(rows.first + 32, rows.stride, head.fifth + 4);
    return head;
  }
  template <int kPart, class Take>
  CELLM_INLINE static void part(BlockRows rows, const Head& head, Take& take) {
    take_pairs<kPart, 0>(rows.after(48 + 32 * kPart), head, take);
    take_pairs<kPart, 4>(rows.after(64 + 32 * kPart), head, take);
  }

 private:
  template <int kPart, int kFirst, class Take>
  CELLM_INLINE static void take_pairs(BlockRows codes, const Head& head, Take& take) {
    IntVec words[4];
    load_words(codes.first, codes.stride, words);
    take_pair<kPart, kFirst>(words[0], head, take);
    take_pair<kPart, kFirst + 1>(words[1], head, take);
    take_pair<kPart, kFirst + 2>(words[2], head, take);
    take_pair<kPart, kFirst + 3>(words[3], head, take);
  }
  template <int kPart, int kQuad, class Take>
  CELLM_INLINE static void take_pair(IntVec word, const Head& head, Take& take) {
    const IntVec low = shift_mask<2 * kPart - 4>(head.fifth[kQuad], 16);
    const IntVec high = shift_mask<2 * kPart - 3>(head.fifth[kQuad], 16);
    take.template quad<0, kQuad>(byte_or(shift_mask<0>(word, 15), low));
    take.template quad<1, kQuad>(byte_or(shift_mask<4>(word, 15), high));
  }
};

struct Q6KBlock {
  static constexpr BlockShape kShape = kQ6KShape;
  static constexpr unsigned kBits = 6;
  static constexpr int kZero = 32;
  static constexpr bool kOffsets = false;
  static constexpr std::size_t kScaleColumns = 16;
  static constexpr std::size_t kPartColumns = 128;
  using Head = NoHead;
  CELLM_INLINE static Head head(BlockRows rows, FloatVec* scales, FloatVec* /*offsets*/) {
    IntVec words[4];
    load_words(rows.first + 194, rows.stride, words);
    const FloatVec unit = float_from_high(words[3]);
    load_words(rows.first + 192, rows.stride, words);
    signed_multiples<0>(words[0], unit, scales);
    signed_multiples<0>(words[1], unit, scales + 4);
    signed_multiples<0>(words[2], unit, scales + 8);
    signed_multiples<0>(words[3], unit, scales + 12);
    return {};
  }
  template <int kPart, class Take>
  CELLM_INLINE static void part(BlockRows rows, const Head& /*head*/, Take& take) {
    take_columns<0>(rows.after(64 * kPart), rows.after(128 + 32 * kPart), take);
    take_columns<4>(rows.after(64 * kPart + 16), rows.after(128 + 32 * kPart + 16), take);
  }

 private:
  template <int kByte>
  CELLM_INLINE static void signed_multiples(IntVec bytes, FloatVec unit, FloatVec* out) {
    out[kByte] = float_mul(to_float(int_shift<24>(int_shift<8 * kByte - 24>(bytes))), unit);
    if constexpr (kByte < 3) signed_multiples<kByte + 1>(bytes, unit, out);
  }
  // 16 columns of each of the part's 4 groups.
  template <int kFirst, class Take>
  CELLM_INLINE static void take_columns(BlockRows lower, BlockRows upper, Take& take) {
    IntVec even[4];  // of groups 0 and 2
    IntVec odd[4];
    IntVec bits[4];
    load_words(lower.first, lower.stride, even);
    load_words(lower.first + 32, lower.stride, odd);
    load_words(upper.first, upper.stride, bits);
    take_quads<kFirst>(even[0], odd[0], bits[0], take);
    take_quads<kFirst + 1>(even[1], odd[1], bits[1], take);
    take_quads<kFirst + 2>(even[2], odd[2], bits[2], take);
    take_quads<kFirst + 3>(even[3], odd[3], bits[3], take);
  }
  template <int kQuad, class Take>
  CELLM_INLINE static void take_quads(IntVec even, IntVec odd, IntVec bits, Take& take) {
    take.template quad<0, kQuad>(byte_or(shift_mask<0>(even, 15), shift_mask<-4>(bits, 0x30)));
    take.template quad<1, kQuad>(byte_or(shift_mask<0>(odd, 15), shift_mask<-2>(bits, 0x30)));
    take.template quad<2, kQuad>(byte_or(shift_mask<4>(even, 15), shift_mask<0>(bits, 0x30)));
    take.template quad<3, kQuad>(byte_or(shift_mask<4>(odd, 15), shift_mask<2>(bits, 0x30)));
  }
};

struct IQ4XSBlock {
  static constexpr BlockShape kShape = kIQ4XSShape;
  static constexpr unsigned kBits = 8;
  static constexpr int kZero = 128;
  static constexpr bool kOffsets = false;
  static constexpr std::size_t kScaleColumns = 32;
  static constexpr std::size_t kPartColumns = 32;
  using Head = NoHead;
  CELLM_INLINE static Head head(BlockRows rows, FloatVec* scales, FloatVec* /*offsets*/) {
    const IntVec first = load_word(rows.first, rows.stride);
    find_scales<0>(load_word(rows.first + 4, rows.stride), first, float_from_low(first), scales);
    return {};
  }
  template <int kPart, class Take>
  CELLM_INLINE static void part(BlockRows rows, const Head& /*head*/, Take& take) {
    take_nibbles(rows.after(8 + 16 * kPart), take, looked<kNonLinearValues, kZero>());
  }

 private:
  template <int kScale>
  CELLM_INLINE static void find_scales(IntVec lower, IntVec upper, FloatVec unit, FloatVec* out) {
    const IntVec bits = byte_or(lane_bits<4 * kScale>(lower, 15),
                                int_shift<-4>(lane_bits<16 + 2 * kScale>(upper, 3)));
    out[kScale] = float_mul(to_float(int_add(bits, int_broadcast(-32))), unit);
    if constexpr (kScale < 7) find_scales<kScale + 1>(lower, upper, unit, out);
  }
};
