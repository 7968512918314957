// Weights interleaved for integer dot products: the same codes as a Tensor's, in another order.
//
// Sixteen rows lie together, so that each 32-bit lane of a vector is a row and no sum crosses
// lanes. A quad is four consecutive columns. The unit of 64 bytes holds 8 / bits quads: byte 4 r +
// j belongs to row r and to column j of each quad, and quad k of the unit has its bits [k · bits,
// (k + 1) · bits).
//
//   bits  columns in a unit   code u            value
//   8     4                   i8 code + 128     (u − 128) · scale
//   4     8                   i4 nibble         (u − 8) · scale
//   2     16                  i2 code           (u − 1.5) · scale
//   1     32                  q1 bit            (2 u − 1) · scale
//
// Rows are padded to 16 and columns to 32; padding has code 0 and scale 0. Scales are a separate
// array for every format: f16, (row blocks, groups, 16). All CPU targets use this one layout, so a
// file that holds it runs on any machine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "base/thread_pool.h"
#include "format/tensor.h"

namespace cellm {

inline constexpr std::size_t kPackedRows = 16;
inline constexpr std::size_t kPackedColumnAlignment = 32;

// Cheap to copy: it points into memory that `owner` keeps alive. Immutable.
struct PackedWeights {
  FormatId format = FormatId::kI8;  // whose codes these are
  std::size_t rows = 0;
  std::size_t cols = 0;
  std::size_t group = 0;                  // columns that share a scale: 32, 128, or 0 for the row
  const std::uint8_t* codes = nullptr;    // (row blocks, padded cols · 16 · bits / 8)
  const std::uint16_t* scales = nullptr;  // f16 bits, (row blocks, groups, 16)
  std::shared_ptr<const void> owner;

  unsigned bits() const;
  std::size_t row_blocks() const { return (rows + kPackedRows - 1) / kPackedRows; }
  std::size_t padded_cols() const {
    return (cols + kPackedColumnAlignment - 1) / kPackedColumnAlignment * kPackedColumnAlignment;
  }
  std::size_t groups() const { return group == 0 ? 1 : (cols + group - 1) / group; }
  std::size_t block_bytes() const { return padded_cols() * kPackedRows * bits() / 8; }
  std::size_t code_bytes() const { return row_blocks() * block_bytes(); }
  std::size_t scale_count() const { return row_blocks() * groups() * kPackedRows; }
};

// The packed weights of such a tensor without pointers. Empty if the format (f16, f32, bf16,
// f8e4m3) or its groups (no multiple of 32, and not the row) have no packed form; such a tensor is
// used as it is. Groups that are multiples of 32, but not 128, become groups of 32 that repeat a
// scale.
std::optional<PackedWeights> packed_shape(FormatId format, std::size_t rows, std::size_t cols,
                                          std::size_t group);

// Suffix of the format's dtype in a .cellm header: "i4.rows16".
inline constexpr std::string_view kPackedSuffix = ".rows16";

// Bytes that pack() would allocate for the tensor; 0 if it has no packed form.
std::uint64_t packed_bytes(const Tensor& tensor);

// Empty if packed_shape() is.
std::optional<PackedWeights> pack(const Tensor& tensor, ThreadPool& pool);

// The same weights as a Tensor, with equal values: for code that takes rows.
Tensor unpack(const PackedWeights& packed, ThreadPool& pool);

// Row `row` as cols floats, equal to dequantize_row() of the tensor that was packed.
void dequantize_packed_row(const PackedWeights& packed, std::size_t row, float* out);

}  // namespace cellm
