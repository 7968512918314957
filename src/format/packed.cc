#include "format/packed.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "base/aligned_buffer.h"
#include "base/error.h"
#include "format/formats.h"
#include "format/half.h"

namespace cellm {
namespace {

constexpr std::size_t kUnitBytes = 64;

// Writes the codes of row `r` of a block, a u32 for each unit: quad k shifted by k · bits.
void interleave(const std::uint8_t* codes, std::size_t padded_cols, unsigned bits, std::size_t r,
                std::uint8_t* block) {
  const unsigned quads = 8 / bits;
  for (std::size_t unit = 0; unit < padded_cols / (4 * quads); ++unit) {
    std::uint32_t word = 0;
    for (unsigned k = 0; k < quads; ++k) {
      std::uint32_t quad = 0;
      std::memcpy(&quad, codes + (unit * quads + k) * 4, sizeof(quad));
      word |= quad << (k * bits);
    }
    std::memcpy(block + unit * kUnitBytes + r * 4, &word, sizeof(word));
  }
}

// The scale of a group of columns.
std::uint16_t group_scale(const Tensor& tensor, std::size_t row, std::size_t col) {
  const FormatSpec& spec = format_spec(tensor.format);
  if (spec.block_scale != nullptr) {
    return spec.block_scale(tensor.data + row * spec.row_bytes(tensor.cols),
                            col / spec.grid->block);
  }
  return tensor.scales[row * (tensor.cols / tensor.group) + col / tensor.group];
}

// The codes u of columns [0, padded_cols) of a row of a block.
void collect(const PackedWeights& packed, std::size_t row, std::uint8_t* out) {
  const std::uint8_t* codes = packed.codes + row / kPackedRows * packed.block_bytes();
  const std::size_t r = row % kPackedRows;
  const unsigned bits = packed.bits();
  const unsigned quads = 8 / bits;
  const unsigned mask = (1U << bits) - 1;
  for (std::size_t i = 0; i < packed.cols; ++i) {
    const std::size_t quad = i / 4;
    const unsigned byte = codes[quad / quads * kUnitBytes + r * 4 + i % 4];
    out[i] = static_cast<std::uint8_t>(byte >> (quad % quads * bits) & mask);
  }
}

std::uint16_t packed_scale(const PackedWeights& packed, std::size_t row, std::size_t group) {
  return packed
      .scales[(row / kPackedRows * packed.groups() + group) * kPackedRows + row % kPackedRows];
}

}  // namespace

unsigned PackedWeights::bits() const {
  return format_spec(format).packed_bits;
}

std::optional<PackedWeights> packed_shape(FormatId format, std::size_t rows, std::size_t cols,
                                          std::size_t group) {
  const FormatSpec& spec = format_spec(format);
  if (spec.packed_bits == 0) return std::nullopt;
  PackedWeights shape;
  shape.format = format;
  shape.rows = rows;
  shape.cols = cols;
  shape.group = spec.grid->block != 0 ? spec.grid->block : group == cols ? 0 : group;
  if (shape.group % kPackedColumnAlignment != 0) return std::nullopt;
  // The kernels know groups only of formats that are meant to have them.
  if (shape.group != 0 && !spec.any_group && spec.grid->block == 0) return std::nullopt;
  if (shape.group != 0 && shape.group != 128) shape.group = kPackedColumnAlignment;
  return shape;
}

std::uint64_t packed_bytes(const Tensor& tensor) {
  const auto shape = packed_shape(tensor.format, tensor.rows, tensor.cols, tensor.group);
  if (!shape) return 0;
  return shape->code_bytes() + shape->scale_count() * sizeof(std::uint16_t);
}

std::optional<PackedWeights> pack(const Tensor& tensor, ThreadPool& pool) {
  auto packed = packed_shape(tensor.format, tensor.rows, tensor.cols, tensor.group);
  if (!packed) return std::nullopt;
  struct Memory {
    AlignedBuffer<std::uint8_t> codes;
    AlignedBuffer<std::uint16_t> scales;
  };
  const auto memory =
      std::make_shared<Memory>(Memory{AlignedBuffer<std::uint8_t>(packed->code_bytes()),
                                      AlignedBuffer<std::uint16_t>(packed->scale_count())});
  packed->codes = memory->codes.data();
  packed->scales = memory->scales.data();
  packed->owner = memory;
  const std::size_t groups = packed->groups();
  const FormatSpec& spec = format_spec(tensor.format);
  const std::size_t row_bytes = spec.row_bytes(tensor.cols);
  pool.parallel_for(packed->row_blocks(), 1, [&](std::size_t block, std::size_t) {
    std::vector<std::uint8_t> codes(packed->padded_cols());
    std::uint16_t* scales = memory->scales.data() + block * groups * kPackedRows;
    for (std::size_t r = 0; r < kPackedRows && block * kPackedRows + r < tensor.rows; ++r) {
      const std::size_t row = block * kPackedRows + r;
      spec.unpack_row(tensor.data + row * row_bytes, tensor.cols, codes.data());
      interleave(codes.data(), packed->padded_cols(), packed->bits(), r,
                 memory->codes.data() + block * packed->block_bytes());
      for (std::size_t g = 0; g < groups; ++g) {
        scales[g * kPackedRows + r] = group_scale(tensor, row, g * packed->group);
      }
    }
  });
  return packed;
}

Tensor unpack(const PackedWeights& packed, ThreadPool& pool) {
  const FormatSpec& spec = format_spec(packed.format);
  const bool inside = spec.grid->block != 0;  // whether scales lie among the codes
  const std::size_t row_bytes = spec.row_bytes(packed.cols);
  const std::size_t groups = packed.groups();
  struct Memory {
    AlignedBuffer<std::byte> codes;
    AlignedBuffer<std::uint16_t> scales;
  };
  const auto memory =
      std::make_shared<Memory>(Memory{AlignedBuffer<std::byte>(packed.rows * row_bytes),
                                      AlignedBuffer<std::uint16_t>(packed.rows * groups)});
  pool.parallel_for(packed.rows, kPackedRows, [&](std::size_t begin, std::size_t end) {
    std::vector<std::uint8_t> codes(packed.cols);
    for (std::size_t row = begin; row < end; ++row) {
      collect(packed, row, codes.data());
      std::uint16_t* scales = memory->scales.data() + row * groups;
      for (std::size_t g = 0; g < groups; ++g) scales[g] = packed_scale(packed, row, g);
      spec.pack_row(codes.data(), scales, packed.cols, memory->codes.data() + row * row_bytes);
    }
  });
  return {.format = packed.format,
          .rows = packed.rows,
          .cols = packed.cols,
          .group = inside              ? 0
                   : packed.group == 0 ? packed.cols
                                       : packed.group,
          .data = memory->codes.data(),
          .scales = inside ? nullptr : memory->scales.data(),
          .owner = memory};
}

void dequantize_packed_row(const PackedWeights& packed, std::size_t row, float* out) {
  std::vector<std::uint8_t> codes(packed.cols);
  collect(packed, row, codes.data());
  const CodeGrid& grid = *format_spec(packed.format).grid;
  for (std::size_t i = 0; i < packed.cols; ++i) {
    const std::size_t group = packed.group == 0 ? 0 : i / packed.group;
    out[i] = grid.level(codes[i]) * f16_to_f32(packed_scale(packed, row, group));
  }
}

}  // namespace cellm
