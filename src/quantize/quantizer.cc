#include "quantize/quantizer.h"

#include "base/error.h"
#include "format/block_coding.h"
#include "quantize/quantize_absmax.h"
#include "quantize/quantize_blocks.h"
#include "quantize/quantize_feedback.h"
#include "quantize/quantize_mse.h"
#include "quantize/quantize_trellis.h"

namespace cellm {

namespace {

bool least_error_is_better(const QuantizeRequest& request) {
  if (request.inputs != nullptr) return true;
  switch (request.format.least_error) {
    case LeastError::kNowhere:
      return false;
    case LeastError::kInGroups:
      return request.group != request.cols;
    case LeastError::kEverywhere:
      break;
  }
  return true;
}

}  // namespace

ScaleMethod parse_scale_method(std::string_view name) {
  if (name == "absmax") return ScaleMethod::kAbsmax;
  if (name == "mse") return ScaleMethod::kMse;
  if (name == "auto") return ScaleMethod::kAuto;
  throw usage_error("scale \"{}\" is unknown; use absmax, mse or auto", printable(name));
}

std::string_view scale_method_name(ScaleMethod method) {
  switch (method) {
    case ScaleMethod::kAbsmax:
      return "absmax";
    case ScaleMethod::kMse:
      return "mse";
    case ScaleMethod::kAuto:
      break;
  }
  return "auto";
}

Quantizer scale_quantizer(ScaleMethod method) {
  return [method](const QuantizeRequest& request) {
    if (request.format.encoder == Encoder::kTrellis) return trellis_quantizer(request);
    if (find_block_coding(request.format.id) != nullptr) return block_quantizer(request);
    // Floats have no scale to choose.
    const bool has_codes = request.format.encoder == Encoder::kGrid;
    if (has_codes && request.calibrated != nullptr && request.calibrated->factor(1) != nullptr) {
      return feedback_quantizer(request);
    }
    const bool search = method == ScaleMethod::kMse ||
                        (method == ScaleMethod::kAuto && least_error_is_better(request));
    return has_codes && search ? mse_quantizer(request) : absmax_quantizer(request);
  };
}

}  // namespace cellm
