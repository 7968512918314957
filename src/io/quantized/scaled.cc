// Codes of one byte with scales: compressed-tensors "int-quantized", "float-quantized" and
// "naive-quantized", FP8 of DeepSeek and of transformers' FineGrainedFP8Config, FBGEMM, vLLM and
// ModelOpt. w = scale · (code − zero), rounded to the type of the scales.
//   weight                              (rows, cols) I8, F8_E4M3 or F8_E5M2
//   weight_scale or weight_scale_inv    one number; (rows), (rows, 1); (rows, groups); or a grid of
//                                       blocks whose last row and column may be cut off
//   weight_zero_point                   (the same) I8

#include <array>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/error.h"
#include "io/quantized/codes.h"
#include "io/quantized/numbers.h"
#include "io/quantized/quantized.h"
#include "io/shape.h"

namespace cellm {
namespace {

// The part of the weight that a scale is for.
struct Block {
  std::size_t rows = 0;
  std::size_t cols = 0;
};

float int8_value(std::uint8_t code) {
  return static_cast<float>(static_cast<std::int8_t>(code));
}

std::size_t blocks_in(std::size_t size, std::size_t block) {
  return (size + block - 1) / block;
}

// [rows, cols] of a list of two numbers.
std::optional<Block> read_block(const std::optional<JsonNode>& node) {
  if (!node || !node->is_array()) return std::nullopt;
  const auto sizes = node->as_array(2);
  if (sizes.size() != 2) return std::nullopt;
  return Block{sizes[0].as_uint(1, kMaxDimension), sizes[1].as_uint(1, kMaxDimension)};
}

// The blocks that the configuration names: weight_block_size, or block_structure of a group.
std::vector<Block> configured_blocks(const WeightParts& parts) {
  std::vector<Block> blocks;
  if (parts.config() == nullptr) return blocks;
  if (const auto block = read_block(parts.config()->find("weight_block_size"))) {
    blocks.push_back(*block);
  }
  const auto groups = parts.config()->find("config_groups");
  if (!groups) return blocks;
  for (const auto& [name, group] : groups->as_object()) {
    const auto weights = group.is_object() ? group.find("weights") : std::nullopt;
    if (!weights) continue;
    if (const auto block = read_block(weights->find("block_structure"))) blocks.push_back(*block);
  }
  return blocks;
}

// The block of a grid of scales: the configured one that makes such a grid, else equal parts.
Block block_of(const WeightParts& parts, const StoredTensor& scales) {
  const std::size_t rows = parts.codes().shape[0];
  const std::size_t cols = parts.codes().shape[1];
  if (element_count(scales) == 1) return {rows, cols};
  if (scales.shape.size() == 1 && scales.shape[0] == rows) return {1, cols};
  if (scales.shape.size() == 2) {
    for (const Block& block : configured_blocks(parts)) {
      if (blocks_in(rows, block.rows) == scales.shape[0] &&
          blocks_in(cols, block.cols) == scales.shape[1]) {
        return block;
      }
    }
    if (rows % scales.shape[0] == 0 && cols % scales.shape[1] == 0) {
      return {rows / scales.shape[0], cols / scales.shape[1]};
    }
  }
  throw data_error("{}: {} of shape {} does not fit codes of shape {}", parts.where(),
                   printable(scales.name), shape_text(scales.shape),
                   shape_text(parts.codes().shape));
}

struct ScaledWeight {
  StoredTensor codes;
  std::array<float, 256> values;
  Numbers scales;
  std::optional<Numbers> zeros;
  Block block;

  void read_rows(std::size_t begin, std::size_t end, float* out) const {
    const std::size_t cols = codes.shape[1];
    const std::size_t grid = blocks_in(cols, block.cols);
    for (std::size_t row = begin; row < end; ++row) {
      for (std::size_t b = 0; b < grid; ++b) {
        const std::size_t index = row / block.rows * grid + b;
        const float scale = scales[index];
        const float zero = zeros ? (*zeros)[index] : 0.0F;
        for (std::size_t c = b * block.cols; c < std::min((b + 1) * block.cols, cols); ++c) {
          const auto code = std::to_integer<std::uint8_t>(codes.bytes[row * cols + c]);
          *out++ = rounded_as(scales.type(), scale * (values[code] - zero));
        }
      }
    }
  }
};

bool holds(const StoredTensors& tensors, const StoredTensor& codes, std::string_view stem) {
  const std::string name(stem);
  return (codes.dtype == "I8" || codes.dtype == "F8_E4M3" || codes.dtype == "F8_E5M2") &&
         (tensors.find(name + "weight_scale_inv") != nullptr ||
          tensors.find(name + "weight_scale") != nullptr);
}

QuantizedWeight open(WeightParts& parts) {
  const StoredTensor& codes = parts.codes();
  const StoredTensor* scales = parts.find("weight_scale_inv");
  if (scales == nullptr) scales = &parts.at("weight_scale");
  ScaledWeight weight{.codes = codes,
                      .values = byte_values(codes.dtype == "I8"        ? int8_value
                                            : codes.dtype == "F8_E4M3" ? e4m3_to_f32
                                                                       : e5m2_to_f32),
                      .scales = Numbers(*scales, parts.where()),
                      .zeros = std::nullopt,
                      .block = block_of(parts, *scales)};
  if (weight.scales.type() == NumberType::kU8) weight.scales.read_bytes_as(NumberType::kE8M0);
  if (const StoredTensor* zeros = parts.find("weight_zero_point")) {
    parts.expect(*zeros, scales->shape, {"I8", "F8_E4M3", "F8_E5M2", "F16", "BF16", "F32"});
    weight.zeros.emplace(*zeros, parts.where());
  }
  const std::string name = codes.dtype == "I8" ? "INT8" : codes.dtype;
  const auto shared = std::make_shared<const ScaledWeight>(std::move(weight));
  return parts.weight(codes.shape[0], codes.shape[1], name + "-scaled",
                      [shared](std::size_t begin, std::size_t end, float* out) {
                        shared->read_rows(begin, end, out);
                      });
}

}  // namespace

extern const QuantizationMethod kScaledMethod;  // listed in quantized.cc
const QuantizationMethod kScaledMethod{.ending = "weight", .holds = holds, .open = open};

}  // namespace cellm
