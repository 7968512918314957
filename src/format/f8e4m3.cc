#include "format/f8e4m3.h"

#include <algorithm>
#include <cmath>

namespace cellm {
namespace {

constexpr int kBias = 7;
constexpr int kMinExponent = 1 - kBias;  // of normal numbers
constexpr unsigned kLargestCode = 0x77;

unsigned magnitude_to_code(float magnitude) {
  if (magnitude >= F8E4M3::kLargest) return kLargestCode;
  // A subnormal is a multiple of 2⁻⁹ below 8 of them; 8 of them are code 8, the smallest normal.
  int exponent = magnitude > 0.0F ? std::ilogb(magnitude) : kMinExponent;
  exponent = std::max(exponent, kMinExponent);
  const auto steps = static_cast<unsigned>(std::round(std::ldexp(magnitude, 3 - exponent)));
  // steps counts 2^(exponent − 3): 8..16 for a normal number, where 16 carries into the exponent.
  return std::min(static_cast<unsigned>(exponent - kMinExponent) * 8U + steps, kLargestCode);
}

float code_to_magnitude(unsigned code) {
  const int exponent = static_cast<int>(code >> 3);
  const auto mantissa = static_cast<float>(code & 7U);
  if (exponent == 0) return std::ldexp(mantissa, kMinExponent - 3);
  return std::ldexp(8.0F + mantissa, exponent - kBias - 3);
}

}  // namespace

void F8E4M3::quantize_row(const float* weights, std::size_t cols, std::size_t /*group*/,
                          std::byte* codes, std::uint16_t* /*scales*/) {
  for (std::size_t i = 0; i < cols; ++i) {
    const unsigned sign = std::signbit(weights[i]) ? 0x80U : 0U;
    codes[i] = static_cast<std::byte>(sign | magnitude_to_code(std::fabs(weights[i])));
  }
}

void F8E4M3::dequantize_row(const std::byte* codes, const std::uint16_t* /*scales*/,
                            std::size_t cols, std::size_t /*group*/, float* out) {
  for (std::size_t i = 0; i < cols; ++i) {
    const auto code = std::to_integer<unsigned>(codes[i]);
    const float magnitude = code_to_magnitude(code & 0x7FU);
    out[i] = (code & 0x80U) != 0 ? -magnitude : magnitude;
  }
}

}  // namespace cellm
