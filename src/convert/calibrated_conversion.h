// Converting with error feedback: layer by layer, along a text.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "convert/calibrate.h"
#include "convert/convert.h"
#include "convert/quantized_store.h"
#include "convert/quantized_tensor.h"

namespace cellm {

struct CalibratedOptions {
  std::string target;  // CPU target of the forward pass; empty: the best this processor has
  // Finished tensors are kept in this file, so that the same call goes on after a kill; empty: not.
  std::filesystem::path state;
  // What tells the source's weights from others, for the state.
  std::string source_checksum;
};

// What coding along a text gave.
struct CalibratedTensors {
  std::unique_ptr<QuantizedStore>
      state;                 // null if none was to be kept; remove() it after converting
  QuantizedTensors tensors;  // every tensor of the plan that has codes and an input
  // Matrices without feedback, since the second moments of their input have no factor: the text
  // leaves it silent, or the model overflows on it. They are quantized as well as that allows.
  std::vector<std::string> without_feedback;
  std::size_t resumed = 0;  // tensors that the state had already
  // Seconds.
  double forward = 0.0;
  double moments = 0.0;
  double coding = 0.0;  // factors and codes
};

// Runs the source's model over all windows of the text at once. At each distinct input of matrices
// they stop: its second moments are added up, the matrices that the plan gives codes are quantized
// with feedback and replaced in the model by what they became, and the windows go on. So every
// matrix is quantized for the input that it will meet, which comes from quantized matrices, and the
// text is run once. The embedding keeps its source's weights in this pass, also where it is the
// output matrix.
//
// The result does not depend on the number of threads, nor on whether a state was there. Throws
// Error(kResources) before it begins if memory is missing, and what opening the state throws.
CalibratedTensors quantize_along_text(const OpenedModel& model, const ConvertPlan& plan,
                                      const CalibrationText& text, ThreadPool& pool,
                                      const CalibratedOptions& options,
                                      const ConvertProgress& progress);

// The columns of the widest matrix that is quantized along a text; 0 if none is.
std::size_t widest_quantized_input(const ConvertPlan& plan);

// Bytes of memory that quantize_along_text() takes beside what is mapped.
std::uint64_t calibration_memory_bytes(const OpenedModel& model, const ConvertPlan& plan,
                                       const CalibrationText& text, unsigned threads);

// Throws Error(kData), naming all tensors with values that the plan's formats cannot hold, unless
// the plan allows them: so that no text is run for nothing.
void refuse_bad_values(const OpenedModel& model, const ConvertPlan& plan, ThreadPool& pool,
                       const ConvertProgress& progress = {});

}  // namespace cellm
