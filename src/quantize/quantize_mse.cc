#include "quantize/quantize_mse.h"

#include <algorithm>
#include <numeric>
#include <span>
#include <utility>

#include "base/error.h"
#include "quantize/scale_search.h"

namespace cellm {
namespace {

// Codes and scales of a block of rows.
class BlockFitter {
 public:
  BlockFitter(const QuantizeRequest& request, std::vector<float> importance)
      : format_(&request.format),
        cols_(request.cols),
        group_(request.group != 0 ? request.group : request.format.grid->block),
        importance_(std::move(importance)) {}

  void operator()(const RowBlock& block) const {
    const CodeGrid& grid = *format_->grid;
    const std::size_t groups = scales_in_row(cols_, group_);
    const bool companion = grid.block == 0;
    const KernelTable& kernels = kernel_table();
    std::vector<std::uint8_t> codes(cols_);
    std::vector<std::uint16_t> inside(groups);
    for (std::size_t r = 0; r < block.count; ++r) {
      const std::span row(block.weights + r * cols_, cols_);
      std::uint16_t* scales = companion ? block.scales + r * groups : inside.data();
      for (std::size_t g = 0; g < groups; ++g) {
        const std::size_t begin = g * group_;
        const std::size_t count = std::min(group_, cols_ - begin);
        const std::span<const float> importance(importance_);
        scales[g] = fit_scale(kernels, grid, row.subspan(begin, count),
                              importance.empty() ? importance : importance.subspan(begin, count),
                              codes.data() + begin);
      }
      format_->pack_row(codes.data(), scales, cols_, block.codes + r * format_->row_bytes(cols_));
    }
  }

 private:
  const FormatSpec* format_;
  std::size_t cols_;
  std::size_t group_;
  std::vector<float> importance_;
};

}  // namespace

std::vector<float> column_importance(const InputMoments& inputs) {
  constexpr double kDamping = 0.01;
  const auto& diagonal = inputs.diagonal;
  const double mean =
      std::accumulate(diagonal.begin(), diagonal.end(), 0.0) / static_cast<double>(diagonal.size());
  if (!(mean > 0.0)) return {};
  std::vector<float> importance(diagonal.size());
  std::transform(diagonal.begin(), diagonal.end(), importance.begin(),
                 [&](double moment) { return static_cast<float>(moment / mean + kDamping); });
  return importance;
}

TensorQuantizer mse_quantizer(const QuantizeRequest& request) {
  CELLM_CHECK(request.format.grid != nullptr);
  std::vector<float> importance;
  if (request.inputs != nullptr) {
    CELLM_CHECK(request.inputs->diagonal.size() == request.cols);
    importance = column_importance(*request.inputs);
  }
  return {1, BlockFitter(request, std::move(importance))};
}

}  // namespace cellm
