// How an encoder fills the blocks of a block format: the numbers that it chooses, and their
// packing. Encoders know these and no bits.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include "format/block_formats.h"
#include "format/half.h"

namespace cellm {

// Groups of weights in a block at most.
inline constexpr std::size_t kMaxBlockGroups = 16;

// The numbers of one block. A weight of group g is
//   scale · multipliers[g] · level(code) + sign · minimum · minima[g],
// in f32, the products with the multipliers first.
struct BlockNumbers {
  std::uint16_t scale = 0;    // f16
  std::uint16_t minimum = 0;  // f16; 0 for a format without minima
  std::array<std::int8_t, kMaxBlockGroups> multipliers = {};
  std::array<std::uint8_t, kMaxBlockGroups> minima = {};
  const std::uint8_t* codes = nullptr;  // one for each weight
};

struct BlockCoding {
  std::size_t columns = 0;                   // of a block
  std::size_t group = 0;                     // weights that share a step, scale · multiplier
  std::span<const std::int8_t> levels = {};  // by code, ascending
  bool even = true;                          // levels are consecutive integers
  // The range of multipliers; {1, 1} for a block that is one group.
  int least_multiplier = 1;
  int greatest_multiplier = 1;
  // The range of minima is 0 to this; 0: the format has none. {1}: the minimum itself.
  int greatest_minimum = 0;
  float minimum_sign = -1.0F;
  void (*pack)(const BlockNumbers& numbers, std::byte* block) = nullptr;

  std::size_t groups() const { return columns / group; }
  bool has_minimum() const { return greatest_minimum != 0; }
  bool is_one_group() const { return group == columns; }
};

// X(type, greatest) for the block formats that cellm encodes, each in its own source; `greatest` is
// the largest magnitude of a weight relative to the scale.
#define CELLM_ENCODED_BLOCKS(X) \
  X(Q40, 8)                     \
  X(Q41, 15)                    \
  X(Q50, 16)                    \
  X(Q51, 31)                    \
  X(Q80, 127)                   \
  X(Q2K, 3 * 15)                \
  X(Q3K, 4 * 32)                \
  X(Q4K, 15 * 63)               \
  X(Q5K, 31 * 63)               \
  X(Q6K, 32 * 128)              \
  X(IQ4NL, 127)                 \
  X(IQ4XS, 127 * 32)

#define CELLM_BLOCK_CODING(type, greatest) extern const BlockCoding k##type##Coding;
CELLM_ENCODED_BLOCKS(CELLM_BLOCK_CODING)
#undef CELLM_BLOCK_CODING

// Null for a format that cellm does not encode so.
const BlockCoding* find_block_coding(FormatId id);

// The largest magnitude of a weight that the encoder keeps; the largest number for the others.
template <class F>
inline constexpr float kLargestCoded = std::numeric_limits<float>::max();
#define CELLM_LARGEST_CODED(type, greatest) \
  template <>                               \
  inline constexpr float kLargestCoded<type> = kLargestF16* static_cast<float>(greatest);
CELLM_ENCODED_BLOCKS(CELLM_LARGEST_CODED)
#undef CELLM_LARGEST_CODED

// The levels first, first + 1, ...
template <int First, std::size_t Count>
constexpr std::array<std::int8_t, Count> consecutive_levels() {
  std::array<std::int8_t, Count> levels{};
  for (std::size_t i = 0; i < Count; ++i) {
    levels[i] = static_cast<std::int8_t>(First + static_cast<int>(i));
  }
  return levels;
}

}  // namespace cellm
