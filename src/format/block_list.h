// The list of block formats: GGUF's quantized types, multiplied in place. FormatId, shapes,
// specifications, GGUF types and kernels are generated from it. Plain macros, so that the CPU
// targets can include it.
#pragma once

// X(type, id, name, columns, bytes, half, other_half, ggml_id, ggml_name) for each:
//   type                its struct (block_formats.h), whose hook in kernels/block_unpack.inl is
//                       typeBlock
//   id                  FormatId::ktype, the next free number
//   name                in options and .cellm headers
//   columns, bytes      of a block
//   half, other_half    offsets of the f16 numbers of a block, twice the same for a single one
//   ggml_id, ggml_name  the number in GGUF files, and the name that llama.cpp prints
#define CELLM_BLOCK_FORMATS(X)                         \
  X(Q40, 13, "q4_0", 32, 18, 0, 0, 2, "Q4_0")          \
  X(Q41, 14, "q4_1", 32, 20, 0, 2, 3, "Q4_1")          \
  X(Q50, 15, "q5_0", 32, 22, 0, 0, 6, "Q5_0")          \
  X(Q51, 16, "q5_1", 32, 24, 0, 2, 7, "Q5_1")          \
  X(Q80, 17, "q8_0", 32, 34, 0, 0, 8, "Q8_0")          \
  X(Q4K, 18, "q4_k", 256, 144, 0, 2, 12, "Q4_K")       \
  X(Q5K, 19, "q5_k", 256, 176, 0, 2, 13, "Q5_K")       \
  X(Q6K, 20, "q6_k", 256, 210, 208, 208, 14, "Q6_K")   \
  X(IQ4NL, 21, "iq4_nl", 32, 18, 0, 0, 20, "IQ4_NL")   \
  X(IQ4XS, 22, "iq4_xs", 256, 136, 0, 0, 23, "IQ4_XS") \
  X(Q3K, 23, "q3_k", 256, 110, 108, 108, 11, "Q3_K")

// Arguments for X: ", type", ", typeBlock" and " + 1" for each entry.
#define CELLM_BLOCK_TYPE(type, ...) , type
#define CELLM_BLOCK_HOOK(type, ...) , type##Block
#define CELLM_BLOCK_ONE(...) +1  // NOLINT(bugprone-macro-parentheses): terms of a sum
