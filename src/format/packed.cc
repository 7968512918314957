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

// The reverse: the bytes of one row, padded as the format says, without q1's scales. `out` is zero.
void write_codes(FormatId format, const std::uint8_t* codes, std::size_t cols, std::uint8_t* out) {
  switch (format) {
    case FormatId::kI8:
      for (std::size_t i = 0; i < cols; ++i) out[i] = codes[i] ^ 0x80U;
      break;
    case FormatId::kI4:
      for (std::size_t i = 0; i < cols; ++i)
        out[i / 2] = static_cast<std::uint8_t>(out[i / 2] | codes[i] << (4 * (i % 2)));
      if (cols % 2 != 0) out[cols / 2] |= 8U << 4;
      break;
    case FormatId::kI2:
      for (std::size_t i = 0; i < cols; ++i)
        out[i / 4] = static_cast<std::uint8_t>(out[i / 4] | codes[i] << (2 * (i % 4)));
      for (std::size_t i = cols; i % 4 != 0; ++i)
        out[i / 4] = static_cast<std::uint8_t>(out[i / 4] | 1U << (2 * (i % 4)));
      break;
    case FormatId::kQ1:
      for (std::size_t i = 0; i < cols; ++i) {
        std::uint8_t& byte = out[i / Q1::kBlock * Q1::kBlockBytes + 2 + i % Q1::kBlock / 8];
        byte = static_cast<std::uint8_t>(byte | codes[i] << (i % 8));
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

// The scale of column `col`.
std::uint16_t scale_of(const Tensor& tensor, std::size_t row, std::size_t col) {
  if (tensor.format != FormatId::kQ1)
    return tensor.scales[row * (tensor.cols / tensor.group) + col / tensor.group];
  std::uint16_t scale = 0;
  std::memcpy(&scale,
              tensor.data + row * Q1::row_bytes(tensor.cols) + col / Q1::kBlock * Q1::kBlockBytes,
              sizeof(scale));
  return scale;
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
  return packed_bits(format);
}

std::optional<PackedWeights> packed_shape(FormatId format, std::size_t rows, std::size_t cols,
                                          std::size_t group) {
  if (packed_bits(format) == 0) return std::nullopt;
  PackedWeights shape;
  shape.format = format;
  shape.rows = rows;
  shape.cols = cols;
  shape.group = format == FormatId::kQ1 ? Q1::kBlock : group == cols ? 0 : group;
  if (shape.group % kPackedColumnAlignment != 0) return std::nullopt;
  // 8 and 2 bits have kernels for scales per row only.
  const bool groups_known = format == FormatId::kI4 || format == FormatId::kQ1;
  if (shape.group != 0 && !groups_known) return std::nullopt;
  if (shape.group != 0 && shape.group != 128) shape.group = kPackedColumnAlignment;
  return shape;
}

std::string packed_dtype(FormatId format) {
  return std::string(format_info(format).name) + std::string(kPackedSuffix);
}

std::optional<FormatId> find_packed_format(std::string_view dtype) {
  if (!dtype.ends_with(kPackedSuffix)) return std::nullopt;
  dtype.remove_suffix(kPackedSuffix.size());
  const auto format = find_format(dtype);
  if (!format || packed_bits(*format) == 0) return std::nullopt;
  return format;
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
  pool.parallel_for(packed->row_blocks(), 1, [&](std::size_t block, std::size_t) {
    std::vector<std::uint8_t> codes(packed->padded_cols());
    std::uint16_t* scales = memory->scales.data() + block * groups * kPackedRows;
    for (std::size_t r = 0; r < kPackedRows && block * kPackedRows + r < tensor.rows; ++r) {
      const std::size_t row = block * kPackedRows + r;
      read_codes(tensor, row, codes.data());
      interleave(codes.data(), packed->padded_cols(), packed->bits(), r,
                 memory->codes.data() + block * packed->block_bytes());
      for (std::size_t g = 0; g < groups; ++g) {
        scales[g * kPackedRows + r] = scale_of(tensor, row, g * packed->group);
      }
    }
  });
  return packed;
}

Tensor unpack(const PackedWeights& packed, ThreadPool& pool) {
  const bool inside = packed.format == FormatId::kQ1;  // whether scales lie among the codes
  const std::size_t row_bytes = format_info(packed.format).row_bytes(packed.cols);
  struct Memory {
    AlignedBuffer<std::uint8_t> codes;
    AlignedBuffer<std::uint16_t> scales;
  };
  const auto memory = std::make_shared<Memory>(
      Memory{AlignedBuffer<std::uint8_t>(packed.rows * row_bytes),
             AlignedBuffer<std::uint16_t>(inside ? 0 : packed.rows * packed.groups())});
  pool.parallel_for(packed.rows, kPackedRows, [&](std::size_t begin, std::size_t end) {
    std::vector<std::uint8_t> codes(packed.cols);
    for (std::size_t row = begin; row < end; ++row) {
      collect(packed, row, codes.data());
      std::uint8_t* out = memory->codes.data() + row * row_bytes;
      write_codes(packed.format, codes.data(), packed.cols, out);
      for (std::size_t g = 0; g < packed.groups(); ++g) {
        const std::uint16_t scale = packed_scale(packed, row, g);
        if (inside) {
          std::memcpy(out + g * Q1::kBlockBytes, &scale, sizeof(scale));
        } else {
          memory->scales.data()[row * packed.groups() + g] = scale;
        }
      }
    }
  });
  const std::size_t group = inside ? 0 : packed.group == 0 ? packed.cols : packed.group;
  return {packed.format,
          packed.rows,
          packed.cols,
          group,
          reinterpret_cast<const std::byte*>(memory->codes.data()),
          inside ? nullptr : memory->scales.data(),
          memory};
}

void dequantize_packed_row(const PackedWeights& packed, std::size_t row, float* out) {
  std::vector<std::uint8_t> codes(packed.cols);
  collect(packed, row, codes.data());
  // value = (multiplier · u − zero) · scale
  const unsigned bits = packed.bits();
  const float multiplier = bits == 1 ? 2.0F : 1.0F;
  const float zero = bits == 8 ? 128.0F : bits == 4 ? 8.0F : bits == 2 ? 1.5F : 1.0F;
  for (std::size_t i = 0; i < packed.cols; ++i) {
    const std::size_t group = packed.group == 0 ? 0 : i / packed.group;
    out[i] = (multiplier * static_cast<float>(codes[i]) - zero) *
             f16_to_f32(packed_scale(packed, row, group));
  }
}

}  // namespace cellm
