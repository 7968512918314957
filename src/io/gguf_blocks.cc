#include "io/gguf_blocks.h"

#include <algorithm>
#include <array>
#include <bit>

#include "format/block_bytes.h"
#include "format/block_formats.h"
#include "format/half.h"

namespace cellm {
namespace {

void f32(BlockBytes block, float* out) {
  out[0] = std::bit_cast<float>(block.u32(0));
}
void f16(BlockBytes block, float* out) {
  out[0] = block.f16(0);
}
void bf16(BlockBytes block, float* out) {
  out[0] = bf16_to_f32(static_cast<std::uint16_t>(block.u16(0)));
}

template <auto Function, std::size_t Size, std::size_t Bytes>
void each_block(const std::byte* blocks, std::size_t count, float* out) {
  for (std::size_t i = 0; i < count; ++i) Function(BlockBytes(blocks + i * Bytes), out + i * Size);
}

template <auto Function, std::size_t Size, std::size_t Bytes>
constexpr GgmlType readable(std::uint32_t id, std::string_view name, FormatId format) {
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

constexpr GgmlType unreadable(std::uint32_t id, std::string_view name) {
  return {id, name};
}

#define CELLM_GGML_TYPE(type, id, name, columns, bytes, half, other_half, ggml_id, ggml_name) \
  format<type>(ggml_id, ggml_name),
constexpr std::array kTypes = {
    readable<f32, 1, 4>(kGgmlF32, "F32", FormatId::kF32),
    readable<f16, 1, 2>(kGgmlF16, "F16", FormatId::kF16),
    readable<bf16, 1, 2>(kGgmlBF16, "BF16", FormatId::kBF16),
    unreadable(4, "Q4_2"),
    unreadable(5, "Q4_3"),
    unreadable(9, "Q8_1"),
    unreadable(15, "Q8_K"),
    unreadable(24, "I8"),
    unreadable(25, "I16"),
    unreadable(26, "I32"),
    unreadable(27, "I64"),
    unreadable(28, "F64"),
    unreadable(31, "Q4_0_4_4"),
    unreadable(32, "Q4_0_4_8"),
    unreadable(33, "Q4_0_8_8"),
    unreadable(36, "IQ4_NL_4_4"),
    unreadable(37, "IQ4_NL_4_8"),
    unreadable(38, "IQ4_NL_8_8"),
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

const GgmlType* other_block_size(const GgmlType& type) {
  const auto* next = std::find_if(&type + 1, kTypes.data() + kTypes.size(),
                                  [&](const GgmlType& other) { return other.id == type.id; });
  return next == kTypes.data() + kTypes.size() ? nullptr : next;
}

std::span<const GgmlType> ggml_types() {
  return kTypes;
}

const GgmlType* find_ggml_type(FormatId format) {
  for (const GgmlType& type : kTypes) {
    if (type.format == format) return &type;
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
