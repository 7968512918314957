// Formats for a number of bits per weight: what each matrix gets so that the model suffers least.
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

// What the search may choose, and for what.
struct TargetBits {
  // Of all tensors together, scales included, but for those whose format is given: those below and
  // those that ConvertOptions::overrides names.
  double bits_per_weight = 0.0;
  bool embedding_given = false;  // options.formats says what the embedding gets
  bool lm_head_given = false;
};

// The formats that a matrix may get, fewest bits first.
std::vector<FormatChoice> target_choices();

// Options for the search to begin with: every matrix that is free in the format in which losses are
// measured.
ConvertOptions with_probe_formats(ConvertOptions options, const TargetBits& wanted);

// Throws Error(kUsage) if no choice of formats is within the bits, naming the least that is. `plan`
// was made of `options`, which with_probe_formats() made.
void require_reachable(const ConvertPlan& plan, const ConvertOptions& options,
                       const TargetBits& wanted);

// How much find_formats() is going to do.
struct SearchWork {
  std::size_t parts = 0;         // to be measured
  std::size_t part_tokens = 0;   // on which each is
  std::size_t probe_tokens = 0;  // along which the probe is quantized
};
SearchWork search_work(const ConvertPlan& plan, const TargetBits& wanted,
                       const CalibrationText& text);

// What find_formats() did.
struct FoundFormats {
  ConvertOptions options;                 // with which to convert
  double predicted_kld = 0.0;             // nats for a token, if losses add up
  std::size_t parts = 0;                  // that were measured
  std::unique_ptr<QuantizedStore> state;  // of the probe; remove() it when all is done
};

// The stages of the search.
inline constexpr std::string_view kCodingProbe = "coding a probe";
inline constexpr std::string_view kMeasuringParts = "measuring parts";
using SearchProgress =
    std::function<void(std::string_view stage, std::uint64_t done, std::uint64_t total)>;

// Codes the model in t2 along a part of the text, measures what each part of it (a kind of matrix
// in a layer, the embedding) costs by itself (convert/quantized_parts.h), takes that to change with
// the format as the squared error of Gaussian weights does, and allocates (convert/allocation.h).
// Throws as these do.
FoundFormats find_formats(const OpenedModel& model, const ConvertPlan& plan,
                          const ConvertOptions& options, const TargetBits& wanted,
                          const CalibrationText& text, ThreadPool& pool,
                          const CalibratedOptions& calibrated, const SearchProgress& progress);

// The squared error of independent Gaussian weights of variance 1 in a format.
double gaussian_error(const FormatChoice& choice);

}  // namespace cellm
