// AWQ (AutoAWQ, version "gemm"): w = scale · (code − zero), rounded to the type of the scales.
//   qweight (inputs, outputs / 8) I32   8 codes of 4 bits of consecutive outputs, interleaved
//   qzeros  (groups, outputs / 8) I32   likewise
//   scales  (groups, outputs)

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "io/quantized/codes.h"
#include "io/quantized/numbers.h"
#include "io/quantized/quantized.h"

namespace cellm {
namespace {

constexpr std::size_t kCodesPerWord = 8;
// The place of each of the 8 outputs in a word.
constexpr std::array<unsigned, kCodesPerWord> kPlaces{0, 4, 1, 5, 2, 6, 3, 7};

struct Layout {
  std::size_t inputs = 0;
  std::size_t outputs = 0;
  std::size_t groups = 0;
};

float code_at(const StoredTensor& words, std::size_t row, std::size_t output) {
  const std::size_t index = row * words.shape[1] + output / kCodesPerWord;
  return static_cast<float>(word(words.bytes, index) >> 4 * kPlaces[output % kCodesPerWord] & 0xFU);
}

void require_gemm(const WeightParts& parts) {
  const auto version = parts.config() == nullptr ? std::nullopt : parts.config()->find("version");
  if (!version) return;
  std::string name = version->as_string();
  std::transform(name.begin(), name.end(), name.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  if (name == "gemm" || name == "exllama") return;  // the latter rearranges them when it loads
  throw unsupported_error("{} \"{}\" is not supported; of AWQ cellm reads gemm", version->path(),
                          printable(name));
}

bool holds(const StoredTensors& tensors, const StoredTensor& codes, std::string_view stem) {
  const StoredTensor* scales = tensors.find(std::string(stem) + "scales");
  return codes.dtype == "I32" && scales != nullptr && codes.shape.size() == 2 &&
         scales->shape.size() == 2 && scales->shape[1] == codes.shape[1] * kCodesPerWord;
}

void read_rows(const Layout& layout, const StoredTensor& codes, const StoredTensor& zeros,
               const Numbers& scales, std::size_t begin, std::size_t end, float* out) {
  const std::size_t group = layout.inputs / layout.groups;
  const std::size_t rows = end - begin;
  std::vector<float> scale(rows);
  std::vector<float> zero(rows);
  for (std::size_t c = 0; c < layout.inputs; ++c) {
    for (std::size_t r = 0; c % group == 0 && r < rows; ++r) {
      scale[r] = scales[c / group * layout.outputs + begin + r];
      zero[r] = code_at(zeros, c / group, begin + r);
    }
    for (std::size_t r = 0; r < rows; ++r) {
      const float code = code_at(codes, c, begin + r);
      out[r * layout.inputs + c] = rounded_as(scales.type(), scale[r] * (code - zero[r]));
    }
  }
}

QuantizedWeight open(WeightParts& parts) {
  require_gemm(parts);
  const StoredTensor& codes = parts.codes();
  const StoredTensor& scales = parts.at("scales");
  const StoredTensor& zeros = parts.at("qzeros");
  const Layout layout{codes.shape[0], scales.shape[1], scales.shape[0]};
  parts.expect(scales, std::array{layout.groups, layout.outputs}, {"F16", "BF16", "F32"});
  parts.expect(zeros, std::array{layout.groups, codes.shape[1]}, {"I32"});
  if (layout.inputs % layout.groups != 0) {
    throw data_error("{}: {} inputs are no multiple of {} groups", parts.where(), layout.inputs,
                     layout.groups);
  }
  return parts.weight(layout.outputs, layout.inputs, "AWQ-4bit",
                      [layout, codes, zeros, numbers = Numbers(scales, parts.where())](
                          std::size_t begin, std::size_t end, float* out) {
                        read_rows(layout, codes, zeros, numbers, begin, end, out);
                      });
}

}  // namespace

extern const QuantizationMethod kAwqMethod;  // listed in quantized.cc
const QuantizationMethod kAwqMethod{.ending = "qweight", .holds = holds, .open = open};

}  // namespace cellm
