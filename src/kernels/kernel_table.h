// The innermost loops, chosen once at run time for the processor.
//
// A target is one file, target_NAME.cc, which defines its primitives and includes the shared
// templates (f32_kernels.inl, int8_kernels.inl and so on). Only these files are compiled with
// instruction-set flags, everything in them has internal linkage, and they include nothing with
// inline library code: a weak symbol compiled with AVX could be the copy that the linker keeps for
// everyone.
#pragma once

#include <cstddef>
#include <cstdint>

#include "format/block_shape.h"
#include "format/format_id.h"
#include "format/trellis_shape.h"

namespace cellm {

// One row of weights in the layout of its format.
struct WeightRow {
  const unsigned char* codes;
  const std::uint16_t* scales;  // f16 bits, one for each group; null if the format has none
  std::size_t cols;
  std::size_t group;  // weights that share a scale; 0 if the format has none
};

// Rows of a weight matrix: row r starts at codes + r · row_bytes and scales + r · row_scales.
struct WeightMatrix {
  FormatId format;
  const unsigned char* codes;
  const std::uint16_t* scales;
  std::size_t cols;
  std::size_t group;
  std::size_t row_bytes;
  std::size_t row_scales;
};

// Weights in the interleaved layout of format/packed.h: rows in blocks of 16, columns in quads
// of 4.
struct PackedMatrix {
  unsigned bits;
  const unsigned char* codes;   // block b starts at codes + b · block_bytes
  const std::uint16_t* scales;  // f16 bits, (blocks, groups, 16)
  std::size_t rows;
  std::size_t padded_cols;  // a multiple of 32
  std::size_t group;        // columns that share a scale: 32, 128, or 0 for the whole row
  std::size_t groups;
  std::size_t block_bytes;
};

// Weights in tiles of 64 rows × 4 columns (format/trellis.h), of a matrix times a rotation.
struct TrellisMatrix {
  FormatId format;
  const TrellisLevels* levels;
  const unsigned char* codes;   // block b of 64 rows starts at codes + b · block_bytes
  const std::uint16_t* scales;  // f16 bits, (blocks, 64)
  std::size_t rows;
  std::size_t padded_cols;  // a multiple of 8
  std::size_t block_bytes;
};

// Weights of a block format (format/block_formats.h) in place: row r starts at data + r ·
// row_bytes, which needs no alignment. Nothing outside of the rows is read.
struct BlockMatrix {
  FormatId format;
  const unsigned char* data;
  std::size_t rows;
  std::size_t cols;  // a multiple of the format's block
  std::size_t row_bytes;
};

// A Viterbi search for the best path through a trellis (quantize/trellis_path.h). States are the
// last state_bits of the stream, so that the predecessors of state s are the states
//   (h << (state_bits − step_bits)) + (s >> step_bits),  h < 2^step_bits.
// Costs are saturating 16-bit integers.
struct TrellisSearch {
  unsigned state_bits;  // 10 to 12
  unsigned step_bits;
  unsigned step_weights;
  const std::int16_t* values;  // (step_weights, states)
  const std::int16_t* x;       // (steps, step_weights)
  std::size_t steps;
  std::uint16_t* cost;      // (states): before the first step and after the last
  std::uint8_t* survivors;  // (steps, states >> step_bits), output: best h, lowest of equals
};

// Activations as 8-bit codes: value = code · scale of its block of `block` columns (32 or 128; the
// last one may be shorter). Columns are padded to padded_cols with zeros.
struct QuantizedActivations {
  const signed char* codes;  // (tokens, padded_cols), within ±127
  const float* scales;       // (tokens, blocks)
  const std::int32_t* sums;  // (tokens, blocks): of the codes
  std::size_t tokens;
  std::size_t padded_cols;
  std::size_t block;
  std::size_t blocks;
  // The result of widen_codes(), (tokens, padded_cols). Needed by targets that have this function,
  // for 8-bit weights and more than one token.
  const std::int16_t* wide = nullptr;
  // The result of half_sums(), (tokens, padded_cols / 16). Needed by block formats.
  const std::int32_t* half_sums = nullptr;
};

// The type of the values of vectors.
enum class VectorFormat : std::uint8_t {
  kF32,
  kF16,
  kI8,  // codes without their scale
};

// Vectors of dim values, such as keys of a KV cache: row i starts at data + i · row_bytes.
struct VectorRows {
  VectorFormat format;
  const unsigned char* data;
  std::size_t row_bytes;
  std::size_t count;
  std::size_t dim;
  // The `count` rows that will be read next, to prefetch; null: none.
  const unsigned char* ahead = nullptr;
};

// Columns of activations that share a scale in products with packed weights: the group of the
// weights, if there is one. For int8 weights without groups the block is small, because coarse
// activation scales would cost more precision than the weights do.
constexpr std::size_t activation_block(unsigned bits, std::size_t group) {
  if (group != 0) return group;
  return bits == 8 ? 32 : 128;
}

// The values of codes: first + k · step, k = 0, 1, … last.
struct Levels {
  float first;
  float step;
  float last;
};
inline constexpr std::size_t kScalesTogether = 16;

// Writes the weights [begin, end) of a row as f32, exactly as the format's dequantize_row does.
// begin is a multiple of kUnpackAlignment.
using UnpackFunction = void (*)(const WeightRow& row, std::size_t begin, std::size_t end,
                                float* out);
inline constexpr std::size_t kUnpackAlignment = 128;

struct KernelTable {
  const char* name = nullptr;
  UnpackFunction unpack[kFormatCount] = {};  // by format; null for one that lies in tiles

  // y[t · y_stride + r] = Σ_c w[r][c] · x[t · x_stride + c] for rows [row_begin, row_end) and all
  // tokens. The order of additions of one output depends on cols alone: not on the tokens, not on
  // the rows.
  void (*matmul)(const KernelTable& table, const WeightMatrix& w, std::size_t row_begin,
                 std::size_t row_end, const float* x, std::size_t x_stride, std::size_t tokens,
                 float* y, std::size_t y_stride) = nullptr;

  // The same for f16 and bf16 weights, with these and the activations rounded to bf16 and added in
  // f32. Null where the processor cannot multiply bf16.
  void (*matmul_bf16)(const KernelTable& table, const WeightMatrix& w, std::size_t row_begin,
                      std::size_t row_end, const std::uint16_t* x, std::size_t x_stride,
                      std::size_t tokens, float* y, std::size_t y_stride) = nullptr;

  // The same for packed weights and 8-bit activations, rows of the blocks [block_begin, block_end).
  // Sums inside a block of columns are exact integers; x.block is activation_block().
  void (*matmul_int8)(const PackedMatrix& w, std::size_t block_begin, std::size_t block_end,
                      const QuantizedActivations& x, float* y, std::size_t y_stride) = nullptr;

  // The same for trellis-quantized weights, rows of the blocks of 64 [block_begin, block_end), and
  // activations that were rotated; x.block is kTrellisActivationBlock.
  void (*matmul_trellis)(const TrellisMatrix& w, std::size_t block_begin, std::size_t block_end,
                         const QuantizedActivations& x, float* y, std::size_t y_stride) = nullptr;

  // The same for weights of a block format, rows [row_begin, row_end), where row_begin is a
  // multiple of 16; x.block is kBlockActivations. All targets return the same bits.
  void (*matmul_blocks)(const BlockMatrix& w, std::size_t row_begin, std::size_t row_end,
                        const QuantizedActivations& x, float* y, std::size_t y_stride) = nullptr;

  // Costs of states along a trellis: a step adds (x − value)² / 2^15, rounded, for each weight. So
  // that costs stay in range, it subtracts the least cost of a survivor of the step before.
  void (*trellis_search)(const TrellisSearch& search) = nullptr;

  // out = the Hadamard transforms of blocks of x · factors, without the division by the square
  // root, which is in the factors; bitwise equal to rotate_row() of format/rotation.h. x, factors,
  // out: n, a multiple of `block`, which is a power of two.
  void (*rotate)(const float* x, const float* factors, std::size_t n, std::size_t block,
                 float* out) = nullptr;

  // One block of activations: codes = round(x / scale) with scale = max|x| / 127 (0 for zeros),
  // ties to even. Returns the scale and stores the sum of the codes.
  float (*quantize_block)(const float* x, std::size_t n, signed char* codes,
                          std::int32_t* sum) = nullptr;

  // Sums of 16 codes each; n is a multiple of 32.
  void (*half_sums)(const signed char* codes, std::size_t n, std::int32_t* out) = nullptr;

  // Widens n 8-bit codes, a multiple of 32, to 16 bits in the order of this target. Null if the
  // target multiplies 8-bit codes directly.
  void (*widen_codes)(const signed char* codes, std::size_t n, std::int16_t* out) = nullptr;

  // out = silu(gate) · up, and x *= sigmoid(gate)
  void (*silu_multiply)(const float* gate, const float* up, float* out, std::size_t n) = nullptr;
  void (*sigmoid_multiply)(const float* gate, float* x, std::size_t n) = nullptr;
  // x = silu(x)
  void (*silu)(float* x, std::size_t n) = nullptr;
  // x = exp(x − shift); returns the sum
  float (*exp_sum)(float* x, float shift, std::size_t n) = nullptr;

  // For each of kScalesTogether scales, not 0, with l the level nearest to w / scale of a weight w:
  // the sums over n weights of importance · w · l and of importance · l². importance: null for 1
  // everywhere. Sums are in the order of the weights and without fused operations, so that all
  // targets return the same bits.
  void (*level_sums)(const Levels& levels, const float* weights, const float* importance,
                     std::size_t n, const float* scales, float* weight_level,
                     float* level_square) = nullptr;

  // x: (count, rows.dim). out[i · stride + k] = x[i] · row k, the sum in the same order for all.
  void (*dot_rows)(const float* x, std::size_t count, const VectorRows& rows, float* out,
                   std::size_t stride) = nullptr;
  // out: (count, rows.dim). out[i] += Σ_k weights[i · stride + k] · row k, in the order of rows.
  void (*mix_rows)(const float* weights, std::size_t stride, std::size_t count,
                   const VectorRows& rows, float* out) = nullptr;
  // Executes about `count` multiply-adds of floats, or of 4-bit codes with 8-bit activations, in
  // registers only, and returns their number: measures the peak rate of this target.
  std::uint64_t (*f32_peak)(std::uint64_t count) = nullptr;
  std::uint64_t (*int8_peak)(std::uint64_t count) = nullptr;

  float (*largest)(const float* x, std::size_t n) = nullptr;  // n > 0; may ignore a NaN

  float (*dot)(const float* a, const float* b, std::size_t n) = nullptr;
  // y += a · x
  void (*axpy)(float a, const float* x, float* y, std::size_t n) = nullptr;
  void (*f16_to_f32)(const std::uint16_t* in, float* out, std::size_t n) = nullptr;
  void (*f32_to_f16)(const float* in, std::uint16_t* out, std::size_t n) = nullptr;
  void (*f32_to_bf16)(const float* in, std::uint16_t* out,
                      std::size_t n) = nullptr;  // null with matmul_bf16
};

extern const KernelTable kScalarKernels;
#if defined(__x86_64__)
extern const KernelTable kAvx2Kernels;
extern const KernelTable kAvxVnniKernels;
extern const KernelTable kAvx512VnniKernels;
extern const KernelTable kAvx512Bf16Kernels;
extern const KernelTable kAmxKernels;
#elif defined(__aarch64__)
extern const KernelTable kNeonKernels;
extern const KernelTable kNeonI8mmKernels;
#endif

// The table for a target by name (scalar; avx2, avxvnni, avx512vnni, avx512bf16, amx; neon,
// neoni8mm), or the best this processor has for an empty name. Throws Error(kUsage) for an unknown
// name or one that this processor cannot run, listing what it can.
const KernelTable& kernel_table(const char* target = "");

}  // namespace cellm
