#include "tune/matrix.h"

#include <memory>

#include "base/aligned_buffer.h"
#include "base/error.h"
#include "format/half.h"
#include "format/rotation.h"

namespace cellm {
namespace {

constexpr std::size_t kTokenGrain = 4;
constexpr std::size_t kColumnGrain = 64;

// A matrix of f32 or f16 rows in memory of its own, filled by `value(row, col)`.
template <class Value>
Linear matrix_of(const Compute& compute, std::size_t rows, std::size_t cols, bool exact,
                 Value&& value) {
  const std::size_t bytes = exact ? sizeof(float) : sizeof(std::uint16_t);
  auto memory = std::make_shared<AlignedBuffer<std::byte>>(rows * cols * bytes);
  constexpr std::size_t kRowGrain = 16;
  compute.pool.parallel_for(rows, kRowGrain, [&](std::size_t begin, std::size_t end) {
    for (std::size_t r = begin; r < end; ++r) {
      for (std::size_t c = 0; c < cols; ++c) {
        std::byte* to = memory->data() + (r * cols + c) * bytes;
        const float x = value(r, c);
        if (exact) {
          *reinterpret_cast<float*>(to) = x;
        } else {
          *reinterpret_cast<std::uint16_t*>(to) = f32_to_f16(x);
        }
      }
    }
  });
  Linear linear{.weights = row_matrix({.format = exact ? FormatId::kF32 : FormatId::kF16,
                                       .rows = rows,
                                       .cols = cols,
                                       .data = memory->data(),
                                       .owner = memory})};
  if (exact) return linear;
  if (MatrixPtr rounded = linear.weights->for_bf16(compute.kernels)) {
    linear.weights = std::move(rounded);
  }
  return linear;
}

}  // namespace

TunableMatrix::TunableMatrix(const Compute& compute, const Linear& linear, bool exact) {
  const std::size_t rows = linear.rows();
  const std::size_t cols = linear.cols();
  std::vector<float> values(rows * cols);
  constexpr std::size_t kRowGrain = 16;
  compute.pool.parallel_for(rows, kRowGrain, [&](std::size_t begin, std::size_t end) {
    for (std::size_t r = begin; r < end; ++r) {
      linear.weights->read_product_row(r, values.data() + r * cols);
    }
  });
  const auto factors = linear.weights->input_factors();
  rotation_.assign(factors.begin(), factors.end());
  bias_ = linear.bias;
  forward_ = matrix_of(compute, rows, cols, exact,
                       [&](std::size_t r, std::size_t c) { return values[r * cols + c]; });
  backward_ = matrix_of(compute, cols, rows, exact,
                        [&](std::size_t r, std::size_t c) { return values[c * cols + r]; });
  row_factors.assign(rows, 1.0F);
  column_factors.assign(cols, 1.0F);
  row_gradients.assign(rows, 0.0F);
  column_gradients.assign(cols, 0.0F);
}

std::vector<float> TunableMatrix::scaled_input(const Compute& compute, const float* x,
                                               std::size_t tokens) const {
  const std::size_t n = cols();
  std::vector<float> factors = column_factors;
  if (!rotation_.empty()) {
    for (std::size_t c = 0; c < n; ++c) factors[c] *= rotation_[c];
  }
  // A block of one is not rotated.
  const std::size_t block = rotation_.empty() ? 1 : rotation_block(n);
  std::vector<float> scaled(tokens * n);
  compute.pool.parallel_for(tokens, kTokenGrain, [&](std::size_t begin, std::size_t end) {
    for (std::size_t t = begin; t < end; ++t) {
      compute.kernels.rotate(x + t * n, factors.data(), n, block, scaled.data() + t * n);
    }
  });
  return scaled;
}

void TunableMatrix::forward(const Compute& compute, const float* x, std::size_t tokens,
                            float* y) const {
  const std::vector<float> input = scaled_input(compute, x, tokens);
  apply(compute, forward_, input.data(), tokens, y);
  compute.pool.parallel_for(tokens, kTokenGrain, [&](std::size_t begin, std::size_t end) {
    for (std::size_t t = begin; t < end; ++t) {
      for (std::size_t r = 0; r < rows(); ++r) y[t * rows() + r] *= row_factors[r];
      if (bias_.empty()) continue;
      for (std::size_t r = 0; r < rows(); ++r) y[t * rows() + r] += bias_[r];
    }
  });
}

std::vector<float> TunableMatrix::scaled_input_gradient(const Compute& compute, const float* dy,
                                                        std::size_t tokens) const {
  const std::size_t m = rows();
  const std::size_t n = cols();
  std::vector<float> scaled(tokens * m);
  compute.pool.parallel_for(tokens, kTokenGrain, [&](std::size_t begin, std::size_t end) {
    for (std::size_t t = begin; t < end; ++t) {
      for (std::size_t r = 0; r < m; ++r) scaled[t * m + r] = dy[t * m + r] * row_factors[r];
    }
  });
  std::vector<float> back(tokens * n);
  apply(compute, backward_, scaled.data(), tokens, back.data());
  if (!rotation_.empty()) {
    const std::vector<float> ones(n, 1.0F);
    compute.pool.parallel_for(tokens, kTokenGrain, [&](std::size_t begin, std::size_t end) {
      for (std::size_t t = begin; t < end; ++t) {
        float* row = back.data() + t * n;
        compute.kernels.rotate(row, ones.data(), n, rotation_block(n), row);
        for (std::size_t c = 0; c < n; ++c) row[c] *= rotation_[c];
      }
    });
  }
  return back;
}

void TunableMatrix::input_gradient(const Compute& compute, const float* dy, std::size_t tokens,
                                   float* dx) const {
  const std::size_t n = cols();
  const std::vector<float> back = scaled_input_gradient(compute, dy, tokens);
  compute.pool.parallel_for(tokens, kTokenGrain, [&](std::size_t begin, std::size_t end) {
    for (std::size_t t = begin; t < end; ++t) {
      for (std::size_t c = 0; c < n; ++c) dx[t * n + c] += column_factors[c] * back[t * n + c];
    }
  });
}

void TunableMatrix::backward(const Compute& compute, const float* x, const float* y,
                             const float* dy, std::size_t tokens, float* dx) {
  const std::size_t m = rows();
  const std::size_t n = cols();
  // (y − b) / r is what r was multiplied with.
  compute.pool.parallel_for(m, kColumnGrain, [&](std::size_t begin, std::size_t end) {
    for (std::size_t t = 0; t < tokens; ++t) {
      for (std::size_t r = begin; r < end; ++r) {
        const float product = bias_.empty() ? y[t * m + r] : y[t * m + r] - bias_[r];
        row_gradients[r] += dy[t * m + r] * product / row_factors[r];
      }
    }
  });
  const std::vector<float> back = scaled_input_gradient(compute, dy, tokens);
  compute.pool.parallel_for(n, kColumnGrain, [&](std::size_t begin, std::size_t end) {
    for (std::size_t t = 0; t < tokens; ++t) {
      for (std::size_t c = begin; c < end; ++c) {
        const std::size_t at = t * n + c;
        column_gradients[c] += x[at] * back[at];
        dx[at] += column_factors[c] * back[at];
      }
    }
  });
}

}  // namespace cellm
