// A weight format as plain data, for generic code.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "format/code_grid.h"
#include "format/format_id.h"

namespace cellm {

// The order of the weights of a matrix in a file that is not packed.
enum class StoredOrder {
  kRows,    // row after row, scales in a companion (format/tensor.h)
  kTiles,   // tiles of a trellis code (format/trellis.h)
  kBlocks,  // row after row of blocks that hold their own scales (format/block_formats.h)
};

// The encoder of a format.
enum class Encoder {
  kRound,    // floats: rounding alone
  kGrid,     // levels on a grid: scales and codes are chosen (FormatSpec::grid)
  kTrellis,  // a path through a trellis
  kNone,     // none: kept as they came, but for those of format/block_coding.h
};

// Where the scale of least squared error is better than the absmax scale without statistics of the
// inputs, as measured (docs/quantization.md).
enum class LeastError {
  kEverywhere,
  kInGroups,  // not where a whole row shares a scale
  kNowhere,   // the error is so small that the search is not worth its time
};

struct FormatSpec {
  FormatId id = FormatId::kF32;
  std::string_view name;   // in options, tables and messages
  std::string_view dtype;  // in the header of a .cellm file; also accepted where a name is typed
  StoredOrder order = StoredOrder::kRows;
  Encoder encoder = Encoder::kNone;
  std::size_t block = 1;    // weights in a block: rows are multiples of it
  bool any_rank = false;    // vectors may have it too, not matrices alone
  bool has_scales = false;  // a companion NAME.qscale exists
  // Any number of columns may share a scale ("-gN" after the name), not the whole row only.
  bool any_group = false;
  // Bits of a code in the packed layout (format/packed.h); 0 if there is none.
  unsigned packed_bits = 0;
  LeastError least_error = LeastError::kEverywhere;
  bool searched = false;         // whether a search for formats gives it to parts of a model
  double bits_per_weight = 0.0;  // of the codes, scales among them included
  // The largest magnitude of a weight that the encoder keeps: a larger one would make a code or a
  // scale infinite, or be cut off.
  float largest = 0.0F;

  // Functions on rows; null in tiles. `group` weights share a scale; 0 if there are no scales.
  std::size_t (*row_bytes)(std::size_t cols) = nullptr;
  // cols finite weights of one row to codes and cols / group scales; the reference encoder.
  void (*quantize_row)(const float* weights, std::size_t cols, std::size_t group, std::byte* codes,
                       std::uint16_t* scales) = nullptr;
  void (*dequantize_row)(const std::byte* codes, const std::uint16_t* scales, std::size_t cols,
                         std::size_t group, float* out) = nullptr;

  // Of formats whose weights are codes on a grid times a scale; null otherwise.
  const CodeGrid* grid = nullptr;
  // cols codes of one row, a byte each, to row_bytes(cols) bytes. `scales` are those among the
  // codes (grid->block), of (cols + block − 1) / block blocks; companions are not looked at.
  void (*pack_row)(const std::uint8_t* codes, const std::uint16_t* scales, std::size_t cols,
                   std::byte* out) = nullptr;
  // The reverse, without the scales.
  void (*unpack_row)(const std::byte* bytes, std::size_t cols, std::uint8_t* codes) = nullptr;
  // The scale of a block, f16 bits, of a format whose scales lie among the codes.
  std::uint16_t (*block_scale)(const std::byte* bytes, std::size_t block) = nullptr;
};

// All formats, by FormatId.
std::span<const FormatSpec* const> all_formats();

}  // namespace cellm
