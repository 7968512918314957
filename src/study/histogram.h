// Histograms of the weights of a tensor, and the levels of the formats.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/thread_pool.h"
#include "engine/opened_model.h"

namespace cellm {

// Weights are divided by the standard deviation (around zero) of their own row, so that rows can be
// laid over each other. Bins are equally wide from −kHistogramReach to kHistogramReach; what lies
// beyond counts in the outermost ones.
inline constexpr double kHistogramReach = 5.0;
inline constexpr std::size_t kHistogramBins = 100;

struct WeightHistogram {
  std::vector<double> shares;  // kHistogramBins of them, sum 1
};

// One value of the codes.
struct QuantizationLevel {
  double position = 0.0;  // mean over the rows, in standard deviations of the row
  double share = 0.0;     // of the weights that have this code
};

struct TensorLevels {
  std::vector<QuantizationLevel> levels;  // ascending positions
  double rms_error = 0.0;                 // root of Σ(w − value)² / Σ w²
};

// Formats with more levels than this are shown by their error alone.
inline constexpr std::size_t kMostLevels = 16;

// Both read every `row_step`-th row. Throws Error(kData) as ModelSource::read_rows().
WeightHistogram weight_histogram(const ModelSource& source, std::size_t index,
                                 std::size_t row_step);
// The same tensor in `reference` and `quantized`. `levels` is empty if there are too many.
TensorLevels tensor_levels(const ModelSource& reference, std::size_t reference_index,
                           const ModelSource& quantized, std::size_t quantized_index,
                           std::size_t row_step);

// Tensors to look at: the first mixing projection and the down projection of the middle layer, and
// the embedding; those that the model has.
std::vector<std::string> histogram_tensors(const OpenedModel& model);

}  // namespace cellm
