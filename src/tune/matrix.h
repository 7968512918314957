// A matrix whose codes are fixed and whose scales can be trained.
#pragma once

#include <cstddef>
#include <vector>

#include "ops/compute.h"
#include "ops/linear.h"

namespace cellm {

// y = r ⊙ (W (c ⊙ x)) + b, with W the dequantized matrix, r a factor for each row and c one for
// each column, all 1 at first. For a trellis format W multiplies the rotated input: y = r ⊙ (W′ R
// (c ⊙ x)). Forward and backward products use rows in memory, f32 if `exact` and f16 otherwise,
// whatever the format: 8 or 4 bytes for each weight. Unless `exact`, products are those of
// Activations::kFast.
class TunableMatrix {
 public:
  TunableMatrix(const Compute& compute, const Linear& linear, bool exact);

  std::size_t rows() const { return forward_.rows(); }
  std::size_t cols() const { return forward_.cols(); }

  // x: (tokens, cols); y: (tokens, rows)
  void forward(const Compute& compute, const float* x, std::size_t tokens, float* y) const;
  // x and y: input and output of forward(). dx += the gradient of x; the gradients of r and c are
  // added to row_gradients and column_gradients.
  void backward(const Compute& compute, const float* x, const float* y, const float* dy,
                std::size_t tokens, float* dx);

  // dx += the gradient of x alone.
  void input_gradient(const Compute& compute, const float* dy, std::size_t tokens, float* dx) const;

  std::vector<float> row_factors;
  std::vector<float> column_factors;
  std::vector<float> row_gradients;
  std::vector<float> column_gradients;

 private:
  // c ⊙ x, and R of that.
  std::vector<float> scaled_input(const Compute& compute, const float* x, std::size_t tokens) const;

  // Rᵀ Wᵀ (r ⊙ dy): the gradient of c ⊙ x, (tokens, cols).
  std::vector<float> scaled_input_gradient(const Compute& compute, const float* dy,
                                           std::size_t tokens) const;

  Linear forward_;               // (rows, cols)
  Linear backward_;              // (cols, rows)
  std::vector<float> bias_;      // b, (rows); empty if there is none; not trained
  std::vector<float> rotation_;  // the matrix's input_factors; empty if the input is not rotated
};

}  // namespace cellm
