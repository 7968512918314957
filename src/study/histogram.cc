#include "study/histogram.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "base/error.h"
#include "format/formats.h"
#include "format/half.h"
#include "model/model.h"
#include "model/visit.h"

namespace cellm {
namespace {

double row_deviation(const std::vector<float>& row) {
  double squares = 0.0;
  for (const float w : row) squares += static_cast<double>(w) * static_cast<double>(w);
  return std::sqrt(squares / static_cast<double>(row.size()));
}

// The scale of a weight in a format with scales.
double scale_of(const Tensor& tensor, std::size_t row, std::size_t col) {
  const std::size_t groups = scales_per_row(tensor);
  return static_cast<double>(
      f16_to_f32(tensor.scales[row * groups + col / (tensor.cols / groups)]));
}

struct LevelSum {
  double position = 0.0;
  std::uint64_t count = 0;
};

}  // namespace

WeightHistogram weight_histogram(const ModelSource& source, std::size_t index,
                                 std::size_t row_step) {
  const TensorInfo& info = source.tensors()[index];
  std::vector<float> row(info.cols());
  std::vector<std::uint64_t> counts(kHistogramBins, 0);
  std::uint64_t total = 0;
  for (std::size_t r = 0; r < info.rows(); r += row_step) {
    source.read_rows(index, r, r + 1, row.data());
    const double deviation = row_deviation(row);
    if (!(deviation > 0.0)) continue;
    for (const float w : row) {
      const double at = (static_cast<double>(w) / deviation + kHistogramReach) /
                        (2.0 * kHistogramReach) * static_cast<double>(kHistogramBins);
      const double bin = std::clamp(std::floor(at), 0.0, static_cast<double>(kHistogramBins - 1));
      ++counts[static_cast<std::size_t>(bin)];
    }
    total += row.size();
  }
  WeightHistogram histogram;
  for (const std::uint64_t count : counts) {
    histogram.shares.push_back(
        total == 0 ? 0.0 : static_cast<double>(count) / static_cast<double>(total));
  }
  return histogram;
}

TensorLevels tensor_levels(const ModelSource& reference, std::size_t reference_index,
                           const ModelSource& quantized, std::size_t quantized_index,
                           std::size_t row_step) {
  const TensorInfo& info = reference.tensors()[reference_index];
  CELLM_CHECK(quantized.tensors()[quantized_index].shape == info.shape);
  const MatrixPtr matrix = quantized.weights(quantized_index);
  const Tensor* tensor = matrix == nullptr ? nullptr : matrix->as_rows();
  std::vector<float> weights(info.cols());
  std::vector<float> values(info.cols());
  // Twice the level in units of the scale is an integer in every format: that of int2 is odd. q1
  // has no scales of its own; the magnitude of its values is the scale.
  std::map<long, LevelSum> levels;
  const CodeGrid* grid = tensor == nullptr ? nullptr : format_spec(tensor->format).grid;
  const bool few = grid != nullptr && grid->codes <= kMostLevels;
  double errors = 0.0;
  double squares = 0.0;
  std::uint64_t total = 0;
  for (std::size_t r = 0; r < info.rows(); r += row_step) {
    reference.read_rows(reference_index, r, r + 1, weights.data());
    quantized.read_rows(quantized_index, r, r + 1, values.data());
    const double deviation = row_deviation(weights);
    for (std::size_t c = 0; c < info.cols(); ++c) {
      const auto w = static_cast<double>(weights[c]);
      const auto value = static_cast<double>(values[c]);
      errors += (w - value) * (w - value);
      squares += w * w;
      if (!few || !(deviation > 0.0)) continue;
      const double scale =
          tensor->scales == nullptr ? std::fabs(value) : std::fabs(scale_of(*tensor, r, c));
      LevelSum& level = levels[scale > 0.0 ? std::lround(2.0 * value / scale) : 0];
      level.position += value / deviation;
      ++level.count;
      ++total;
    }
  }
  TensorLevels result;
  result.rms_error = squares > 0.0 ? std::sqrt(errors / squares) : 0.0;
  if (levels.size() > kMostLevels) return result;
  for (const auto& [code, level] : levels) {
    result.levels.push_back({level.position / static_cast<double>(level.count),
                             static_cast<double>(level.count) / static_cast<double>(total)});
  }
  return result;
}

std::vector<std::string> histogram_tensors(const OpenedModel& model) {
  const ModelSource& source = model.source();
  const std::string prefix = model.text_prefix();
  const std::size_t middle = model.config().layers.size() / 2;
  std::vector<std::string> names;
  for (const TensorId id :
       {TensorId{middle, TensorRole::kQuery}, TensorId{middle, TensorRole::kDeltaInput},
        TensorId{middle, TensorRole::kDown}, kEmbeddingId}) {
    if (!tensor_shape(model.config(), id)) continue;
    std::string name = prefix + tensor_name(model.config(), id);
    if (find_tensor(source, name)) names.push_back(std::move(name));
  }
  return names;
}

}  // namespace cellm
