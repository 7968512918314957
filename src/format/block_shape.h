// The block formats as plain data. Apart from block_formats.h so that kernels can include it
// without the library's inline code (docs/architecture.md, "CPU targets").
#pragma once

#include <cstddef>

#include "format/format_id.h"

namespace cellm {

// A row is a sequence of blocks of `columns` weights in `bytes` bytes, at any address.
struct BlockShape {
  FormatId format;
  std::size_t columns;
  std::size_t bytes;
};

inline constexpr BlockShape kQ40Shape{FormatId::kQ40, 32, 18};
inline constexpr BlockShape kQ41Shape{FormatId::kQ41, 32, 20};
inline constexpr BlockShape kQ50Shape{FormatId::kQ50, 32, 22};
inline constexpr BlockShape kQ51Shape{FormatId::kQ51, 32, 24};
inline constexpr BlockShape kQ80Shape{FormatId::kQ80, 32, 34};
inline constexpr BlockShape kQ4KShape{FormatId::kQ4K, 256, 144};
inline constexpr BlockShape kQ5KShape{FormatId::kQ5K, 256, 176};
inline constexpr BlockShape kQ6KShape{FormatId::kQ6K, 256, 210};
inline constexpr BlockShape kIQ4NLShape{FormatId::kIQ4NL, 32, 18};
inline constexpr BlockShape kIQ4XSShape{FormatId::kIQ4XS, 256, 136};

// The values of the 4-bit codes of IQ4_NL and IQ4_XS.
inline constexpr signed char kNonLinearValues[16] = {-127, -104, -83, -65, -49, -35, -22, -10,
                                                     1,    13,   25,  38,  53,  69,  89,  113};

// Columns of activations that share a scale when they meet these weights.
inline constexpr std::size_t kBlockActivations = 32;

}  // namespace cellm
