// compressed-tensors, format "pack-quantized": w = scale · (code − zero), rounded to the type of
// the scales. Codes and zeros are stored plus 2^(bits − 1).
//   weight_packed      (rows, cols · bits / 32) I32   the codes of a row, a stream of bits
//   weight_shape       (2) I64                        rows and cols
//   weight_scale       (rows, groups), or one number
//   weight_zero_point  (rows · bits / 32, groups) I32 of a column, likewise; or (rows, groups) I8
//   weight_g_idx       (cols) I32                     the group of each column (act-order)

#include <array>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/error.h"
#include "io/quantized/codes.h"
#include "io/quantized/numbers.h"
#include "io/quantized/quantized.h"

namespace cellm {
namespace {

constexpr unsigned kWordBits = 32;
constexpr unsigned kMaxBits = 8;

struct Layout {
  std::size_t rows = 0;
  std::size_t cols = 0;
  std::size_t groups = 1;
  unsigned bits = 0;
  bool one_scale = false;  // of the whole tensor
};

std::size_t words_for(std::size_t codes, unsigned bits) {
  return (codes * bits + kWordBits - 1) / kWordBits;
}

// The numbers of weight_shape.
std::array<std::size_t, 2> shape_of(WeightParts& parts) {
  const StoredTensor& stored = parts.at("weight_shape");
  const std::size_t size = stored.dtype == "I64" ? 8 : stored.dtype == "I32" ? 4 : 0;
  parts.expect(stored, std::array<std::size_t, 1>{2}, {"I64", "I32"});
  std::array<std::size_t, 2> shape{};
  for (std::size_t i = 0; i < 2; ++i) {
    std::uint64_t value = 0;
    std::memcpy(&value, stored.bytes.data() + i * size, size);
    if (value == 0 || value > kMaxDimension) {
      throw data_error("{}: weight_shape says {}", parts.where(), value);
    }
    shape[i] = value;
  }
  return shape;
}

// num_bits of the configuration's groups, as far as they say the same number of words.
std::optional<unsigned> configured_bits(const WeightParts& parts, const Layout& layout) {
  const auto groups =
      parts.config() == nullptr ? std::nullopt : parts.config()->find("config_groups");
  if (!groups) return std::nullopt;
  for (const auto& [name, group] : groups->as_object()) {
    const auto weights = group.is_object() ? group.find("weights") : std::nullopt;
    const auto bits = weights ? weights->find("num_bits") : std::nullopt;
    if (!bits) continue;
    const auto value = static_cast<unsigned>(bits->as_uint(1, kWordBits));
    if (value <= kMaxBits && words_for(layout.cols, value) == parts.codes().shape[1]) return value;
  }
  return std::nullopt;
}

unsigned bits_of(const WeightParts& parts, const Layout& layout) {
  std::vector<unsigned> fitting;
  for (unsigned bits = 1; bits <= kMaxBits; ++bits) {
    if (words_for(layout.cols, bits) == parts.codes().shape[1]) fitting.push_back(bits);
  }
  if (fitting.size() == 1) return fitting.front();
  if (const auto bits = configured_bits(parts, layout)) return *bits;
  throw data_error("{}: {} words for {} columns; of how many bits are the codes?", parts.where(),
                   parts.codes().shape[1], layout.cols);
}

std::vector<std::uint32_t> groups_of_columns(WeightParts& parts, const Layout& layout) {
  std::vector<std::uint32_t> groups(layout.cols);
  const StoredTensor* listed = parts.find("weight_g_idx");
  bool in_order = listed == nullptr;
  if (listed != nullptr) {
    parts.expect(*listed, std::array{layout.cols}, {"I32"});
    for (std::size_t c = 0; c < layout.cols; ++c) {
      groups[c] = word(listed->bytes, c);
      in_order = in_order || groups[c] == ~0U;  // −1: not used
    }
  }
  if (in_order && layout.cols % layout.groups != 0) {
    throw data_error("{}: {} columns are no multiple of {} groups", parts.where(), layout.cols,
                     layout.groups);
  }
  for (std::size_t c = 0; c < layout.cols; ++c) {
    if (in_order) groups[c] = static_cast<std::uint32_t>(c / (layout.cols / layout.groups));
    if (groups[c] >= layout.groups) {
      throw data_error("{}: weight_g_idx says group {} of {} for column {}", parts.where(),
                       groups[c], layout.groups, c);
    }
  }
  return groups;
}

struct PackedWeight {
  Layout layout;
  StoredTensor codes;
  std::optional<StoredTensor> zeros;
  Numbers scales;
  std::vector<std::uint32_t> groups;

  // The zero as it is stored, plus 2^(bits − 1).
  float zero(std::size_t row, std::size_t group) const {
    const unsigned offset = 1U << (layout.bits - 1);
    if (!zeros) return static_cast<float>(offset);
    if (zeros->dtype == "I8") {
      const auto value = std::to_integer<std::uint8_t>(zeros->bytes[row * layout.groups + group]);
      return static_cast<float>(static_cast<std::int8_t>(value)) + static_cast<float>(offset);
    }
    const std::size_t bit = row * layout.bits;
    const std::size_t first = bit / kWordBits;
    const auto shift = static_cast<unsigned>(bit % kWordBits);
    std::uint64_t value = word(zeros->bytes, first * layout.groups + group);
    if (shift + layout.bits > kWordBits) {
      value |= static_cast<std::uint64_t>(word(zeros->bytes, (first + 1) * layout.groups + group))
               << kWordBits;
    }
    return static_cast<float>(static_cast<unsigned>(value >> shift) & ((1U << layout.bits) - 1U));
  }

  void read_rows(std::size_t begin, std::size_t end, float* out) const {
    const std::size_t row_bytes = codes.shape[1] * sizeof(std::uint32_t);
    std::vector<float> row_scales(layout.groups);
    std::vector<float> row_zeros(layout.groups);
    for (std::size_t row = begin; row < end; ++row) {
      const auto stored = codes.bytes.subspan(row * row_bytes, row_bytes);
      for (std::size_t g = 0; g < layout.groups; ++g) {
        row_scales[g] = scales[layout.one_scale ? 0 : row * layout.groups + g];
        row_zeros[g] = zero(row, g);
      }
      for (std::size_t c = 0; c < layout.cols; ++c) {
        const auto code = static_cast<float>(bit_code(stored, c * layout.bits, layout.bits));
        *out++ = rounded_as(scales.type(), row_scales[groups[c]] * (code - row_zeros[groups[c]]));
      }
    }
  }
};

bool holds(const StoredTensors& /*tensors*/, const StoredTensor& codes, std::string_view /*stem*/) {
  return codes.dtype == "I32";
}

QuantizedWeight open(WeightParts& parts) {
  const StoredTensor& codes = parts.codes();
  const StoredTensor& scales = parts.at("weight_scale");
  const auto [rows, cols] = shape_of(parts);
  Layout layout{.rows = rows, .cols = cols};
  layout.bits = bits_of(parts, layout);
  parts.expect(codes, std::array{rows, words_for(cols, layout.bits)}, {"I32"});
  layout.one_scale = element_count(scales) == 1;
  if (!layout.one_scale) {
    layout.groups = scales.shape.size() == 2 ? scales.shape[1] : 1;
    const bool of_rows = scales.shape.size() == 1;
    parts.expect(scales,
                 of_rows ? std::vector<std::size_t>{rows} : std::vector{rows, layout.groups},
                 {"F16", "BF16", "F32"});
  }
  std::optional<StoredTensor> zeros;
  if (const StoredTensor* stored = parts.find("weight_zero_point")) {
    if (stored->dtype == "I8") {
      parts.expect(*stored, std::array{rows, layout.groups}, {"I8"});
    } else {
      parts.expect(*stored, std::array{words_for(rows, layout.bits), layout.groups}, {"I32"});
    }
    zeros = *stored;
  }
  auto groups = groups_of_columns(parts, layout);
  const auto weight = std::make_shared<const PackedWeight>(
      PackedWeight{layout, codes, zeros, Numbers(scales, parts.where()), std::move(groups)});
  return parts.weight(rows, cols, fmt::format("CT-int{}", layout.bits),
                      [weight](std::size_t begin, std::size_t end, float* out) {
                        weight->read_rows(begin, end, out);
                      });
}

}  // namespace

extern const QuantizationMethod kPackedIntsMethod;  // listed in quantized.cc
const QuantizationMethod kPackedIntsMethod{.ending = "weight_packed", .holds = holds, .open = open};

}  // namespace cellm
