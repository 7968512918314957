#include "quantize/feedback.h"

#include <algorithm>
#include <vector>

#include "base/aligned_buffer.h"
#include "base/error.h"
#include "kernels/float_weights.h"

namespace cellm {
namespace {

// Columns of a batch: errors propagate within it one by one, and to all later columns by a matrix
// product.
constexpr std::size_t kBatch = 128;
// Rows are padded to whole vectors of any target, so that each is computed alike.
constexpr std::size_t kRowAlignment = 16;

// Batches are whole blocks and whole groups.
std::size_t batch_columns(std::size_t width, std::size_t group) {
  const std::size_t unit = std::max(width, group);
  return std::max<std::size_t>(1, kBatch / unit) * unit;
}

// Rows [begin, end) of the feedback, and of them the columns [0, cols).
WeightMatrix feedback_rows(const FeedbackFactor& factor, std::size_t begin, std::size_t cols) {
  return float_weights(factor.feedback.data() + begin * factor.cols, cols, factor.cols);
}

// ‖x R_BB‖² for the block x of a row.
double block_loss(const FeedbackFactor& factor, std::size_t begin, std::size_t width,
                  const float* x) {
  double loss = 0.0;
  for (std::size_t j = 0; j < width; ++j) {
    double sum = 0.0;
    for (std::size_t i = 0; i <= j; ++i) {
      sum += static_cast<double>(x[i]) * factor.block_value(begin, i, j);
    }
    loss += sum * sum;
  }
  return loss;
}

// Quantizes the columns batch by batch.
class ColumnPass {
 public:
  ColumnPass(const FeedbackFactor& factor, const KernelTable& kernels, std::size_t rows,
             const float* weights, const FeedbackOptions& options, float* quantized, double* losses)
      : factor_(factor),
        kernels_(kernels),
        rows_(rows),
        padded_rows_((rows + kRowAlignment - 1) / kRowAlignment * kRowAlignment),
        weights_(weights),
        options_(options),
        quantized_(quantized),
        losses_(losses),
        batch_(std::min(batch_columns(factor.width, options.group), factor.cols)),
        errors_(rows * factor.cols),
        products_(rows * batch_),
        targets_(batch_ * padded_rows_),
        batch_errors_(batch_ * padded_rows_),
        block_targets_(rows * std::max(factor.width, options.group)),
        block_quantized_(rows * factor.width),
        ahead_(options.group * padded_rows_) {}

  void run(const ColumnQuantizer& quantize) {
    if (losses_ != nullptr) std::fill_n(losses_, rows_, 0.0);
    for (std::size_t begin = 0; begin < factor_.cols; begin += batch_) {
      const std::size_t end = std::min(factor_.cols, begin + batch_);
      begin_batch(begin, end);
      for (std::size_t col = begin; col < end; col += factor_.width) {
        const std::size_t width = std::min(factor_.width, end - col);
        if (options_.group != 0 && col % options_.group == 0) {
          enter(options_.enter_group, begin, col, std::min(options_.group, end - col));
        }
        if (options_.part != 0 && col % options_.part == 0) {
          enter(options_.enter_part, begin, col, std::min(options_.part, end - col));
        }
        quantize_block(quantize, begin, col, width);
        for (std::size_t c = col + width; c < end; ++c) {
          pass_on(begin, col, width, c, batch_errors_.data(), 1.0F, target(c - begin));
        }
      }
    }
  }

 private:
  float* target(std::size_t col) { return targets_.data() + col * padded_rows_; }
  float* error_of(std::size_t col) { return batch_errors_.data() + col * padded_rows_; }

  // The targets of the batch after the errors of all columns before it.
  void begin_batch(std::size_t begin, std::size_t end) {
    if (begin != 0) {
      kernels_.matmul(kernels_, feedback_rows(factor_, begin, begin), 0, end - begin,
                      errors_.data(), factor_.cols, rows_, products_.data(), batch_);
    }
    for (std::size_t c = begin; c < end; ++c) {
      float* out = target(c - begin);
      for (std::size_t r = 0; r < rows_; ++r) {
        const float passed_on = begin == 0 ? 0.0F : products_[r * batch_ + c - begin];
        out[r] = weights_[r * factor_.cols + c] + passed_on;
      }
    }
  }

  // to += sign · Σ errors of the columns [col, col + width) of a batch times their feedback on c.
  void pass_on(std::size_t begin, std::size_t col, std::size_t width, std::size_t c,
               const float* errors, float sign, float* to) {
    const float* feedback = factor_.feedback.data() + c * factor_.cols;
    for (std::size_t j = col; j < col + width; ++j) {
      kernels_.axpy(sign * feedback[j], errors + (j - begin) * padded_rows_, to, padded_rows_);
    }
  }

  // If every block of the group met its target exactly, its error would be minus the shift of the
  // targets.
  void enter(const GroupVisitor& visit, std::size_t begin, std::size_t col, std::size_t count) {
    float* moved = ahead_.data();
    for (std::size_t c = col; c < col + count; ++c) {
      float* out = moved + (c - col) * padded_rows_;
      const float* now = target(c - begin);
      for (std::size_t r = 0; r < rows_; ++r) out[r] = now[r] - weights_[r * factor_.cols + c];
      const std::size_t before = factor_.block_begin(c);
      pass_on(col, col, before - col, c, moved, -1.0F, out);
      for (std::size_t r = 0; r < rows_; ++r) {
        block_targets_[r * count + c - col] = weights_[r * factor_.cols + c] + out[r];
      }
    }
    visit({col, count, rows_, block_targets_.data()});
  }

  void quantize_block(const ColumnQuantizer& quantize, std::size_t begin, std::size_t col,
                      std::size_t width) {
    for (std::size_t i = 0; i < width; ++i) {
      const float* from = target(col + i - begin);
      for (std::size_t r = 0; r < rows_; ++r) block_targets_[r * width + i] = from[r];
    }
    quantize({col, width, rows_, block_targets_.data(), block_quantized_.data()});
    for (std::size_t r = 0; r < rows_; ++r) {
      for (std::size_t i = 0; i < width; ++i) {
        const std::size_t at = r * factor_.cols + col + i;
        const float value = block_quantized_[r * width + i];
        quantized_[at] = value;
        errors_[at] = weights_[at] - value;
        error_of(col + i - begin)[r] = errors_[at];
        block_targets_[r * width + i] -= value;
      }
      if (losses_ != nullptr) {
        losses_[r] += block_loss(factor_, col, width, block_targets_.data() + r * width);
      }
    }
  }

  const FeedbackFactor& factor_;
  const KernelTable& kernels_;
  std::size_t rows_;
  std::size_t padded_rows_;
  const float* weights_;
  const FeedbackOptions& options_;
  float* quantized_;
  double* losses_;
  std::size_t batch_;
  AlignedBuffer<float> errors_;        // (rows, cols): weights − quantized
  AlignedBuffer<float> products_;      // (rows, batch)
  AlignedBuffer<float> targets_;       // (batch, padded rows)
  AlignedBuffer<float> batch_errors_;  // (batch, padded rows)
  AlignedBuffer<float> block_targets_;
  AlignedBuffer<float> block_quantized_;
  AlignedBuffer<float> ahead_;  // (group, padded rows)
};

}  // namespace

void quantize_columns(const FeedbackFactor& factor, const KernelTable& kernels, std::size_t rows,
                      const float* weights, const ColumnQuantizer& quantize,
                      const FeedbackOptions& options, float* quantized, double* losses) {
  CELLM_CHECK(options.group % factor.width == 0);
  CELLM_CHECK(options.part == 0 ||
              (options.part % factor.width == 0 && options.group % options.part == 0));
  ColumnPass(factor, kernels, rows, weights, options, quantized, losses).run(quantize);
}

void best_row_factors(const FeedbackFactor& factor, const KernelTable& kernels, std::size_t rows,
                      const float* weights, const float* quantized, double* factors) {
  const std::size_t cols = factor.cols;
  const std::size_t batch = std::min(batch_columns(factor.width, 0), cols);
  std::vector<float> weight_products(rows * batch);
  std::vector<float> quantized_products(rows * batch);
  std::vector<double> mixed(rows);
  std::vector<double> square(rows);
  for (std::size_t begin = 0; begin < cols; begin += batch) {
    const std::size_t end = std::min(cols, begin + batch);
    const WeightMatrix feedback = feedback_rows(factor, begin, end);
    kernels.matmul(kernels, feedback, 0, end - begin, weights, cols, rows, weight_products.data(),
                   batch);
    kernels.matmul(kernels, feedback, 0, end - begin, quantized, cols, rows,
                   quantized_products.data(), batch);
    for (std::size_t r = 0; r < rows; ++r) {
      float* w = weight_products.data() + r * batch;
      float* q = quantized_products.data() + r * batch;
      for (std::size_t c = 0; c < end - begin; ++c) {
        w[c] += weights[r * cols + begin + c];
        q[c] += quantized[r * cols + begin + c];
      }
      for (std::size_t col = begin; col < end; col += factor.width) {
        const std::size_t width = std::min(factor.width, end - col);
        for (std::size_t j = 0; j < width; ++j) {
          double w_sum = 0.0;
          double q_sum = 0.0;
          for (std::size_t i = 0; i <= j; ++i) {
            const double factor_value = factor.block_value(col, i, j);
            w_sum += static_cast<double>(w[col - begin + i]) * factor_value;
            q_sum += static_cast<double>(q[col - begin + i]) * factor_value;
          }
          mixed[r] += w_sum * q_sum;
          square[r] += q_sum * q_sum;
        }
      }
    }
  }
  for (std::size_t r = 0; r < rows; ++r) {
    factors[r] = square[r] > 0.0 ? mixed[r] / square[r] : 1.0;
  }
}

}  // namespace cellm
