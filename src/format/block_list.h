// The list of block formats: GGUF's quantized types, multiplied in place. FormatId, shapes,
// specifications, GGUF types and kernels are generated from it. Plain macros, so that the CPU
// targets can include it.
#pragma once

// X(type, id, name, columns, bytes, half, other_half, ggml_id, ggml_name) for each:
//   type                its struct (block_formats.h), whose hook in kernels/ (block_unpack.inl) is
//                       typeBlock
//   id                  FormatId::ktype, the next free number
//   name                in options and .cellm headers
//   columns, bytes      of a block
//   half, other_half    offsets of the f16 numbers of a block, twice the same for a single one,
//                       kNoHalf if there is none
//   ggml_id, ggml_name  the number in GGUF files, and the name that llama.cpp prints; for one
//   number
//                       with several sizes of a block, that of today's ggml is first
#define CELLM_BLOCK_FORMATS(X)                                 \
  X(Q40, 13, "q4_0", 32, 18, 0, 0, 2, "Q4_0")                  \
  X(Q41, 14, "q4_1", 32, 20, 0, 2, 3, "Q4_1")                  \
  X(Q50, 15, "q5_0", 32, 22, 0, 0, 6, "Q5_0")                  \
  X(Q51, 16, "q5_1", 32, 24, 0, 2, 7, "Q5_1")                  \
  X(Q80, 17, "q8_0", 32, 34, 0, 0, 8, "Q8_0")                  \
  X(Q4K, 18, "q4_k", 256, 144, 0, 2, 12, "Q4_K")               \
  X(Q5K, 19, "q5_k", 256, 176, 0, 2, 13, "Q5_K")               \
  X(Q6K, 20, "q6_k", 256, 210, 208, 208, 14, "Q6_K")           \
  X(IQ4NL, 21, "iq4_nl", 32, 18, 0, 0, 20, "IQ4_NL")           \
  X(IQ4XS, 22, "iq4_xs", 256, 136, 0, 0, 23, "IQ4_XS")         \
  X(Q3K, 23, "q3_k", 256, 110, 108, 108, 11, "Q3_K")           \
  X(Q2K, 24, "q2_k", 256, 84, 80, 82, 10, "Q2_K")              \
  X(IQ2XXS, 25, "iq2_xxs", 256, 66, 0, 0, 16, "IQ2_XXS")       \
  X(IQ3S, 26, "iq3_s", 256, 110, 0, 0, 21, "IQ3_S")            \
  X(MXFP4, 27, "mxfp4", 32, 17, kNoHalf, kNoHalf, 39, "MXFP4") \
  X(Q10, 28, "q1_0", 128, 18, 0, 0, 41, "Q1_0")                \
  X(TQ20, 29, "tq2_0", 256, 66, 64, 64, 35, "TQ2_0")           \
  X(IQ2XS, 30, "iq2_xs", 256, 74, 0, 0, 17, "IQ2_XS")          \
  X(IQ2S, 31, "iq2_s", 256, 82, 0, 0, 22, "IQ2_S")             \
  X(IQ3XXS, 32, "iq3_xxs", 256, 98, 0, 0, 18, "IQ3_XXS")       \
  X(IQ1S, 33, "iq1_s", 256, 50, 0, 0, 19, "IQ1_S")             \
  X(IQ1M, 34, "iq1_m", 256, 56, kNoHalf, kNoHalf, 29, "IQ1_M") \
  X(TQ10, 35, "tq1_0", 256, 54, 52, 52, 34, "TQ1_0")           \
  X(NVFP4, 36, "nvfp4", 64, 36, kNoHalf, kNoHalf, 40, "NVFP4") \
  X(Q20, 37, "q2_0", 64, 18, 0, 0, 42, "Q2_0")                 \
  X(Q20G128, 38, "q2_0_g128", 128, 34, 0, 0, 42, "Q2_0_G128")

// Arguments for X: ", type", ", typeBlock" and " + 1" for each entry.
#define CELLM_BLOCK_TYPE(type, ...) , type
#define CELLM_BLOCK_HOOK(type, ...) , type##Block
#define CELLM_BLOCK_ONE(...) +1  // NOLINT(bugprone-macro-parentheses): terms of a sum
