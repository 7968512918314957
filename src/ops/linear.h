// The only thing that multiplies activations by weights.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "format/packed.h"
#include "format/tensor.h"
#include "format/trellis.h"
#include "ops/compute.h"

namespace cellm {

// y = W x. Callers never learn the format of W.
struct Linear {
  Tensor weight;  // (out, in); without data if the weights are there in another form only
  // If there, this is used instead, with activations rounded to 8 bits (one scale for 32 or 128
  // columns).
  std::optional<PackedWeights> packed;
  // If there, this is used instead, with activations that are rotated and then rounded to 8 bits
  // (one scale for 128 columns).
  std::optional<TrellisWeights> trellis;
  std::vector<float> input_factors;  // its own, of format/trellis.h
  // Whether f16 or bf16 weights and their activations are rounded to bf16; only where
  // can_use_bf16().
  bool bf16 = false;
};

// Whether these weights may meet bf16 activations: they are of 16 bits, the processor can, and
// there are at least 64 rows. Matrices with fewer (in_proj_a, in_proj_b) are sensitive and take no
// time.
bool can_use_bf16(const KernelTable& kernels, const Tensor& weight);

// One of several products of the same input. y: (tokens, out) without gaps.
struct Product {
  const Linear* linear;
  float* y;
};

// Sees what matrices are multiplied with: once for all products of the same input, before they are
// computed, on the thread that runs the operation. It may use the thread pool.
class LinearTap {
 public:
  virtual ~LinearTap() = default;
  // x: (tokens, in) without gaps, exact whatever form the weights meet it in.
  virtual void see(std::span<const Product> products, const float* x, std::size_t tokens) = 0;
};

// All products of x, (tokens, in) without gaps, in one go of the threads. An output depends on its
// own row and token alone, bit by bit: neither on the number of tokens nor on the number of
// threads.
void apply(const Compute& compute, std::span<const Product> products, const float* x,
           std::size_t tokens);
void apply(const Compute& compute, const Linear& linear, const float* x, std::size_t tokens,
           float* y);

// Row `row` of an embedding as cols floats.
void read_row(const Compute& compute, const Linear& embedding, std::size_t row, float* out);

}  // namespace cellm
