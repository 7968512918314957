// Checks for NaN and infinity.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

namespace cellm {

// By the exponents, many at a time: compilers make vectors of it.
inline bool all_finite(std::span<const float> values) {
  constexpr std::size_t kTogether = 1024;
  constexpr std::uint32_t kExponent = 0x7F800000;
  while (!values.empty()) {
    const auto part = values.first(std::min(values.size(), kTogether));
    std::uint32_t found = 0;
    for (const float value : part) {
      found |= (std::bit_cast<std::uint32_t>(value) & kExponent) == kExponent ? 1U : 0U;
    }
    if (found != 0) return false;
    values = values.subspan(part.size());
  }
  return true;
}

}  // namespace cellm
