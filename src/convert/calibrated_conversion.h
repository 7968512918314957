// Conversion with error feedback: layer by layer, along a calibration text.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "convert/calibrate.h"
#include "convert/convert.h"
#include "convert/quantized_store.h"
#include "convert/quantized_tensor.h"
#include "quantize/corrected_targets.h"

namespace cellm {

struct CalibratedOptions {
  std::string target;  // CPU target of the forward pass; empty: the best this processor has
  // Finished tensors are stored in this file, so that the same call resumes; empty: no state.
  std::filesystem::path state;
  // Identifies the source's weights in the key of the state.
  std::string source_checksum;
  // Quantize corrected targets (quantize/corrected_targets.h); nothing: the matrices' own weights.
  std::optional<TargetFactors> targets = TargetFactors{};
};

// How far the target of a matrix is from its weights, ‖T − W‖ / ‖W‖ before the limit
// kMostTargetChange. Not finite: the source's model overflows on the text, and T = W.
struct TargetChange {
  std::string tensor;
  double relative = 0.0;
};

// Quantized tensors of a calibrated conversion.
struct CalibratedTensors {
  std::unique_ptr<QuantizedStore> state;  // null without a state; remove() it after converting
  // Every tensor of the plan that is quantized and has an input, with corrected targets also the
  // embedding.
  QuantizedTensors tensors;
  // Matrices quantized without feedback, because the second moments of their input have no factor:
  // the input is 0 for all of the text, or overflows.
  std::vector<std::string> without_feedback;
  std::vector<TargetChange> targets;  // of the matrices with a correction, but for resumed ones
  std::size_t resumed = 0;            // tensors taken over from the state
  // Seconds.
  double forward = 0.0;
  double moments = 0.0;
  double quantizing = 0.0;  // factors and codes
};

// Runs the source's model over all windows of the text in lockstep. At each distinct input of
// matrices its second moments are accumulated, the coded matrices of the plan are quantized
// with feedback and replaced in the model, and the windows continue. So every matrix is quantized
// for its actual input, computed by quantized matrices, in one pass over the text.
//
// With corrected targets the source's model runs along, unchanged, and the matrices of the layers
// are corrected for the difference of the two runs before they are quantized. The embedding is then
// quantized first; if it is tied, that takes a pass of the source's model to the output. Output
// matrices are not corrected. Without, the embedding keeps the source's weights in the pass.
//
// The result depends neither on the number of threads nor on a previous state. Throws
// Error(kResources) beforehand if memory is short, and the errors of opening the state.
CalibratedTensors quantize_along_text(const OpenedModel& model, const ConvertPlan& plan,
                                      const CalibrationText& text, ThreadPool& pool,
                                      const CalibratedOptions& options,
                                      const ConvertProgress& progress);

// The columns of the widest matrix that is quantized along a text; 0 if none is.
std::size_t widest_quantized_input(const ConvertPlan& plan);

// Memory of quantize_along_text() in bytes, mapped files apart.
std::uint64_t calibration_memory_bytes(const OpenedModel& model, const ConvertPlan& plan,
                                       const CalibrationText& text, unsigned threads,
                                       bool with_targets);

// Throws Error(kData), naming all tensors with values that the plan's formats cannot hold, unless
// the plan allows them. Called before the expensive pass over the text.
void refuse_bad_values(const OpenedModel& model, const ConvertPlan& plan, ThreadPool& pool,
                       const ConvertProgress& progress = {});

}  // namespace cellm
