// Values of the types that quantized weights are stored in.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>

namespace cellm {

// The code of `bits` ≤ 8 bits at bit position `at`, lowest bit first. The bytes must reach to the
// last of its bits.
inline unsigned bit_code(std::span<const std::byte> bytes, std::size_t at, unsigned bits) {
  const std::size_t byte = at / 8;
  const auto shift = static_cast<unsigned>(at % 8);
  unsigned value = std::to_integer<unsigned>(bytes[byte]);
  if (shift + bits > 8) value |= std::to_integer<unsigned>(bytes[byte + 1]) << 8;
  return value >> shift & ((1U << bits) - 1U);
}

inline std::uint32_t word(std::span<const std::byte> bytes, std::size_t index) {
  std::uint32_t value = 0;
  std::memcpy(&value, bytes.data() + index * sizeof(value), sizeof(value));
  return value;
}

// OCP 8-bit floats (OFP8, 2023-06). E4M3 has no infinity, and NaN for 0x7F and 0xFF.
inline float e4m3_to_f32(std::uint8_t code) {
  const int exponent = code >> 3 & 0xF;
  const int mantissa = code & 7;
  if (exponent == 15 && mantissa == 7) return std::numeric_limits<float>::quiet_NaN();
  const float magnitude = exponent == 0
                              ? std::ldexp(static_cast<float>(mantissa), -9)
                              : std::ldexp(static_cast<float>(8 + mantissa), exponent - 7 - 3);
  return code & 0x80 ? -magnitude : magnitude;
}
inline float e5m2_to_f32(std::uint8_t code) {
  const int exponent = code >> 2 & 0x1F;
  const int mantissa = code & 3;
  float magnitude = 0.0F;
  if (exponent == 31) {
    magnitude = mantissa == 0 ? std::numeric_limits<float>::infinity()
                              : std::numeric_limits<float>::quiet_NaN();
  } else if (exponent == 0) {
    magnitude = std::ldexp(static_cast<float>(mantissa), -16);
  } else {
    magnitude = std::ldexp(static_cast<float>(4 + mantissa), exponent - 15 - 2);
  }
  return code & 0x80 ? -magnitude : magnitude;
}

// OCP microscaling formats (MX, 2023-09): 2^(code − 127), and the 4-bit floats of MXFP4 and NVFP4.
inline float e8m0_to_f32(std::uint8_t code) {
  if (code == 255) return std::numeric_limits<float>::quiet_NaN();
  return std::ldexp(1.0F, static_cast<int>(code) - 127);
}
inline constexpr std::array<float, 16> kE2M1{0.0F,  0.5F,  1.0F,  1.5F,  2.0F,  3.0F,
                                             4.0F,  6.0F,  -0.0F, -0.5F, -1.0F, -1.5F,
                                             -2.0F, -3.0F, -4.0F, -6.0F};

// All 256 values of such a type, so that rows are looked up.
inline std::array<float, 256> byte_values(float (*value)(std::uint8_t)) {
  std::array<float, 256> values{};
  for (unsigned code = 0; code < 256; ++code) values[code] = value(static_cast<std::uint8_t>(code));
  return values;
}

}  // namespace cellm
