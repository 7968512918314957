// The number types of ggml, which GGUF files hold, and their values as f32.
//
// A row of a tensor is a sequence of blocks; every block holds `block` weights in `block_bytes`
// bytes. The layouts are those of ggml's block structures (ggml-common.h), the arithmetic is f32 in
// the order of ggml's own dequantization (ggml-quants.c), so the values are the same bit for bit.
// Every type that can be read is a weight format of its own (format/).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "format/format_id.h"

namespace cellm {

struct GgmlType {
  // Writes count × block values. `blocks` needs no alignment.
  using Dequantize = void (*)(const std::byte* blocks, std::size_t count, float* out);

  std::uint32_t id = 0;   // as GGUF numbers them
  std::string_view name;  // as llama.cpp prints it in upper case: "Q4_K"
  std::size_t block = 0;  // weights per block; 0: a type that cellm cannot read
  std::size_t block_bytes = 0;
  Dequantize dequantize = nullptr;  // null if and only if block is 0
  // The weight format whose rows are the same bytes, if there is one.
  std::optional<FormatId> format = std::nullopt;
};

inline constexpr std::uint32_t kGgmlF32 = 0;
inline constexpr std::uint32_t kGgmlF16 = 1;
inline constexpr std::uint32_t kGgmlBF16 = 30;

// The type of that number, null if ggml has none (in the versions known here). Thread-safe.
const GgmlType* find_ggml_type(std::uint32_t id);

// The next type of the same number, whose block has another size: null if there is none. Files
// from before a type was ggml's may hold it. `type` is one of ggml_types().
const GgmlType* other_block_size(const GgmlType& type);

// All types. Of those of one number, today's is first.
std::span<const GgmlType> ggml_types();

// The type whose rows are those of the format, null if ggml has none.
const GgmlType* find_ggml_type(FormatId format);

// The names of the types that can be read, for messages: "F32, F16, ...".
std::string readable_ggml_types();

}  // namespace cellm
