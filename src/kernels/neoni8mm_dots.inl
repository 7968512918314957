// Products of int8_kernels.inl for the neoni8mm target. Included by target_neoni8mm.cc alone.

constexpr std::size_t kIntTokens = 4;
constexpr int kByteZero = 0;
constexpr bool kWideDots = true;

template <unsigned kBits>
IntVec dot_quads(IntVec acc, IntVec w, InputVec x) {
  const auto dot = [x](uint8x16_t sum, uint8x16_t codes) {
    return as_u8(vusdotq_lane_s32(as_s32(sum), codes, x, 0));
  };
  return {dot(acc.low, w.low), dot(acc.high, w.high)};
}

using NarrowSums = NoProducts;
using WidePairs = NoProducts;

// usmmla multiplies 2 rows with 2 tokens, 8 columns at a time: twice the products of a usdot.
struct TileProducts {
  static constexpr bool kUsed = true;
  static constexpr bool kWhole = false;

  // Two quads as pairs of rows: 8 columns of row 2 i, then of row 2 i + 1.
  template <unsigned kBits, int>
  static void arrange(const unsigned char* from, unsigned char* to) {
    uint8x16_t pairs[kRowPairs];
    for (std::size_t i = 0; i < kRowPairs; i += 2) {
      const int32x4_t first = as_s32(vld1q_u8(from + 8 * i));
      const int32x4_t second = as_s32(vld1q_u8(from + 64 + 8 * i));
      pairs[i] = as_u8(vzip1q_s32(first, second));
      pairs[i + 1] = as_u8(vzip2q_s32(first, second));
    }
    for (std::size_t i = 0; i < kRowPairs; ++i) vst1q_u8(to + 16 * i, pairs[i]);
  }

  // A single token is paired with itself.
  template <unsigned kBits, std::size_t kTokens>
  [[gnu::always_inline]] static inline void add(const unsigned char* bytes,
                                                const signed char* inputs, std::size_t stride,
                                                std::size_t columns, IntVec (*acc)[2]) {
    static_assert(kTokens == 1 || kTokens % 2 == 0);
    constexpr std::size_t kPairs = (kTokens + 1) / 2;
    int32x4_t sums[kPairs][kRowPairs];  // row 2 i of both tokens, row 2 i + 1 of both
    for (auto& of_pair : sums) {
      for (int32x4_t& sum : of_pair) sum = vdupq_n_s32(0);
    }
    for (std::size_t c = 0; c < columns; c += 16, bytes += 256) {
      int8x16_t x[2][kPairs];  // 8 columns of both tokens
      for (std::size_t p = 0; p < kPairs; ++p) {
        const signed char* first = inputs + 2 * p * stride + c;
        const int64x2_t a = vreinterpretq_s64_s8(vld1q_s8(first));
        const int64x2_t b = kTokens == 1 ? a : vreinterpretq_s64_s8(vld1q_s8(first + stride));
        x[0][p] = vreinterpretq_s8_s64(vzip1q_s64(a, b));
        x[1][p] = vreinterpretq_s8_s64(vzip2q_s64(a, b));
      }
      add_rows<kPairs>(bytes, x[0], sums);
      add_rows<kPairs>(bytes + 128, x[1], sums);
    }
    for (std::size_t p = 0; p < kPairs; ++p) {
      for (std::size_t v = 0; v < 2; ++v) {
        const int32x4_t* rows = sums[p] + 4 * v;
        acc[2 * p][v] = int_add(acc[2 * p][v], {as_u8(vuzp1q_s32(rows[0], rows[1])),
                                                as_u8(vuzp1q_s32(rows[2], rows[3]))});
        if constexpr (kTokens > 1) {
          acc[2 * p + 1][v] = int_add(acc[2 * p + 1][v], {as_u8(vuzp2q_s32(rows[0], rows[1])),
                                                          as_u8(vuzp2q_s32(rows[2], rows[3]))});
        }
      }
    }
  }

 private:
  static constexpr std::size_t kRowPairs = 8;

  template <std::size_t kPairs>
  [[gnu::always_inline]] static inline void add_rows(const unsigned char* bytes, const int8x16_t* x,
                                                     int32x4_t (*sums)[kRowPairs]) {
#pragma GCC unroll 8
    for (std::size_t i = 0; i < kRowPairs; ++i) {
      const uint8x16_t w = vld1q_u8(bytes + 16 * i);
      for (std::size_t p = 0; p < kPairs; ++p) sums[p][i] = vusmmlaq_s32(sums[p][i], w, x[p]);
    }
  }
};
