#include "format/rotation.h"

#include <cmath>

namespace cellm {
namespace {

std::uint64_t splitmix64(std::uint64_t seed, std::uint64_t index) {
  std::uint64_t z = seed + (index + 1) * 0x9E3779B97F4A7C15U;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
  return z ^ (z >> 31);
}

// Multiplies by the Hadamard matrices of the row's blocks, without their root.
template <class Value>
void transform(Value* row, std::size_t cols) {
  const std::size_t block = rotation_block(cols);
  for (std::size_t stride = 1; stride < block; stride *= 2) {
    for (std::size_t i = 0; i < cols; ++i) {
      if ((i & stride) != 0) continue;
      const Value a = row[i];
      const Value b = row[i + stride];
      row[i] = a + b;
      row[i + stride] = a - b;
    }
  }
}

}  // namespace

std::vector<float> rotation_factors(std::uint32_t seed, std::size_t cols) {
  const float root = 1.0F / std::sqrt(static_cast<float>(rotation_block(cols)));
  std::vector<float> factors(cols);
  for (std::size_t c = 0; c < cols; ++c) {
    const bool negative = (splitmix64(seed, c / 64) >> (c % 64) & 1U) != 0;
    factors[c] = negative ? -root : root;
  }
  return factors;
}

void rotate_row(const std::vector<float>& factors, float* row) {
  for (std::size_t c = 0; c < factors.size(); ++c) row[c] *= factors[c];
  transform(row, factors.size());
}

void rotate_row(const std::vector<float>& factors, double* row) {
  for (std::size_t c = 0; c < factors.size(); ++c) row[c] *= static_cast<double>(factors[c]);
  transform(row, factors.size());
}

void unrotate_row(const std::vector<float>& factors, float* row) {
  transform(row, factors.size());
  for (std::size_t c = 0; c < factors.size(); ++c) row[c] *= factors[c];
}

}  // namespace cellm
