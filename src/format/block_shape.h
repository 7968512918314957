// The block formats as plain data. Apart from block_formats.h so that kernels can include it
// without the library's inline code (docs/architecture.md, "CPU targets").
#pragma once

#include <cstddef>
#include <cstdint>

#include "format/format_id.h"

namespace cellm {

inline constexpr std::size_t kNoHalf = SIZE_MAX;

// A row is a sequence of blocks of `columns` weights in `bytes` bytes, at any address.
struct BlockShape {
  FormatId format;
  std::size_t columns;
  std::size_t bytes;
  // Offsets of the f16 numbers in a block; equal if there is only one, kNoHalf if there is none.
  std::size_t halves[2];
};

#define CELLM_BLOCK_SHAPE(type, id, name, columns, bytes, half, other_half, ...) \
  inline constexpr BlockShape k##type##Shape{FormatId::k##type, columns, bytes, {half, other_half}};
CELLM_BLOCK_FORMATS(CELLM_BLOCK_SHAPE)
#undef CELLM_BLOCK_SHAPE

// The values of the 4-bit codes of IQ4_NL and IQ4_XS.
inline constexpr signed char kNonLinearValues[16] = {-127, -104, -83, -65, -49, -35, -22, -10,
                                                     1,    13,   25,  38,  53,  69,  89,  113};

// The values of the 4-bit codes of MXFP4 and NVFP4, doubled: a sign, 2 bits of exponent, 1 of
// mantissa.
inline constexpr signed char kFourBitFloats[16] = {0, 1,  2,  3,  4,  6,  8,  12,
                                                   0, -1, -2, -3, -4, -6, -8, -12};

// Columns of activations that share a scale in products with these weights.
inline constexpr std::size_t kBlockActivations = 32;

}  // namespace cellm
