// The trellis formats t4, t3, t2, t1h and t1: 4, 3, 2, 1.5 and 1 bits per weight in the codes.
//
// A weight has no bits of its own. Its level depends on a window of a stream of bits which advances
// by the format's bits for each weight, so that neighbours share most of their window and an
// encoder (quantize/trellis_encoder.h) finds the best path through all of them. How a window
// becomes a level is in format/trellis_shape.h: by tables of 16 bytes, which every CPU looks up in
// one instruction (decision 54).
//
//   value(row, col) = (level − 64) / 64 · scale(row)
//
// These are the values of the matrix times the rotation of its input (format/rotation.h); the input
// may be scaled by column before it is rotated.
//
// A tile is 64 rows × 4 columns = 256 weights, one tail-biting stream: the window of the first
// weights wraps around to the end. It has 32 lanes of 8 weights. Lane i is column i % 4
// of the rows i / 4, 8 + i / 4, …, 56 + i / 4, so that a vector of 32 bytes with one weight of
// every lane is 8 rows of 4 columns. The stream goes lane by lane, and inside of a lane down the
// rows.
//
//   bits of a lane   32 (t4)  24 (t3)  16 (t2)  12 (t1h)  8 (t1)
//
// stored in planes of one byte of every lane: the first plane has the lane's first 8
// bits, the earliest in bit 7. t1h begins with half a plane, 16 bytes: byte i has the first four
// bits of lane i in its low nibble and those of lane i + 16 in its high one; a whole plane of the
// other 8 bits follows. A step of t4 and t3 gives one weight; one of t2, t1h and t1 (4, 3 and 2
// bits) gives two, the next two of the lane.
//
// Tiles lie in blocks of 64 rows, one after the other by columns. Rows are padded to 64 and columns
// to 8 (an even number of tiles); padding has arbitrary codes, and padded rows have scale 0.
// Scales are f16, (row blocks, 64). All CPU targets use this layout.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/thread_pool.h"
#include "format/format_spec.h"
#include "format/tensor.h"
#include "format/trellis_shape.h"

namespace cellm {

inline constexpr std::size_t kTrellisTileWeights = std::size_t{kTrellisRows} * kTrellisCols;
inline constexpr std::size_t kTrellisColumnAlignment = 8;

// Tables of levels, trained on independent Gaussian weights (tools/train_trellis_tables.cc).
struct TrellisTable {
  FormatId format;
  std::uint32_t id;  // of a file's header; never used again for other levels
  float deviation;   // standard deviation of the training weights, in levels
  TrellisLevels levels;
};

// The largest magnitude of a weight: a row's scale, about three times its root mean square, must be
// an f16.
inline constexpr float kLargestTrellis = 16384.0F;

// The table that new files use, and the one of a given id; null if there is none.
const TrellisTable& default_trellis_table(FormatId format);
const TrellisTable* find_trellis_table(FormatId format, std::uint32_t id);

extern const FormatSpec kT4Spec;
extern const FormatSpec kT3Spec;
extern const FormatSpec kT2Spec;
extern const FormatSpec kT1HSpec;
extern const FormatSpec kT1Spec;

// The constants of a trellis format; null for any other format.
const TrellisShape* trellis_shape(FormatId format);
inline bool is_trellis(FormatId format) {
  return trellis_shape(format) != nullptr;
}

// The parameters of a trellis matrix that are not in its codes.
struct TrellisCode {
  std::uint32_t table = 0;     // id of a TrellisTable of its format
  std::uint32_t rotation = 0;  // seed of format/rotation.h
  bool operator==(const TrellisCode&) const = default;
};

// Bits of the window that a weight depends on, steps and bits of a lane, bytes of a tile.
constexpr unsigned state_bits(const TrellisShape& shape) {
  return 2 * shape.spacing * shape.step_bits + 4;
}
constexpr unsigned lane_steps(const TrellisShape& shape) {
  return kTrellisLaneWeights / shape.step_weights;
}
constexpr unsigned lane_bits(const TrellisShape& shape) {
  return lane_steps(shape) * shape.step_bits;
}
constexpr std::size_t tile_bytes(const TrellisShape& shape) {
  return std::size_t{kTrellisLanes} * lane_bits(shape) / 8;
}

// A matrix in one of these formats. Cheap to copy: it points into memory that `owner` keeps alive.
// Immutable.
struct TrellisWeights {
  FormatId format = FormatId::kT2;
  std::size_t rows = 0;
  std::size_t cols = 0;
  const TrellisTable* table = nullptr;
  std::uint32_t rotation = 0;             // seed of its input's rotation
  const std::uint8_t* codes = nullptr;    // (row blocks, padded cols / 4, tile bytes)
  const std::uint16_t* scales = nullptr;  // f16 bits, (row blocks, 64)
  // f16 bits, (cols): what the input is multiplied by before it is rotated; null for ones.
  const std::uint16_t* column_scales = nullptr;
  std::shared_ptr<const void> owner;

  std::size_t row_blocks() const { return (rows + kTrellisRows - 1) / kTrellisRows; }
  std::size_t padded_cols() const {
    return (cols + kTrellisColumnAlignment - 1) / kTrellisColumnAlignment * kTrellisColumnAlignment;
  }
  std::size_t block_bytes() const {
    return padded_cols() / kTrellisCols * tile_bytes(*trellis_shape(format));
  }
  std::size_t code_bytes() const { return row_blocks() * block_bytes(); }
  std::size_t scale_count() const { return row_blocks() * kTrellisRows; }
};

// The level of weight v of a step whose window is `state`, its newest bits lowest.
constexpr std::uint8_t state_level(const TrellisShape& shape, const TrellisLevels& tables,
                                   std::uint64_t state, std::size_t v) {
  const unsigned apart = shape.spacing * shape.step_bits;
  const auto nibble = [&](unsigned k) { return state >> (k * apart) & 15U; };
  const auto mixed = nibble(0) ^ tables.near_mix[nibble(1)] ^ tables.far_mix[nibble(2)];
  return static_cast<std::uint8_t>(tables.levels[v][mixed] + tables.offsets[v][nibble(1)]);
}

// Packs the bits of a tile's steps (the newest step_bits of each window), in the order of the
// stream, into the bytes of the tile.
void pack_tile(const TrellisShape& shape, std::span<const std::uint8_t> steps, std::uint8_t* tile);

// The levels of a tile, (64 rows, 4 columns).
void decode_tile(const TrellisTable& table, const std::uint8_t* tile, std::uint8_t* levels);

// The factors of rotate_row() for inputs of this matrix: those of its rotation, times the scales of
// its columns. (cols)
std::vector<float> input_factors(const TrellisWeights& weights);

// Row `row` of the rotated matrix as cols floats, and of the matrix itself.
void dequantize_rotated_row(const TrellisWeights& weights, std::size_t row, float* out);
void dequantize_trellis_row(const TrellisWeights& weights, std::size_t row, float* out);

// The matrix itself, not rotated, as f32: for code that takes rows.
Tensor dequantize(const TrellisWeights& weights, ThreadPool& pool);

// The row and column in a tile of the weight at an index of the stream.
struct TilePlace {
  std::size_t row;
  std::size_t col;
};
constexpr TilePlace tile_place(std::size_t index) {
  const std::size_t lane = index / kTrellisLaneWeights;
  return {index % kTrellisLaneWeights * 8 + lane / kTrellisCols, lane % kTrellisCols};
}

}  // namespace cellm
