#include "format/packed.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "base/error.h"
#include "format/formats.h"
#include "format/half.h"

namespace cellm {
namespace {

constexpr std::size_t kUnitBytes = 64;

unsigned packed_bits(FormatId format) {
  switch (format) {
    case FormatId::kI8:
      return 8;
    case FormatId::kI4:
      return 4;
    case FormatId::kI2:
      return 2;
    case FormatId::kQ1:
      return 1;
    default:
      return 0;
  }
}

// The codes u of one row, one byte each.
void read_codes(const Tensor& tensor, std::size_t row, std::uint8_t* out) {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(tensor.data) +
                      row * format_info(tensor.format).row_bytes(tensor.cols);
  switch (tensor.format) {
    case FormatId::kI8:
      for (std::size_t i = 0; i < tensor.cols; ++i) out[i] = bytes[i] ^ 0x80U;
      break;
    case FormatId::kI4:
      for (std::size_t i = 0; i + 1 < tensor.cols; i += 2) {
        out[i] = bytes[i / 2] & 15U;
        out[i + 1] = bytes[i / 2] >> 4;
      }
      if (tensor.cols % 2 != 0) out[tensor.cols - 1] = bytes[tensor.cols / 2] & 15U;
      break;
    case FormatId::kI2:
      for (std::size_t i = 0; i < tensor.cols; ++i)
        out[i] = unsigned{bytes[i / 4]} >> (2 * (i % 4)) & 3U;
      break;
    case FormatId::kQ1:
      for (std::size_t i = 0; i < tensor.cols; ++i) {
        const std::uint8_t* block = bytes + i / Q1::kBlock * Q1::kBlockBytes;
        out[i] = unsigned{block[2 + i % Q1::kBlock / 8]} >> (i % 8) & 1U;
      }
      break;
    default:
      CELLM_CHECK(false);
  }
}

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

std::uint16_t scale_of(const Tensor& tensor, std::size_t row, std::size_t group) {
  if (tensor.format != FormatId::kQ1)
    return tensor.scales[row * (tensor.cols / tensor.group) + group];
  std::uint16_t scale = 0;
  std::memcpy(&scale, tensor.data + row * Q1::row_bytes(tensor.cols) + group * Q1::kBlockBytes,
              sizeof(scale));
  return scale;
}

// The shape of the packed form, without its memory.
std::optional<PackedWeights> packed_shape(const Tensor& tensor) {
  PackedWeights packed;
  packed.bits = packed_bits(tensor.format);
  if (packed.bits == 0) return std::nullopt;
  packed.rows = tensor.rows;
  packed.cols = tensor.cols;
  packed.group = tensor.format == FormatId::kQ1 ? Q1::kBlock
                 : tensor.group == tensor.cols  ? 0
                                                : tensor.group;
  if (packed.group != 0 && packed.group != 32 && packed.group != 128) return std::nullopt;
  return packed;
}

}  // namespace

std::uint64_t packed_bytes(const Tensor& tensor) {
  const auto shape = packed_shape(tensor);
  if (!shape) return 0;
  return shape->row_blocks() *
         (shape->block_bytes() + shape->groups() * kPackedRows * sizeof(std::uint16_t));
}

std::optional<PackedWeights> pack(const Tensor& tensor, ThreadPool& pool) {
  auto shape = packed_shape(tensor);
  if (!shape) return std::nullopt;
  PackedWeights packed = *std::move(shape);
  packed.codes = AlignedBuffer<std::uint8_t>(packed.row_blocks() * packed.block_bytes());
  packed.scales = AlignedBuffer<std::uint16_t>(packed.row_blocks() * packed.groups() * kPackedRows);
  pool.parallel_for(packed.row_blocks(), 1, [&](std::size_t block, std::size_t) {
    std::vector<std::uint8_t> codes(packed.padded_cols());
    std::uint16_t* scales = packed.scales.data() + block * packed.groups() * kPackedRows;
    for (std::size_t r = 0; r < kPackedRows && block * kPackedRows + r < tensor.rows; ++r) {
      const std::size_t row = block * kPackedRows + r;
      read_codes(tensor, row, codes.data());
      interleave(codes.data(), packed.padded_cols(), packed.bits, r,
                 packed.codes.data() + block * packed.block_bytes());
      for (std::size_t g = 0; g < packed.groups(); ++g) {
        scales[g * kPackedRows + r] = scale_of(tensor, row, g);
      }
    }
  });
  return packed;
}

void dequantize_packed_row(const PackedWeights& packed, std::size_t row, float* out) {
  const std::size_t block = row / kPackedRows;
  const std::size_t r = row % kPackedRows;
  const std::uint8_t* codes = packed.codes.data() + block * packed.block_bytes();
  const std::uint16_t* scales = packed.scales.data() + block * packed.groups() * kPackedRows;
  const unsigned quads = 8 / packed.bits;
  const unsigned mask = (1U << packed.bits) - 1;
  // value = (multiplier · u − zero) · scale
  const float multiplier = packed.bits == 1 ? 2.0F : 1.0F;
  const float zero = packed.bits == 8   ? 128.0F
                     : packed.bits == 4 ? 8.0F
                     : packed.bits == 2 ? 1.5F
                                        : 1.0F;
  for (std::size_t i = 0; i < packed.cols; ++i) {
    const std::size_t quad = i / 4;
    const unsigned byte = codes[quad / quads * kUnitBytes + r * 4 + i % 4];
    const unsigned u = byte >> (quad % quads * packed.bits) & mask;
    const std::size_t group = packed.group == 0 ? 0 : i / packed.group;
    out[i] =
        (multiplier * static_cast<float>(u) - zero) * f16_to_f32(scales[group * kPackedRows + r]);
  }
}

}  // namespace cellm
