// Products of int8_kernels.inl for the neon target. Included by target_neon.cc alone.

constexpr std::size_t kIntTokens = 4;
constexpr int kByteZero = 128;
constexpr bool kWideDots = false;

// sdot multiplies signed bytes. Unpacked codes are below 128; from those of 8 bits 128 is taken.
uint8x16_t less_128(uint8x16_t codes) {
  return veorq_u8(codes, vdupq_n_u8(0x80));
}
template <unsigned kBits>
IntVec dot_quads(IntVec acc, IntVec w, InputVec x) {
  if constexpr (kBits == 8) w = {less_128(w.low), less_128(w.high)};
  const auto dot = [x](uint8x16_t sum, uint8x16_t codes) {
    return as_u8(vdotq_lane_s32(as_s32(sum), vreinterpretq_s8_u8(codes), x, 0));
  };
  return {dot(acc.low, w.low), dot(acc.high, w.high)};
}

using NarrowSums = NoProducts;
using WidePairs = NoProducts;

// 16 columns of a token in a register, of which an sdot takes 4.
struct TileProducts {
  static constexpr bool kUsed = true;
  static constexpr bool kWhole = false;

  template <unsigned kBits, int>
  static void arrange(const unsigned char* from, unsigned char* to) {
    if constexpr (kBits == 8) {
      for (std::size_t i = 0; i < 128; i += 16) vst1q_u8(to + i, less_128(vld1q_u8(from + i)));
    }
  }

  template <unsigned kBits, std::size_t kTokens>
  [[gnu::always_inline]] static inline void add(const unsigned char* bytes,
                                                const signed char* inputs, std::size_t stride,
                                                std::size_t columns, IntVec (*acc)[2]) {
    // As other types or in other places g++ 12 moves them between registers.
    int32x4_t sums[kTokens][4];
    for (std::size_t t = 0; t < kTokens; ++t) {
      for (std::size_t v = 0; v < 2; ++v) {
        sums[t][2 * v] = as_s32(acc[t][v].low);
        sums[t][2 * v + 1] = as_s32(acc[t][v].high);
      }
    }
    for (std::size_t c = 0; c < columns; c += 16, bytes += 256) {
      int8x16_t x[kTokens];
      for (std::size_t t = 0; t < kTokens; ++t) x[t] = vld1q_s8(inputs + t * stride + c);
      add_quad<0, kTokens>(bytes, x, sums);
      add_quad<1, kTokens>(bytes + 64, x, sums);
      add_quad<2, kTokens>(bytes + 128, x, sums);
      add_quad<3, kTokens>(bytes + 192, x, sums);
    }
    for (std::size_t t = 0; t < kTokens; ++t) {
      for (std::size_t v = 0; v < 2; ++v)
        acc[t][v] = {as_u8(sums[t][2 * v]), as_u8(sums[t][2 * v + 1])};
    }
  }

 private:
  template <int kQuad, std::size_t kTokens>
  [[gnu::always_inline]] static inline void add_quad(const unsigned char* bytes, const int8x16_t* x,
                                                     int32x4_t (*sums)[4]) {
#pragma GCC unroll 4
    for (std::size_t i = 0; i < 4; ++i) {
      const int8x16_t w = vreinterpretq_s8_u8(vld1q_u8(bytes + 16 * i));
      for (std::size_t t = 0; t < kTokens; ++t) {
        sums[t][i] = vdotq_laneq_s32(sums[t][i], w, x[t], kQuad);
      }
    }
  }
};
