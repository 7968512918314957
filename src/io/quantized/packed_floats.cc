// 4-bit floats, two in a byte, low half first, with a scale per group of a row.
//   compressed-tensors "mxfp4-pack-quantized": weight_packed U8, weight_scale U8 (E8M0), groups of
//     32; w = scale · code
//   compressed-tensors "nvfp4-pack-quantized": weight_packed U8, weight_scale F8_E4M3, groups of
//     16, weight_global_scale F32; w = (scale / global) · code, rounded to bf16
//   NVIDIA ModelOpt: weight U8, weight_scale F8_E4M3, weight_scale_2 F32; w = scale · global · code

#include <array>
#include <string>

#include <fmt/format.h>

#include "base/error.h"
#include "io/quantized/codes.h"
#include "io/quantized/numbers.h"
#include "io/quantized/quantized.h"

namespace cellm {
namespace {

constexpr std::size_t kMxGroup = 32;
constexpr std::size_t kNvGroup = 16;

enum class Kind { kMx, kNvDivided, kNvMultiplied };

// `global` is 1 for kMx.
QuantizedWeight floats(WeightParts& parts, const StoredTensor& scales, Kind kind, float global) {
  const StoredTensor& codes = parts.codes();
  const std::size_t rows = codes.shape[0];
  const std::size_t cols = codes.shape[1] * 2;
  const std::size_t group = kind == Kind::kMx ? kMxGroup : kNvGroup;
  if (cols % group != 0) {
    throw data_error("{}: {} columns are no groups of {}", parts.where(), cols, group);
  }
  const std::size_t groups = cols / group;
  parts.expect(scales, std::array{rows, groups}, {"U8", "F8_E8M0", "F8_E4M3"});
  Numbers numbers(scales, parts.where());
  numbers.read_bytes_as(kind == Kind::kMx ? NumberType::kE8M0 : NumberType::kE4M3);
  const NumberType result = kind == Kind::kMx ? NumberType::kF32 : NumberType::kBF16;
  return parts.weight(
      rows, cols, kind == Kind::kMx ? "MXFP4" : "NVFP4",
      [codes, numbers, kind, global, groups, group, cols, result](std::size_t begin,
                                                                  std::size_t end, float* out) {
        for (std::size_t row = begin; row < end; ++row) {
          const auto stored = codes.bytes.subspan(row * (cols / 2), cols / 2);
          for (std::size_t g = 0; g < groups; ++g) {
            const float own = numbers[row * groups + g];
            const float scale = kind == Kind::kNvDivided ? own / global : own * global;
            for (std::size_t c = g * group; c < (g + 1) * group; ++c) {
              *out++ = rounded_as(result, kE2M1[bit_code(stored, 4 * c, 4)] * scale);
            }
          }
        }
      });
}

float only_number(const WeightParts& parts, const StoredTensor& tensor) {
  if (element_count(tensor) != 1 || tensor.dtype != "F32") {
    throw data_error("{}: {} must be one F32", parts.where(), printable(tensor.name));
  }
  return Numbers(tensor, parts.where())[0];
}

bool holds_packed(const StoredTensors& /*tensors*/, const StoredTensor& codes,
                  std::string_view /*stem*/) {
  return codes.dtype == "U8";
}

QuantizedWeight open_packed(WeightParts& parts) {
  const StoredTensor& scales = parts.at("weight_scale");
  if (const StoredTensor* global = parts.find("weight_global_scale")) {
    return floats(parts, scales, Kind::kNvDivided, only_number(parts, *global));
  }
  return floats(parts, scales, Kind::kMx, 1.0F);
}

bool holds_modelopt(const StoredTensors& tensors, const StoredTensor& codes,
                    std::string_view stem) {
  return codes.dtype == "U8" && tensors.find(std::string(stem) + "weight_scale_2") != nullptr;
}

QuantizedWeight open_modelopt(WeightParts& parts) {
  const StoredTensor& scales = parts.at("weight_scale");
  return floats(parts, scales, Kind::kNvMultiplied, only_number(parts, parts.at("weight_scale_2")));
}

}  // namespace

extern const QuantizationMethod kPackedFloatsMethod;  // listed in quantized.cc
const QuantizationMethod kPackedFloatsMethod{
    .ending = "weight_packed", .holds = holds_packed, .open = open_packed};
extern const QuantizationMethod kModelOptFloatsMethod;  // listed in quantized.cc
const QuantizationMethod kModelOptFloatsMethod{
    .ending = "weight", .holds = holds_modelopt, .open = open_modelopt};

}  // namespace cellm
