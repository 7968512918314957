#include "io/gguf_blocks.h"

#include <array>
#include <cstring>

#include "format/half.h"

namespace cellm {
namespace {

constexpr std::size_t kSuperBlock = 256;  // weights of a K-quant block

// One block's bytes, read by offset. The offsets of every format are given beside its function.
class Block {
 public:
  explicit Block(const std::byte* bytes) : bytes_(bytes) {}

  unsigned u8(std::size_t at) const { return std::to_integer<unsigned>(bytes_[at]); }
  int i8(std::size_t at) const { return static_cast<std::int8_t>(u8(at)); }
  unsigned u16(std::size_t at) const { return u8(at) | (u8(at + 1) << 8); }
  std::uint32_t u32(std::size_t at) const { return u16(at) | (u16(at + 2) << 16); }
  float f16(std::size_t at) const { return f16_to_f32(static_cast<std::uint16_t>(u16(at))); }
  unsigned low(std::size_t at) const { return u8(at) & 0xFU; }
  unsigned high(std::size_t at) const { return u8(at) >> 4; }

 private:
  const std::byte* bytes_;
};

float number(unsigned value) {
  return static_cast<float>(static_cast<int>(value));
}
float number(int value) {
  return static_cast<float>(value);
}
int centred(unsigned value, int zero) {
  return static_cast<int>(value) - zero;
}

void f32(Block block, float* out) {
  out[0] = std::bit_cast<float>(block.u32(0));
}
void f16(Block block, float* out) {
  out[0] = block.f16(0);
}
void bf16(Block block, float* out) {
  out[0] = bf16_to_f32(static_cast<std::uint16_t>(block.u16(0)));
}

// f16 d | 128 bits, lowest first: ±d
void q1_0(Block block, float* out) {
  const float d = block.f16(0);
  for (std::size_t j = 0; j < 128; ++j) {
    out[j] = ((block.u8(2 + j / 8) >> (j % 8)) & 1U) != 0 ? d : -d;
  }
}

// f16 d | 16 × nibbles; the low ones are weights 0…15, the high ones 16…31
void q4_0(Block block, float* out) {
  const float d = block.f16(0);
  for (std::size_t j = 0; j < 16; ++j) {
    out[j] = number(centred(block.low(2 + j), 8)) * d;
    out[j + 16] = number(centred(block.high(2 + j), 8)) * d;
  }
}

// f16 d | f16 m | 16 × nibbles
void q4_1(Block block, float* out) {
  const float d = block.f16(0);
  const float m = block.f16(2);
  for (std::size_t j = 0; j < 16; ++j) {
    out[j] = number(block.low(4 + j)) * d + m;
    out[j + 16] = number(block.high(4 + j)) * d + m;
  }
}

// f16 d | u32 fifth bits, by weight | 16 × nibbles
void q5_0(Block block, float* out) {
  const float d = block.f16(0);
  const std::uint32_t fifth = block.u32(2);
  for (std::size_t j = 0; j < 16; ++j) {
    const unsigned low = block.low(6 + j) | (((fifth >> j) & 1U) << 4);
    const unsigned high = block.high(6 + j) | (((fifth >> (j + 16)) & 1U) << 4);
    out[j] = number(centred(low, 16)) * d;
    out[j + 16] = number(centred(high, 16)) * d;
  }
}

// f16 d | f16 m | u32 fifth bits | 16 × nibbles
void q5_1(Block block, float* out) {
  const float d = block.f16(0);
  const float m = block.f16(2);
  const std::uint32_t fifth = block.u32(4);
  for (std::size_t j = 0; j < 16; ++j) {
    out[j] = number(block.low(8 + j) | (((fifth >> j) & 1U) << 4)) * d + m;
    out[j + 16] = number(block.high(8 + j) | (((fifth >> (j + 16)) & 1U) << 4)) * d + m;
  }
}

// f16 d | 32 × i8
void q8_0(Block block, float* out) {
  const float d = block.f16(0);
  for (std::size_t j = 0; j < 32; ++j) out[j] = number(block.i8(2 + j)) * d;
}

// In the 2- and 3-bit K-quants, weight i lies in byte (i / 128)·32 + i % 32 of the quants, at bit
// 2·((i / 32) % 4); 16 weights share a scale.
unsigned two_bits(Block block, std::size_t quants, std::size_t i) {
  return (block.u8(quants + i / 128 * 32 + i % 32) >> (2 * ((i / 32) % 4))) & 3U;
}

// 16 × (low nibble: scale, high nibble: minimum) | 64 bytes of quants | f16 d | f16 dmin
void q2_k(Block block, float* out) {
  const float d = block.f16(80);
  const float dmin = block.f16(82);
  for (std::size_t i = 0; i < kSuperBlock; ++i) {
    const float scale = d * number(block.low(i / 16));
    const float minimum = dmin * number(block.high(i / 16));
    out[i] = scale * number(two_bits(block, 16, i)) - minimum;
  }
}

constexpr std::size_t kQ3Quants = 32;
constexpr std::size_t kQ3Scales = 96;

// 32 bytes of third bits (weight i: byte i % 32, bit i / 32; clear means −4) | 64 bytes of quants |
// 12 bytes of 16 six-bit scales: scale s has its low 4 bits in byte s % 8 (s < 8: low nibble), its
// high 2 bits in byte 8 + s % 4 at bit 2·(s / 4) | f16 d
void q3_k(Block block, float* out) {
  const float d = block.f16(108);
  for (std::size_t i = 0; i < kSuperBlock; ++i) {
    const std::size_t s = i / 16;
    const unsigned low = s < 8 ? block.low(kQ3Scales + s) : block.high(kQ3Scales + s - 8);
    const unsigned high = (block.u8(kQ3Scales + 8 + s % 4) >> (2 * (s / 4))) & 3U;
    const float scale = d * number(centred(low | (high << 4), 32));
    const bool third = ((block.u8(i % 32) >> (i / 32)) & 1U) != 0;
    out[i] = scale * number(centred(two_bits(block, kQ3Quants, i), third ? 0 : 4));
  }
}

struct ScaleMinimum {
  unsigned scale;
  unsigned minimum;
};

constexpr std::size_t kPackedScales = 4;

// The 8 six-bit scales and 8 six-bit minima that Q4_K and Q5_K pack into 12 bytes.
ScaleMinimum scale_minimum(Block block, std::size_t s) {
  if (s < 4) return {block.u8(kPackedScales + s) & 63U, block.u8(kPackedScales + s + 4) & 63U};
  return {block.low(kPackedScales + s + 4) | ((block.u8(kPackedScales + s - 4) >> 6) << 4),
          block.high(kPackedScales + s + 4) | ((block.u8(kPackedScales + s) >> 6) << 4)};
}

// Weight i of Q4_K and Q5_K: byte (i / 64)·32 + i % 32, low nibble if (i / 32) is even; 32 weights
// share a scale and a minimum.
unsigned nibble(Block block, std::size_t quants, std::size_t i) {
  const std::size_t at = quants + i / 64 * 32 + i % 32;
  return i / 32 % 2 == 0 ? block.low(at) : block.high(at);
}

// f16 d | f16 dmin | 12 bytes of scales and minima | 128 bytes of nibbles
void q4_k(Block block, float* out) {
  const float d = block.f16(0);
  const float dmin = block.f16(2);
  for (std::size_t s = 0; s < kSuperBlock / 32; ++s) {
    const ScaleMinimum packed = scale_minimum(block, s);
    const float scale = d * number(packed.scale);
    const float minimum = dmin * number(packed.minimum);
    for (std::size_t i = s * 32; i < s * 32 + 32; ++i) {
      out[i] = scale * number(nibble(block, 16, i)) - minimum;
    }
  }
}

// f16 d | f16 dmin | 12 bytes of scales and minima | 32 bytes of fifth bits (weight i: byte i % 32,
// bit i / 32) | 128 bytes of nibbles
void q5_k(Block block, float* out) {
  const float d = block.f16(0);
  const float dmin = block.f16(2);
  for (std::size_t s = 0; s < kSuperBlock / 32; ++s) {
    const ScaleMinimum packed = scale_minimum(block, s);
    const float scale = d * number(packed.scale);
    const float minimum = dmin * number(packed.minimum);
    for (std::size_t i = s * 32; i < s * 32 + 32; ++i) {
      const unsigned fifth = (block.u8(16 + i % 32) >> s) & 1U;
      out[i] = scale * number(nibble(block, 48, i) | (fifth << 4)) - minimum;
    }
  }
}

// 128 bytes of low nibbles | 64 bytes of upper 2 bits | 16 × i8 scales | f16 d. In each half of 128
// weights, weight i has its nibble in byte i % 64 (low if i < 64) and its upper bits in byte i % 32
// at bit 2·(i / 32).
void q6_k(Block block, float* out) {
  const float d = block.f16(208);
  for (std::size_t half = 0; half < 2; ++half) {
    for (std::size_t i = 0; i < 128; ++i) {
      const std::size_t at = half * 64 + i % 64;
      const unsigned low = i < 64 ? block.low(at) : block.high(at);
      const unsigned upper = (block.u8(128 + half * 32 + i % 32) >> (2 * (i / 32))) & 3U;
      const int scale = block.i8(192 + half * 8 + i / 16);
      out[half * 128 + i] = d * number(scale) * number(centred(low | (upper << 4), 32));
    }
  }
}

// The values of the non-linear 4-bit types.
constexpr std::array<int, 16> kNonLinear = {-127, -104, -83, -65, -49, -35, -22, -10,
                                            1,    13,   25,  38,  53,  69,  89,  113};

// f16 d | 16 × nibbles
void iq4_nl(Block block, float* out) {
  const float d = block.f16(0);
  for (std::size_t j = 0; j < 16; ++j) {
    out[j] = d * number(kNonLinear[block.low(2 + j)]);
    out[j + 16] = d * number(kNonLinear[block.high(2 + j)]);
  }
}

// f16 d | u16 upper 2 bits of 8 scales | 4 bytes with their low nibbles | 8 × 16 bytes of nibbles
void iq4_xs(Block block, float* out) {
  const float d = block.f16(0);
  const unsigned upper = block.u16(2);
  for (std::size_t s = 0; s < kSuperBlock / 32; ++s) {
    const unsigned low = s % 2 == 0 ? block.low(4 + s / 2) : block.high(4 + s / 2);
    const float scale = d * number(centred(low | (((upper >> (2 * s)) & 3U) << 4), 32));
    for (std::size_t j = 0; j < 16; ++j) {
      out[s * 32 + j] = scale * number(kNonLinear[block.low(8 + s * 16 + j)]);
      out[s * 32 + j + 16] = scale * number(kNonLinear[block.high(8 + s * 16 + j)]);
    }
  }
}

template <auto Function, std::size_t Size, std::size_t Bytes>
void each_block(const std::byte* blocks, std::size_t count, float* out) {
  for (std::size_t i = 0; i < count; ++i) Function(Block(blocks + i * Bytes), out + i * Size);
}

template <auto Function, std::size_t Size, std::size_t Bytes>
constexpr GgmlType readable(std::uint32_t id, std::string_view name) {
  return {id, name, Size, Bytes, each_block<Function, Size, Bytes>};
}

constexpr GgmlType unreadable(std::uint32_t id, std::string_view name) {
  return {id, name};
}

constexpr std::array kTypes = {
    readable<f32, 1, 4>(kGgmlF32, "F32"),
    readable<f16, 1, 2>(kGgmlF16, "F16"),
    readable<bf16, 1, 2>(kGgmlBF16, "BF16"),
    readable<q8_0, 32, 34>(8, "Q8_0"),
    readable<q6_k, 256, 210>(14, "Q6_K"),
    readable<q5_k, 256, 176>(13, "Q5_K"),
    readable<q5_0, 32, 22>(6, "Q5_0"),
    readable<q5_1, 32, 24>(7, "Q5_1"),
    readable<q4_k, 256, 144>(12, "Q4_K"),
    readable<q4_0, 32, 18>(2, "Q4_0"),
    readable<q4_1, 32, 20>(3, "Q4_1"),
    readable<iq4_nl, 32, 18>(20, "IQ4_NL"),
    readable<iq4_xs, 256, 136>(23, "IQ4_XS"),
    readable<q3_k, 256, 110>(11, "Q3_K"),
    readable<q2_k, 256, 84>(10, "Q2_K"),
    readable<q1_0, 128, 18>(41, "Q1_0"),
    unreadable(4, "Q4_2"),
    unreadable(5, "Q4_3"),
    unreadable(9, "Q8_1"),
    unreadable(15, "Q8_K"),
    unreadable(16, "IQ2_XXS"),
    unreadable(17, "IQ2_XS"),
    unreadable(18, "IQ3_XXS"),
    unreadable(19, "IQ1_S"),
    unreadable(21, "IQ3_S"),
    unreadable(22, "IQ2_S"),
    unreadable(24, "I8"),
    unreadable(25, "I16"),
    unreadable(26, "I32"),
    unreadable(27, "I64"),
    unreadable(28, "F64"),
    unreadable(29, "IQ1_M"),
    unreadable(31, "Q4_0_4_4"),
    unreadable(32, "Q4_0_4_8"),
    unreadable(33, "Q4_0_8_8"),
    unreadable(34, "TQ1_0"),
    unreadable(35, "TQ2_0"),
    unreadable(36, "IQ4_NL_4_4"),
    unreadable(37, "IQ4_NL_4_8"),
    unreadable(38, "IQ4_NL_8_8"),
    unreadable(39, "MXFP4"),
    unreadable(40, "NVFP4"),
    unreadable(42, "Q2_0"),
};

}  // namespace

const GgmlType* find_ggml_type(std::uint32_t id) {
  for (const GgmlType& type : kTypes) {
    if (type.id == id) return &type;
  }
  return nullptr;
}

std::string readable_ggml_types() {
  std::string names;
  for (const GgmlType& type : kTypes) {
    if (type.block == 0) continue;
    if (!names.empty()) names += ", ";
    names += type.name;
  }
  return names;
}

}  // namespace cellm
