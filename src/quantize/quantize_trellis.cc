#include "quantize/quantize_trellis.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <vector>

#include <fmt/format.h>

#include "format/half.h"
#include "format/rotation.h"
#include "format/trellis.h"
#include "kernels/kernel_table.h"
#include "quantize/feedback.h"
#include "quantize/trellis_encoder.h"

namespace cellm {
namespace {

constexpr float kLevelsPerScale = kTrellisZero;  // value = (level − 64) / 64 · scale

// The scale that gives a row the deviation of the table's training; 0 for a row of zeros.
float start_scale(const float* row, std::size_t cols, const TrellisTable& table) {
  double squares = 0.0;
  for (std::size_t c = 0; c < cols; ++c) {
    squares += static_cast<double>(row[c]) * static_cast<double>(row[c]);
  }
  const double deviation = std::sqrt(squares / static_cast<double>(cols));
  return static_cast<float>(deviation * static_cast<double>(kLevelsPerScale / table.deviation));
}

// The factor on a dequantized row with the least squared error; 1 for a row of zeros.
double best_factor(const float* row, const float* quantized, std::size_t cols) {
  double product = 0.0;
  double squares = 0.0;
  for (std::size_t c = 0; c < cols; ++c) {
    product += static_cast<double>(row[c]) * static_cast<double>(quantized[c]);
    squares += static_cast<double>(quantized[c]) * static_cast<double>(quantized[c]);
  }
  return squares > 0.0 ? product / squares : 1.0;
}

// Encodes 64 rows, tile by tile from left to right.
class RowsEncoder {
 public:
  // Writes the rows' tiles to `codes`.
  RowsEncoder(const TrellisTable& table, const KernelTable& kernels, std::size_t cols,
              std::uint8_t* codes)
      : encoder_(table, kernels),
        tile_bytes_(tile_bytes(*trellis_shape(table.format))),
        cols_(cols),
        codes_(codes) {}

  void set_scale(std::size_t row, float scale) {
    scale_[row] = scale / kLevelsPerScale;
    inverse_[row] = scale > 0.0F ? kLevelsPerScale / scale : 0.0F;
  }

  // Encodes columns [begin, begin + width) of the rows, at most 4. targets and, output, the
  // dequantized values: (64, width), rows `stride` floats apart.
  void encode(std::size_t begin, std::size_t width, const float* targets, std::size_t stride,
              float* quantized) {
    std::array<float, kTrellisTileWeights> scaled{};
    for (std::size_t r = 0; r < kTrellisRows; ++r) {
      for (std::size_t j = 0; j < width; ++j) {
        scaled[r * kTrellisCols + j] = targets[r * stride + j] * inverse_[r];
      }
    }
    std::array<std::uint8_t, kTrellisTileWeights> levels{};
    encoder_.encode(scaled.data(), codes_ + begin / kTrellisCols * tile_bytes_, levels.data());
    for (std::size_t r = 0; r < kTrellisRows; ++r) {
      for (std::size_t j = 0; j < width; ++j) {
        const int level = int{levels[r * kTrellisCols + j]} - kTrellisZero;
        quantized[r * stride + j] = static_cast<float>(level) * scale_[r];
      }
    }
  }

  // Encodes the tiles of padding.
  void finish(std::size_t padded_cols) {
    const std::array<float, kTrellisTileWeights> zeros{};
    std::array<float, kTrellisTileWeights> ignored{};
    const std::size_t end = (cols_ + kTrellisCols - 1) / kTrellisCols * kTrellisCols;
    for (std::size_t col = end; col < padded_cols; col += kTrellisCols) {
      encode(col, kTrellisCols, zeros.data(), kTrellisCols, ignored.data());
    }
  }

 private:
  TrellisEncoder encoder_;
  std::size_t tile_bytes_;
  std::size_t cols_;
  std::uint8_t* codes_;
  std::array<float, kTrellisRows> scale_{};
  std::array<float, kTrellisRows> inverse_{};
};

// The factor of the second moments of the rotated input; null if there is none.
std::shared_ptr<const FeedbackFactor> rotated_factor(const QuantizeRequest& request,
                                                     const std::vector<float>& factors) {
  CalibratedInput* input = request.calibrated;
  if (input == nullptr) return nullptr;
  return input->factor(std::min<std::size_t>(kTrellisCols, request.cols),
                       fmt::format("rotated by {}", request.rotation),
                       [&](SecondMoments& moments) { rotate(moments, factors, input->pool()); });
}

// Quantizes blocks of 64 rows.
class TrellisQuantizer {
 public:
  explicit TrellisQuantizer(const QuantizeRequest& request)
      : table_(&default_trellis_table(request.format.id)),
        kernels_(request.calibrated == nullptr ? kernel_table() : request.calibrated->kernels()),
        cols_(request.cols),
        factors_(rotation_factors(request.rotation, request.cols)),
        feedback_(rotated_factor(request, factors_)) {
    TrellisWeights shape;
    shape.format = request.format.id;
    shape.cols = cols_;
    padded_ = shape.padded_cols();
    block_bytes_ = shape.block_bytes();
  }

  void operator()(const RowBlock& rows) const {
    for (std::size_t begin = 0; begin < rows.count; begin += kTrellisRows) {
      quantize_rows(
          rows.weights + begin * cols_, std::min<std::size_t>(kTrellisRows, rows.count - begin),
          reinterpret_cast<std::uint8_t*>(rows.codes) + begin / kTrellisRows * block_bytes_,
          rows.scales + begin);
    }
  }

 private:
  void quantize_rows(const float* weights, std::size_t count, std::uint8_t* codes,
                     std::uint16_t* scales) const {
    std::vector<float> rotated(kTrellisRows * cols_);
    std::vector<float> quantized(rotated.size());
    RowsEncoder encoder(*table_, kernels_, cols_, codes);
    std::fill_n(scales, kTrellisRows, std::uint16_t{0});
    for (std::size_t r = 0; r < count; ++r) {
      float* row = rotated.data() + r * cols_;
      kernels_.rotate(weights + r * cols_, factors_.data(), cols_, rotation_block(cols_), row);
      scales[r] = f32_to_f16(start_scale(row, cols_, *table_));
      encoder.set_scale(r, f16_to_f32(scales[r]));
    }
    std::array<double, kTrellisRows> factors{};
    if (feedback_ != nullptr) {
      quantize_columns(
          *feedback_, kernels_, kTrellisRows, rotated.data(),
          [&](const ColumnBlock& block) {
            encoder.encode(block.begin, block.width, block.targets, block.width, block.quantized);
          },
          {}, quantized.data(), nullptr);
      best_row_factors(*feedback_, kernels_, kTrellisRows, rotated.data(), quantized.data(),
                       factors.data());
    } else {
      for (std::size_t col = 0; col < cols_; col += kTrellisCols) {
        encoder.encode(col, std::min<std::size_t>(kTrellisCols, cols_ - col), rotated.data() + col,
                       cols_, quantized.data() + col);
      }
      for (std::size_t r = 0; r < count; ++r) {
        factors[r] = best_factor(rotated.data() + r * cols_, quantized.data() + r * cols_, cols_);
      }
    }
    encoder.finish(padded_);
    for (std::size_t r = 0; r < count; ++r) {
      scales[r] = f32_to_f16(static_cast<float>(factors[r]) * f16_to_f32(scales[r]));
    }
  }

  const TrellisTable* table_;
  const KernelTable& kernels_;
  std::size_t cols_;
  std::size_t padded_ = 0;
  std::size_t block_bytes_ = 0;
  std::vector<float> factors_;
  std::shared_ptr<const FeedbackFactor> feedback_;
};

}  // namespace

TensorQuantizer trellis_quantizer(const QuantizeRequest& request) {
  return {kTrellisRows, TrellisQuantizer(request)};
}

}  // namespace cellm
