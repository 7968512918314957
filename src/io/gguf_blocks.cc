#include "io/gguf_blocks.h"

#include <array>
#include <bit>

#include "format/block_bytes.h"
#include "format/block_formats.h"
#include "format/half.h"
#include "format/q1.h"

namespace cellm {
namespace {

constexpr std::size_t kSuperBlock = 256;  // weights of a K-quant block

void f32(BlockBytes block, float* out) {
  out[0] = std::bit_cast<float>(block.u32(0));
}
void f16(BlockBytes block, float* out) {
  out[0] = block.f16(0);
}
void bf16(BlockBytes block, float* out) {
  out[0] = bf16_to_f32(static_cast<std::uint16_t>(block.u16(0)));
}

// In the 2-bit K-quants, weight i lies in byte (i / 128)·32 + i % 32 of the quants, at bit
// 2·((i / 32) % 4); 16 weights share a scale.
unsigned two_bits(BlockBytes block, std::size_t quants, std::size_t i) {
  return (block.u8(quants + i / 128 * 32 + i % 32) >> (2 * ((i / 32) % 4))) & 3U;
}

// 16 × (low nibble: scale, high nibble: minimum) | 64 bytes of quants | f16 d | f16 dmin
void q2_k(BlockBytes block, float* out) {
  const float d = block.f16(80);
  const float dmin = block.f16(82);
  for (std::size_t i = 0; i < kSuperBlock; ++i) {
    const float scale = d * code_value(block.low(i / 16));
    const float minimum = dmin * code_value(block.high(i / 16));
    out[i] = scale * code_value(two_bits(block, 16, i)) - minimum;
  }
}

template <auto Function, std::size_t Size, std::size_t Bytes>
void each_block(const std::byte* blocks, std::size_t count, float* out) {
  for (std::size_t i = 0; i < count; ++i) Function(BlockBytes(blocks + i * Bytes), out + i * Size);
}

template <auto Function, std::size_t Size, std::size_t Bytes>
constexpr GgmlType readable(std::uint32_t id, std::string_view name,
                            std::optional<FormatId> format = std::nullopt) {
  return {id, name, Size, Bytes, each_block<Function, Size, Bytes>, format};
}

// A type that is the block format F.
template <BlockFormat F>
constexpr GgmlType format(std::uint32_t id, std::string_view name) {
  constexpr auto kDequantize = [](const std::byte* blocks, std::size_t count, float* out) {
    F::dequantize_row(blocks, count * F::kShape.columns, out);
  };
  return {id, name, F::kShape.columns, F::kShape.bytes, kDequantize, F::kShape.format};
}

void q1_0(const std::byte* blocks, std::size_t count, float* out) {
  Q1::dequantize_row(blocks, nullptr, count * Q1::kBlock, 0, out);
}

constexpr GgmlType unreadable(std::uint32_t id, std::string_view name) {
  return {id, name};
}

#define CELLM_GGML_TYPE(type, id, name, columns, bytes, half, other_half, ggml_id, ggml_name) \
  format<type>(ggml_id, ggml_name),
constexpr std::array kTypes = {
    readable<f32, 1, 4>(kGgmlF32, "F32", FormatId::kF32),
    readable<f16, 1, 2>(kGgmlF16, "F16", FormatId::kF16),
    readable<bf16, 1, 2>(kGgmlBF16, "BF16", FormatId::kBF16),
    readable<q2_k, 256, 84>(10, "Q2_K"),
    GgmlType{41, "Q1_0", Q1::kBlock, Q1::kBlockBytes, q1_0, FormatId::kQ1},
    unreadable(4, "Q4_2"),
    unreadable(5, "Q4_3"),
    unreadable(9, "Q8_1"),
    unreadable(15, "Q8_K"),
    unreadable(16, "IQ2_XXS"),
    unreadable(17, "IQ2_XS"),
    unreadable(18, "IQ3_XXS"),
    unreadable(19, "IQ1_S"),
    unreadable(21, "IQ3_S"),
    unreadable(22, "IQ2_S"),
    unreadable(24, "I8"),
    unreadable(25, "I16"),
    unreadable(26, "I32"),
    unreadable(27, "I64"),
    unreadable(28, "F64"),
    unreadable(29, "IQ1_M"),
    unreadable(31, "Q4_0_4_4"),
    unreadable(32, "Q4_0_4_8"),
    unreadable(33, "Q4_0_8_8"),
    unreadable(34, "TQ1_0"),
    unreadable(35, "TQ2_0"),
    unreadable(36, "IQ4_NL_4_4"),
    unreadable(37, "IQ4_NL_4_8"),
    unreadable(38, "IQ4_NL_8_8"),
    unreadable(39, "MXFP4"),
    unreadable(40, "NVFP4"),
    unreadable(42, "Q2_0"),
    CELLM_BLOCK_FORMATS(CELLM_GGML_TYPE)  //
};
#undef CELLM_GGML_TYPE

}  // namespace

const GgmlType* find_ggml_type(std::uint32_t id) {
  for (const GgmlType& type : kTypes) {
    if (type.id == id) return &type;
  }
  return nullptr;
}

std::string readable_ggml_types() {
  std::string names;
  for (const GgmlType& type : kTypes) {
    if (type.block == 0) continue;
    if (!names.empty()) names += ", ";
    names += type.name;
  }
  return names;
}

}  // namespace cellm
