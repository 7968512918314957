// bitsandbytes.
//   4 bits (nf4, fp4): w = map[code] · absmax of its block, rounded to the state's dtype. Two codes
//     in a byte, high half first, over the whole weight in row-major order.
//       weight.absmax F32, or U8 with weight.nested_quant_map (256), weight.nested_absmax and
//       nested_offset; weight.quant_map (16); weight.quant_state.bitsandbytes__nf4, JSON in U8
//   8 bits (LLM.int8()): w = code · SCB / 127
//       weight I8, SCB (rows) F32

#include <array>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "io/quantized/codes.h"
#include "io/quantized/numbers.h"
#include "io/quantized/quantized.h"

namespace cellm {
namespace {

constexpr std::string_view kNf4State = "weight.quant_state.bitsandbytes__nf4";
constexpr std::string_view kFp4State = "weight.quant_state.bitsandbytes__fp4";
constexpr std::size_t kMaxStateBytes = 4096;  // real ones have 150
constexpr std::uint64_t kMaxBlock = 1 << 20;

NumberType type_named(const JsonNode& node) {
  const std::string name = node.as_string();
  if (name == "bfloat16") return NumberType::kBF16;
  if (name == "float16") return NumberType::kF16;
  if (name == "float32") return NumberType::kF32;
  throw data_error("{}: unknown type \"{}\"", node.path(), printable(name));
}

struct State {
  std::size_t rows = 0;
  std::size_t cols = 0;
  std::size_t block = 0;
  NumberType result = NumberType::kF32;
  std::size_t nested_block = 0;  // 0: absmax is not quantized
  float nested_offset = 0.0F;
};

State read_state(const WeightParts& parts, const StoredTensor& stored) {
  if (stored.dtype != "U8" || stored.bytes.size() > kMaxStateBytes) {
    throw data_error("{}: {} is no state of bitsandbytes", parts.where(), printable(stored.name));
  }
  const std::string where = parts.where() + " quant_state";
  const Json json =
      parse_json({reinterpret_cast<const char*>(stored.bytes.data()), stored.bytes.size()}, where);
  const JsonNode node(json, where + ":");
  const auto shape = node.at("shape").as_array(2);
  if (shape.size() != 2) throw data_error("{}: expected two numbers", node.at("shape").path());
  State state{.rows = shape[0].as_uint(1, kMaxDimension),
              .cols = shape[1].as_uint(1, kMaxDimension),
              .block = node.at("blocksize").as_uint(1, kMaxBlock),
              .result = type_named(node.at("dtype"))};
  if (node.find("nested_blocksize")) {
    state.nested_block = node.at("nested_blocksize").as_uint(1, kMaxBlock);
    state.nested_offset = static_cast<float>(node.at("nested_offset").as_number());
  }
  return state;
}

// The largest magnitude of each block; `count` of them.
struct BlockScales {
  Numbers absmax;
  std::optional<Numbers> map;     // of quantized ones
  std::optional<Numbers> nested;  // likewise
  std::size_t nested_block = 1;
  float offset = 0.0F;

  float operator[](std::size_t block) const {
    if (!map) return absmax[block];
    const auto code = static_cast<std::size_t>(absmax[block]);
    return (*map)[code] * (*nested)[block / nested_block] + offset;
  }
};

BlockScales block_scales(WeightParts& parts, const State& state, std::size_t blocks) {
  const StoredTensor& absmax = parts.at("weight.absmax");
  parts.expect(absmax, std::array{blocks}, {state.nested_block == 0 ? "F32" : "U8"});
  BlockScales scales{.absmax = Numbers(absmax, parts.where()), .map = {}, .nested = {}};
  if (state.nested_block == 0) return scales;
  const StoredTensor& map = parts.at("weight.nested_quant_map");
  const StoredTensor& nested = parts.at("weight.nested_absmax");
  parts.expect(map, std::array<std::size_t, 1>{256}, {"F32"});
  parts.expect(nested, std::array{(blocks + state.nested_block - 1) / state.nested_block}, {"F32"});
  scales.map.emplace(map, parts.where());
  scales.nested.emplace(nested, parts.where());
  scales.nested_block = state.nested_block;
  scales.offset = state.nested_offset;
  return scales;
}

bool holds_4bit(const StoredTensors& tensors, const StoredTensor& /*codes*/,
                std::string_view stem) {
  const std::string name(stem);
  return tensors.find(name + std::string(kNf4State)) != nullptr ||
         tensors.find(name + std::string(kFp4State)) != nullptr;
}

QuantizedWeight open_4bit(WeightParts& parts) {
  const StoredTensor* stored = parts.find(kNf4State);
  const bool is_nf4 = stored != nullptr;
  if (!is_nf4) stored = &parts.at(kFp4State);
  const State state = read_state(parts, *stored);
  if (state.cols > kMaxDimension / state.rows ||
      parts.codes().bytes.size() != (state.rows * state.cols + 1) / 2) {
    throw data_error("{}: {} bytes of codes for {} × {} weights", parts.where(),
                     parts.codes().bytes.size(), state.rows, state.cols);
  }
  const StoredTensor& map = parts.at("weight.quant_map");
  parts.expect(map, std::array<std::size_t, 1>{16}, {"F32"});
  std::array<float, 16> values{};
  const Numbers numbers(map, parts.where());
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = numbers[i];
  const std::size_t blocks = (state.rows * state.cols + state.block - 1) / state.block;
  const BlockScales scales = block_scales(parts, state, blocks);
  return parts.weight(state.rows, state.cols, is_nf4 ? "BNB-nf4" : "BNB-fp4",
                      [state, codes = parts.codes(), values, scales](std::size_t begin,
                                                                     std::size_t end, float* out) {
                        float scale = 0.0F;
                        for (std::size_t i = begin * state.cols; i < end * state.cols; ++i) {
                          if (i % state.block == 0 || i == begin * state.cols)
                            scale = scales[i / state.block];
                          const auto both = std::to_integer<unsigned>(codes.bytes[i / 2]);
                          const float value = values[i % 2 == 0 ? both >> 4 : both & 0xFU];
                          *out++ = rounded_as(state.result, value * scale);
                        }
                      });
}

bool holds_8bit(const StoredTensors& tensors, const StoredTensor& codes, std::string_view stem) {
  return codes.dtype == "I8" && tensors.find(std::string(stem) + "SCB") != nullptr;
}

QuantizedWeight open_8bit(WeightParts& parts) {
  constexpr float kReciprocal = 7.874015718698502e-3F;  // of 127, as the library has it
  const StoredTensor& codes = parts.codes();
  const StoredTensor& scales = parts.at("SCB");
  const std::size_t cols = codes.shape[1];
  parts.expect(scales, std::array{codes.shape[0]}, {"F32", "F16"});
  if (const StoredTensor* order = parts.find("weight_format")) {
    if (order->bytes.size() != 1 || order->bytes[0] != std::byte{0}) {
      throw unsupported_error("{}: of LLM.int8() cellm reads codes in rows", parts.where());
    }
  }
  return parts.weight(codes.shape[0], cols, "BNB-int8",
                      [codes, cols, numbers = Numbers(scales, parts.where())](
                          std::size_t begin, std::size_t end, float* out) {
                        for (std::size_t row = begin; row < end; ++row) {
                          for (std::size_t c = 0; c < cols; ++c) {
                            const auto code = static_cast<std::int8_t>(
                                std::to_integer<std::uint8_t>(codes.bytes[row * cols + c]));
                            *out++ = static_cast<float>(code) * numbers[row] * kReciprocal;
                          }
                        }
                      });
}

}  // namespace

extern const QuantizationMethod kBitsAndBytes4Method;  // listed in quantized.cc
const QuantizationMethod kBitsAndBytes4Method{
    .ending = "weight", .holds = holds_4bit, .open = open_4bit};
extern const QuantizationMethod kBitsAndBytes8Method;  // listed in quantized.cc
const QuantizationMethod kBitsAndBytes8Method{
    .ending = "weight", .holds = holds_8bit, .open = open_8bit};

}  // namespace cellm
