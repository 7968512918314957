// MLX (mlx.core.quantize): the codes of a row are a stream of bits in U32 words, lowest first, in
// groups along the row.
//   affine               w = scale · code + bias, 2, 3, 4, 5, 6 or 8 bits
//   mxfp4, mxfp8, nvfp4  w = scale · code, codes and scales floats of the MX formats

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/error.h"
#include "io/quantized/codes.h"
#include "io/quantized/numbers.h"
#include "io/quantized/quantized.h"

namespace cellm {
namespace {

struct Mode {
  std::string name = "affine";
  unsigned bits = 4;
  std::size_t group = 0;  // 0: not given
};

struct FloatMode {
  std::string_view name;
  unsigned bits;
  std::size_t group;
  float (*scale)(std::uint8_t code);
};
constexpr std::array<FloatMode, 3> kFloatModes{
    {{"mxfp4", 4, 32, e8m0_to_f32}, {"mxfp8", 8, 32, e8m0_to_f32}, {"nvfp4", 4, 16, e4m3_to_f32}}};

constexpr std::array<unsigned, 6> kAffineBits{2, 3, 4, 5, 6, 8};
constexpr std::array<std::size_t, 4> kAffineGroups{16, 32, 64, 128};

// The members of an object that says how tensors are quantized.
void read_mode(const JsonNode& node, Mode& mode) {
  const auto name = node.find("mode");
  if (name) {
    mode.name = name->as_string();
    const bool known = mode.name == "affine" ||
                       std::any_of(kFloatModes.begin(), kFloatModes.end(),
                                   [&](const FloatMode& m) { return m.name == mode.name; });
    if (!known) {
      throw unsupported_error("{}: \"{}\"; of MLX cellm reads affine, mxfp4, mxfp8 and nvfp4",
                              name->path(), printable(mode.name));
    }
  }
  if (const auto bits = node.find("bits")) {
    mode.bits = static_cast<unsigned>(bits->as_uint(0, 64));
    if (std::find(kAffineBits.begin(), kAffineBits.end(), mode.bits) == kAffineBits.end()) {
      throw unsupported_error("{}: {} bits; of MLX cellm reads 2, 3, 4, 5, 6 and 8", bits->path(),
                              mode.bits);
    }
  }
  if (const auto group = node.find("group_size")) mode.group = group->as_uint(1, 1U << 20);
}

// mlx-lm lists tensors that it quantized in another way by name.
Mode mode_of(const WeightParts& parts) {
  const JsonNode* config = parts.config();
  if (config == nullptr) {
    throw unsupported_error("{}: codes of MLX, but config.json has no \"quantization\"",
                            parts.where());
  }
  Mode mode;
  read_mode(*config, mode);
  const auto own = config->find(parts.stem().substr(0, parts.stem().size() - 1));
  if (own && own->is_object()) {
    if (!own->find("mode")) mode.name = Mode().name;
    read_mode(*own, mode);
  }
  return mode;
}

// The size of a group, given the codes and the number of groups.
std::size_t group_of(const WeightParts& parts, const Mode& mode, std::size_t cols,
                     std::size_t groups) {
  const std::size_t group = cols % groups == 0 ? cols / groups : 0;
  const bool usual =
      std::find(kAffineGroups.begin(), kAffineGroups.end(), group) != kAffineGroups.end();
  if (!usual || (mode.group != 0 && mode.group != group)) {
    throw data_error("{}: {} columns of {} bits do not make {} groups of {}", parts.where(), cols,
                     mode.bits, groups,
                     mode.group == 0 ? "16, 32, 64 or 128" : fmt::format("{}", mode.group));
  }
  return group;
}

QuantizedWeight open_affine(WeightParts& parts, const Mode& mode) {
  const StoredTensor& codes = parts.codes();
  const StoredTensor& scales = parts.at("scales");
  const StoredTensor& biases = parts.at("biases");
  const std::size_t rows = codes.shape[0];
  const std::size_t groups = scales.shape.back();
  for (const StoredTensor* part : {&scales, &biases}) {
    parts.expect(*part, std::array{rows, groups}, {"F32", "F16", "BF16"});
  }
  const std::size_t row_bytes = codes.shape[1] * sizeof(std::uint32_t);
  const unsigned bits = mode.bits;
  const std::size_t cols = row_bytes * 8 / bits;
  if (row_bytes * 8 % bits != 0) {
    throw data_error("{}: rows of {} bytes do not hold codes of {} bits", parts.where(), row_bytes,
                     bits);
  }
  const std::size_t group = group_of(parts, mode, cols, groups);
  return parts.weight(
      rows, cols, fmt::format("MLX-{}bit", bits),
      [codes, scales = Numbers(scales, parts.where()), biases = Numbers(biases, parts.where()),
       groups, group, row_bytes, bits](std::size_t begin, std::size_t end, float* out) {
        for (std::size_t row = begin; row < end; ++row) {
          const auto stored = codes.bytes.subspan(row * row_bytes, row_bytes);
          for (std::size_t g = 0; g < groups; ++g) {
            const float scale = scales[row * groups + g];
            const float bias = biases[row * groups + g];
            for (std::size_t c = g * group; c < (g + 1) * group; ++c) {
              *out++ = scale * static_cast<float>(bit_code(stored, c * bits, bits)) + bias;
            }
          }
        }
      });
}

QuantizedWeight open_floats(WeightParts& parts, const FloatMode& mode) {
  const StoredTensor& codes = parts.codes();
  const StoredTensor& scales = parts.at("scales");
  const std::size_t rows = codes.shape[0];
  const std::size_t row_bytes = codes.shape[1] * sizeof(std::uint32_t);
  const std::size_t cols = row_bytes * 8 / mode.bits;
  const std::size_t groups = cols / mode.group;
  if (cols % mode.group != 0) {
    throw data_error("{}: {} columns are no groups of {}", parts.where(), cols, mode.group);
  }
  parts.expect(scales, std::array{rows, groups}, {"U8"});
  const auto values = mode.bits == 8
                          ? byte_values(e4m3_to_f32)
                          : byte_values([](std::uint8_t code) { return kE2M1[code & 0xF]; });
  return parts.weight(rows, cols, fmt::format("MLX-{}", mode.name),
                      [codes, scales, values, groups, mode, row_bytes](
                          std::size_t begin, std::size_t end, float* out) {
                        for (std::size_t row = begin; row < end; ++row) {
                          const auto stored = codes.bytes.subspan(row * row_bytes, row_bytes);
                          for (std::size_t g = 0; g < groups; ++g) {
                            const float scale = mode.scale(
                                std::to_integer<std::uint8_t>(scales.bytes[row * groups + g]));
                            for (std::size_t c = g * mode.group; c < (g + 1) * mode.group; ++c) {
                              *out++ = scale * values[bit_code(stored, c * mode.bits, mode.bits)];
                            }
                          }
                        }
                      });
}

bool holds(const StoredTensors& tensors, const StoredTensor& codes, std::string_view stem) {
  return codes.dtype == "U32" && tensors.find(std::string(stem) + "scales") != nullptr;
}

QuantizedWeight open(WeightParts& parts) {
  const Mode mode = mode_of(parts);
  for (const FloatMode& floats : kFloatModes) {
    if (floats.name == mode.name) return open_floats(parts, floats);
  }
  return open_affine(parts, mode);
}

}  // namespace

extern const QuantizationMethod kMlxMethod;  // listed in quantized.cc
const QuantizationMethod kMlxMethod{.ending = "weight", .holds = holds, .open = open};

}  // namespace cellm
