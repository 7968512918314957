// The block formats of format/block_list.h.
//
// A block format is one source in this folder: a drawing of the bits of a block and the reference
// dequantization of a struct that is generated from the list. Its f32 operations are in the order
// of ggml's (ggml-quants.c), so that values are bitwise equal. Adding one touches its source, the
// list, one unpack hook of the kernels (see kernels/block_unpack.inl) and the tables of the docs.
#pragma once

#include <concepts>
#include <cstddef>
#include <span>
#include <string_view>
#include <tuple>

#include "format/block_shape.h"

namespace cellm {

template <class F>
concept BlockFormat = requires(const std::byte* codes, std::size_t cols, float* out) {
  { F::kShape } -> std::convertible_to<BlockShape>;
  { F::kName } -> std::convertible_to<std::string_view>;
  { F::dequantize_row(codes, cols, out) } -> std::same_as<void>;
};

// dequantize_row(): cols, a multiple of kShape.columns, weights of one row. `codes` needs no
// alignment.
#define CELLM_BLOCK_FORMAT(type, id, name, ...)                                       \
  struct type {                                                                       \
    static constexpr BlockShape kShape = k##type##Shape;                              \
    static constexpr std::string_view kName = name;                                   \
    static void dequantize_row(const std::byte* codes, std::size_t cols, float* out); \
  };
CELLM_BLOCK_FORMATS(CELLM_BLOCK_FORMAT)
#undef CELLM_BLOCK_FORMAT

// A tuple of all but the first type: a list made of macros begins with a comma.
template <class Nothing, BlockFormat... F>
struct TupleBehind {
  using Type = std::tuple<F...>;
};
using BlockFormats = TupleBehind<void CELLM_BLOCK_FORMATS(CELLM_BLOCK_TYPE)>::Type;

// The same as plain data, for code that knows the format at run time only.
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
