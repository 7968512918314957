// GPTQ (AutoGPTQ, GPTQModel): w = scale · (code − zero), rounded to the type of the scales.
//   qweight (inputs · bits / 32, outputs) I32   the codes of a column, a stream of bits
//   qzeros  (groups, outputs · bits / 32) I32   of a row, likewise; less 1 but in gptq_v2
//   scales  (groups, outputs)
//   g_idx   (inputs) I32                        the group of each input, in any order (act-order)

#include <array>
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
constexpr std::array<unsigned, 4> kBits{2, 3, 4, 8};

struct Layout {
  std::size_t inputs = 0;
  std::size_t outputs = 0;
  std::size_t groups = 0;
  unsigned bits = 0;
  bool stored_less_one = true;  // the zeros
};

// A word of the zeros with 1 added to each of them, carries included: the reverse of what wrote it.
std::uint32_t plus_one(std::uint32_t zeros, unsigned bits) {
  switch (bits) {
    case 2:
      return zeros + 0x55555555U;
    case 4:
      return zeros + 0x11111111U;
    default:
      return zeros + 0x01010101U;
  }
}

class GptqWeight {
 public:
  GptqWeight(const Layout& layout, StoredTensor codes, StoredTensor zeros, Numbers scales,
             std::vector<std::uint32_t> groups)
      : layout_(layout),
        codes_(std::move(codes)),
        zeros_(std::move(zeros)),
        scales_(std::move(scales)),
        groups_(std::move(groups)) {}

  void read_rows(std::size_t begin, std::size_t end, float* out) const {
    const std::size_t rows = end - begin;
    std::vector<float> scales(layout_.groups * rows);
    std::vector<float> zeros(layout_.groups * rows);
    for (std::size_t g = 0; g < layout_.groups; ++g) {
      for (std::size_t r = 0; r < rows; ++r) {
        scales[g * rows + r] = scales_[g * layout_.outputs + begin + r];
        zeros[g * rows + r] = zero(g, begin + r);
      }
    }
    for (std::size_t c = 0; c < layout_.inputs; ++c) {
      const float* scale = scales.data() + groups_[c] * rows;
      const float* zero = zeros.data() + groups_[c] * rows;
      for (std::size_t r = 0; r < rows; ++r) {
        const float code = static_cast<float>(code_of(c, begin + r));
        out[r * layout_.inputs + c] = rounded_as(scales_.type(), scale[r] * (code - zero[r]));
      }
    }
  }

 private:
  // The code at a bit of a stream of words that are `stride` apart.
  unsigned stream_code(const StoredTensor& words, std::size_t first, std::size_t stride,
                       std::size_t bit) const {
    const std::size_t index = first + bit / kWordBits * stride;
    const auto shift = static_cast<unsigned>(bit % kWordBits);
    std::uint64_t value = word(words.bytes, index);
    if (shift + layout_.bits > kWordBits) {
      value |= static_cast<std::uint64_t>(word(words.bytes, index + stride)) << kWordBits;
    }
    return static_cast<unsigned>(value >> shift) & ((1U << layout_.bits) - 1U);
  }

  unsigned code_of(std::size_t input, std::size_t output) const {
    return stream_code(codes_, output, layout_.outputs, input * layout_.bits);
  }

  float zero(std::size_t group, std::size_t output) const {
    const std::size_t first = group * zeros_.shape[1];
    const std::size_t bit = output * layout_.bits;
    if (layout_.bits == 3 || !layout_.stored_less_one) {
      const unsigned stored = stream_code(zeros_, first, 1, bit);
      return static_cast<float>((stored + (layout_.stored_less_one ? 1U : 0U)) &
                                ((1U << layout_.bits) - 1U));
    }
    const std::uint32_t sum = plus_one(word(zeros_.bytes, first + bit / kWordBits), layout_.bits);
    return static_cast<float>(sum >> bit % kWordBits & ((1U << layout_.bits) - 1U));
  }

  Layout layout_;
  StoredTensor codes_;
  StoredTensor zeros_;
  Numbers scales_;
  std::vector<std::uint32_t> groups_;  // of each input
};

// The format of the checkpoint; "gptq" if nothing is said.
bool zeros_are_less_one(const WeightParts& parts) {
  if (parts.config() == nullptr) return true;
  auto format = parts.config()->find("checkpoint_format");
  if (!format) format = parts.config()->find("format");
  if (!format) return true;
  const std::string name = format->as_string();
  if (name == "gptq") return true;
  if (name == "gptq_v2") return false;
  throw unsupported_error("{} \"{}\" is not supported; of GPTQ cellm reads gptq and gptq_v2",
                          format->path(), printable(name));
}

Layout layout_of(const WeightParts& parts, const StoredTensor& zeros, const StoredTensor& scales) {
  Layout layout{.outputs = parts.codes().shape[1], .groups = scales.shape[0]};
  for (const unsigned bits : kBits) {
    const std::size_t words = (layout.outputs * bits + kWordBits - 1) / kWordBits;
    if (zeros.shape.size() == 2 && zeros.shape[1] == words) layout.bits = bits;
  }
  const std::size_t stored_bits = parts.codes().shape[0] * kWordBits;
  if (layout.bits == 0 || stored_bits % layout.bits != 0) {
    throw data_error("{}: {} rows of codes and {} outputs are no codes of 2, 3, 4 or 8 bits",
                     parts.where(), parts.codes().shape[0], layout.outputs);
  }
  layout.inputs = stored_bits / layout.bits;
  layout.stored_less_one = zeros_are_less_one(parts);
  return layout;
}

std::vector<std::uint32_t> groups_of_inputs(WeightParts& parts, const Layout& layout) {
  std::vector<std::uint32_t> groups(layout.inputs);
  const StoredTensor* listed = parts.find("g_idx");
  if (listed == nullptr) {
    if (layout.inputs % layout.groups != 0) {
      throw data_error("{}: {} inputs are no multiple of {} groups", parts.where(), layout.inputs,
                       layout.groups);
    }
    const std::size_t size = layout.inputs / layout.groups;
    for (std::size_t c = 0; c < layout.inputs; ++c)
      groups[c] = static_cast<std::uint32_t>(c / size);
    return groups;
  }
  parts.expect(*listed, std::array{layout.inputs}, {"I32"});
  for (std::size_t c = 0; c < layout.inputs; ++c) {
    groups[c] = word(listed->bytes, c);
    if (groups[c] >= layout.groups) {
      throw data_error("{}: g_idx says group {} of {} for input {}", parts.where(), groups[c],
                       layout.groups, c);
    }
  }
  return groups;
}

bool holds(const StoredTensors& tensors, const StoredTensor& codes, std::string_view stem) {
  const StoredTensor* scales = tensors.find(std::string(stem) + "scales");
  return codes.dtype == "I32" && scales != nullptr && codes.shape.size() == 2 &&
         scales->shape.size() == 2 && scales->shape[1] == codes.shape[1];
}

QuantizedWeight open(WeightParts& parts) {
  const StoredTensor& scales = parts.at("scales");
  const StoredTensor& zeros = parts.at("qzeros");
  const Layout layout = layout_of(parts, zeros, scales);
  parts.expect(scales, std::array{layout.groups, layout.outputs}, {"F16", "BF16", "F32"});
  parts.expect(zeros, std::array{layout.groups, zeros.shape[1]}, {"I32"});
  auto groups = groups_of_inputs(parts, layout);
  const auto weight = std::make_shared<const GptqWeight>(
      layout, parts.codes(), zeros, Numbers(scales, parts.where()), std::move(groups));
  return parts.weight(layout.outputs, layout.inputs, fmt::format("GPTQ-{}bit", layout.bits),
                      [weight](std::size_t begin, std::size_t end, float* out) {
                        weight->read_rows(begin, end, out);
                      });
}

}  // namespace

extern const QuantizationMethod kGptqMethod;  // listed in quantized.cc
const QuantizationMethod kGptqMethod{.ending = "qweight", .holds = holds, .open = open};

}  // namespace cellm
