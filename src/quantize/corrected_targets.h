// The weights to quantize in place of a matrix's own, so that quantized inputs give the outputs of
// the 16-bit model.
//
// A matrix W in a partly quantized model receives inputs x, in the 16-bit model x'. The weights T
// with which T x comes nearest to W x', by least squares over the tokens of a text, are
//   T = W + α W D (H + λI)⁻¹,   H = Σ x xᵀ,   D = Σ (x' − x) xᵀ
// for α = 1. If the product is added to a residual stream, h in this model and h' in the other, it
// can also cancel the difference of the two:
//   T = W + (α W D + β E) (H + λI)⁻¹,   E = Σ (h' − h) xᵀ
// which for α = β = 1 minimizes Σ ‖(h' + W x') − (h + T x)‖². λ is the damping of error feedback.
// With β = 0 the objective is that of asymmetric calibration (GPTAQ, arXiv:2504.02692), solved once
// before error feedback instead of within it. Factors below 1 shrink a correction that is fitted to
// a finite text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/aligned_buffer.h"
#include "base/thread_pool.h"
#include "kernels/kernel_table.h"
#include "quantize/cholesky.h"
#include "quantize/token_products.h"

namespace cellm {

// α and β.
struct TargetFactors {
  double inputs = 0.5;
  double streams = 0.5;
};

// The most that a matrix may change, ‖T − W‖ / ‖W‖; a larger correction is scaled down to it.
inline constexpr double kMostTargetChange = 1.0;

// Sums over the tokens of a text, for one input of one or more matrices.
struct TargetMoments {
  std::size_t cols = 0;
  // Σ x (x' − x)ᵀ = Dᵀ, (cols, cols); empty if the two inputs are the same.
  AlignedBuffer<double> inputs;
  // Σ (h' − h) xᵀ = E, (width of the stream, cols); empty if the products are not added to a stream
  // or the two streams are the same.
  AlignedBuffer<double> streams;

  bool empty() const { return inputs.size() == 0 && streams.size() == 0; }
};

// Accumulates them. Not thread-safe; uses the pool. The result depends on the order of the tokens,
// but not on the number of threads nor on the division of tokens into calls.
class TargetMomentsSum {
 public:
  TargetMomentsSum(std::size_t cols, std::size_t stream_width, const KernelTable& kernels,
                   ThreadPool& pool);

  // x, reference_x: (tokens, cols). stream, reference_stream: (tokens, stream_width), or null in
  // all calls.
  void add(std::size_t tokens, const float* x, const float* reference_x, const float* stream,
           const float* reference_stream);
  // The sums. Nothing may be added afterwards.
  TargetMoments finish();

 private:
  // The sum of the products of a difference and x.
  struct Sum {
    explicit Sum(std::size_t width) : waiting(width) {}
    WaitingTokens waiting;  // differences
    bool any = false;       // whether one of them is not 0
    AlignedBuffer<double> sums;
  };

  void add_difference(Sum& sum, const float* a, const float* b, std::size_t tokens);
  void flush();

  const KernelTable& kernels_;
  ThreadPool& pool_;
  WaitingTokens waiting_;  // x
  Sum inputs_;
  Sum streams_;
  std::vector<float> difference_;
};

// Memory in bytes of a TargetMomentsSum, and of a TargetCorrection that is applied to the given
// number of weights; results included.
std::uint64_t target_moments_bytes(std::size_t cols, std::size_t stream_width);
std::uint64_t target_correction_bytes(std::size_t cols, std::uint64_t weights, unsigned threads);

// The correction of the matrices of an input.
class TargetCorrection {
 public:
  // `factor` is that of the input's second moments, over the same tokens.
  TargetCorrection(TargetMoments moments, UpperFactor factor, const TargetFactors& factors,
                   const KernelTable& kernels, ThreadPool& pool);

  // Replaces W by T; weights: (rows, cols), rows that of the stream if the moments have one.
  // Returns ‖T − W‖ / ‖W‖ before it is limited to kMostTargetChange; 0 leaves W as it is, bit by
  // bit, and so does a value that is not finite. The result does not depend on the number of
  // threads.
  double apply(std::span<float> weights) const;

 private:
  void correct_rows(const float* weights, std::size_t begin, std::size_t end,
                    float* correction) const;

  TargetMoments moments_;
  UpperFactor factor_;
  TargetFactors factors_;
  const KernelTable& kernels_;
  ThreadPool& pool_;
  AlignedBuffer<float> products_;  // moments_.inputs, as weights of a product
};

}  // namespace cellm
