// The list of block formats: GGUF's quantized types, whose rows are multiplied where they lie.
//
// A block format is one header and source in this folder: a struct that satisfies BlockFormat. It
// says how bits lie in a block and gives the reference dequantization, in f32 in the order of
// ggml's own (ggml-quants.c), so that values are the same bit for bit. Adding one touches its own
// files, FormatId, block_shape.h, BlockFormats and one unpack hook of the kernels
// (kernels/block_unpack.inl).
#pragma once

#include <concepts>
#include <cstddef>
#include <span>
#include <string_view>
#include <tuple>

#include "format/block_shape.h"
#include "format/iq4_nl.h"
#include "format/iq4_xs.h"
#include "format/q4_0.h"
#include "format/q4_1.h"
#include "format/q4_k.h"
#include "format/q5_0.h"
#include "format/q5_1.h"
#include "format/q5_k.h"
#include "format/q6_k.h"
#include "format/q8_0.h"

namespace cellm {

template <class F>
concept BlockFormat = requires(const std::byte* codes, std::size_t cols, float* out) {
  { F::kShape } -> std::convertible_to<BlockShape>;
  { F::kName } -> std::convertible_to<std::string_view>;
  // cols, a multiple of kShape.columns, weights of one row. `codes` needs no alignment.
  { F::dequantize_row(codes, cols, out) } -> std::same_as<void>;
};

using BlockFormats = std::tuple<Q40, Q41, Q50, Q51, Q80, Q4K, Q5K, Q6K, IQ4NL, IQ4XS>;

// The same as plain data, for code that meets the format at run time.
struct BlockFormatInfo {
  BlockShape shape;
  std::string_view name;
  void (*dequantize_row)(const std::byte* codes, std::size_t cols, float* out);

  std::size_t row_bytes(std::size_t cols) const { return cols / shape.columns * shape.bytes; }
  double bits_per_weight() const {
    return 8.0 * static_cast<double>(shape.bytes) / static_cast<double>(shape.columns);
  }
};

std::span<const BlockFormatInfo> block_formats();

// Null for a format that has no blocks.
const BlockFormatInfo* find_block_format(FormatId id);

}  // namespace cellm
