// Search of formats for a target of bits per weight: the allocation of least divergence.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/thread_pool.h"
#include "convert/calibrate.h"
#include "convert/calibrated_conversion.h"
#include "convert/convert.h"

namespace cellm {

// The target and the fixed formats of the search.
struct TargetBits {
  // Of all tensors together, scales included, except those with a fixed format: those below and
  // those that ConvertOptions::overrides matches.
  double bits_per_weight = 0.0;
  bool embedding_given = false;  // the format of the embedding is fixed in options.formats
  bool lm_head_given = false;
};

// The candidate formats of a matrix in the container, fewest bits first.
std::vector<FormatChoice> target_choices(Container container);

// The initial options of the search: every free matrix in the probe format, in which losses are
// measured.
ConvertOptions with_probe_formats(ConvertOptions options, const TargetBits& wanted);

// Throws Error(kUsage), naming the lowest possible target, if the target is below it. `plan` is
// that of `options`, which are those of with_probe_formats().
void require_reachable(const ConvertPlan& plan, const ConvertOptions& options,
                       const TargetBits& wanted);

// The amount of work of find_formats().
struct SearchWork {
  std::size_t parts = 0;         // to measure
  std::size_t part_tokens = 0;   // for each of them
  std::size_t probe_tokens = 0;  // for quantizing the probe
};
SearchWork search_work(const ConvertPlan& plan, const TargetBits& wanted,
                       const CalibrationText& text);

// The result of find_formats().
struct FoundFormats {
  ConvertOptions options;                 // for the conversion
  double predicted_kld = 0.0;             // nats per token, assuming that losses add up
  std::size_t parts = 0;                  // measured
  std::unique_ptr<QuantizedStore> state;  // of the probe; remove() it after the conversion
};

// The stages of the search.
inline constexpr std::string_view kQuantizingProbe = "quantizing a probe";
inline constexpr std::string_view kMeasuringParts = "measuring parts";
using SearchProgress =
    std::function<void(std::string_view stage, std::uint64_t done, std::uint64_t total)>;

// Quantizes the model in the probe format along a part of the text, measures the loss of each part
// (a kind of matrix in a layer, the embedding) by itself (convert/quantized_parts.h), scales it to
// other formats by the squared error of Gaussian weights, and allocates (convert/allocation.h).
// Throws the errors of these.
FoundFormats find_formats(const OpenedModel& model, const ConvertPlan& plan,
                          const ConvertOptions& options, const TargetBits& wanted,
                          const CalibrationText& text, ThreadPool& pool,
                          const CalibratedOptions& calibrated, const SearchProgress& progress);

// The squared error of independent Gaussian weights of variance 1 in a format.
double gaussian_error(const FormatChoice& choice);

}  // namespace cellm
