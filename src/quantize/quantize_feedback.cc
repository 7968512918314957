#include "quantize/quantize_feedback.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "base/error.h"
#include "format/half.h"
#include "quantize/feedback.h"
#include "quantize/quantize_mse.h"
#include "quantize/scale_search.h"

namespace cellm {
namespace {

// The most passes over a row with one scale, each with the refitted scale.
constexpr int kMaxPasses = 4;

// Neither zero nor infinite nor NaN.
bool is_usable_scale(std::uint16_t half) {
  constexpr std::uint16_t kMagnitude = 0x7FFF;
  constexpr std::uint16_t kInfinity = 0x7C00;
  return (half & kMagnitude) != 0 && (half & kMagnitude) < kInfinity;
}

// Quantizes blocks of rows of one tensor.
class FeedbackQuantizer {
 public:
  explicit FeedbackQuantizer(const QuantizeRequest& request)
      : format_(request.format),
        grid_(*request.format.grid),
        kernels_(request.calibrated->kernels()),
        factor_(request.calibrated->factor(1)),
        cols_(request.cols),
        group_(request.group != 0 ? request.group : grid_.block),
        importance_(column_importance(*request.inputs)) {}

  void operator()(const RowBlock& block) const {
    std::vector<std::uint8_t> codes(block.count * cols_);
    const std::size_t groups = scales_in_row(cols_, group_);
    std::vector<std::uint16_t> scales(block.count * groups);
    if (group_ < cols_) {
      code_groups(block, codes.data(), scales.data());
    } else {
      code_rows(block, codes.data(), scales.data());
    }
    for (std::size_t r = 0; r < block.count; ++r) {
      format_.pack_row(codes.data() + r * cols_, scales.data() + r * groups, cols_,
                       block.codes + r * format_.row_bytes(cols_));
    }
    if (grid_.block == 0) std::copy(scales.begin(), scales.end(), block.scales);
  }

 private:
  // The weights of columns for choosing their scale: H's diagonal. Measured, this is better than
  // R_kk², the cost of an error after the other columns have compensated it (docs/quantization.md).
  std::span<const float> importance(std::size_t begin, std::size_t count) const {
    return std::span(importance_).subspan(begin, count);
  }

  // Rounds a column to the grid, each row with its scale.
  void code_column(const ColumnBlock& block, const float* scales, const float* inverses,
                   std::uint8_t* codes) const {
    for (std::size_t r = 0; r < block.rows; ++r) {
      const std::uint8_t code = grid_.nearest(block.targets[r] * inverses[r]);
      codes[r * cols_ + block.begin] = code;
      block.quantized[r] = grid_.level(code) * scales[r];
    }
  }

  void code_groups(const RowBlock& block, std::uint8_t* codes, std::uint16_t* scales) const {
    const std::size_t rows = block.count;
    const std::size_t groups = scales_in_row(cols_, group_);
    std::vector<float> quantized(rows * cols_);
    std::vector<float> scale(rows);
    std::vector<float> inverse(rows);
    std::vector<std::uint8_t> ignored(group_);
    const auto choose_scales = [&](const ColumnGroup& group) {
      for (std::size_t r = 0; r < rows; ++r) {
        const std::uint16_t bits =
            fit_scale(kernels_, grid_, {group.targets + r * group.width, group.width},
                      importance(group.begin, group.width), ignored.data());
        scales[r * groups + group.begin / group_] = bits;
        scale[r] = f16_to_f32(bits);
        inverse[r] = 1.0F / scale[r];
      }
    };
    quantize_columns(
        *factor_, kernels_, rows, block.weights,
        [&](const ColumnBlock& column) {
          code_column(column, scale.data(), inverse.data(), codes);
        },
        {group_, choose_scales}, quantized.data(), nullptr);
  }

  void code_rows(const RowBlock& block, std::uint8_t* best_codes, std::uint16_t* best) const {
    const std::size_t rows = block.count;
    std::vector<float> quantized(rows * cols_);
    std::vector<float> scale(rows);
    std::vector<float> inverse(rows);
    std::vector<std::uint16_t> bits(rows);
    std::vector<double> losses(rows);
    std::vector<double> least(rows, HUGE_VAL);
    std::vector<double> factors(rows);
    std::vector<std::uint8_t> codes(rows * cols_);
    for (std::size_t r = 0; r < rows; ++r) {
      bits[r] = fit_scale(kernels_, grid_, {block.weights + r * cols_, cols_}, importance(0, cols_),
                          codes.data());
    }
    for (int pass = 1; pass <= kMaxPasses; ++pass) {
      for (std::size_t r = 0; r < rows; ++r) {
        scale[r] = f16_to_f32(bits[r]);
        inverse[r] = 1.0F / scale[r];
      }
      quantize_columns(
          *factor_, kernels_, rows, block.weights,
          [&](const ColumnBlock& column) {
            code_column(column, scale.data(), inverse.data(), codes.data());
          },
          {}, quantized.data(), losses.data());
      bool better = false;
      for (std::size_t r = 0; r < rows; ++r) {
        if (!(losses[r] < least[r])) continue;
        better = true;
        least[r] = losses[r];
        best[r] = bits[r];
        std::copy_n(codes.data() + r * cols_, cols_, best_codes + r * cols_);
      }
      if (!better || pass == kMaxPasses) break;
      best_row_factors(*factor_, kernels_, rows, block.weights, quantized.data(), factors.data());
      for (std::size_t r = 0; r < rows; ++r) {
        const std::uint16_t refitted = f32_to_f16(static_cast<float>(factors[r]) * scale[r]);
        bits[r] = is_usable_scale(refitted) ? refitted : best[r];
      }
    }
  }

  const FormatSpec& format_;
  const CodeGrid& grid_;
  const KernelTable& kernels_;
  std::shared_ptr<const FeedbackFactor> factor_;
  std::size_t cols_;
  std::size_t group_;
  std::vector<float> importance_;
};

}  // namespace

TensorQuantizer feedback_quantizer(const QuantizeRequest& request) {
  CELLM_CHECK(request.format.grid != nullptr && request.calibrated != nullptr &&
              request.inputs != nullptr);
  return {1, FeedbackQuantizer(request)};
}

}  // namespace cellm
