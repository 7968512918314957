// Scales by weighted search, codes with error feedback (quantize/feedback.h).
#pragma once

#include "quantize/quantizer.h"

namespace cellm {

// The scale of a group of columns is chosen when the group is entered, for its targets at that
// point. The scale of a whole row is chosen for the original weights; then the row is quantized,
// its scale refitted to the codes, and the row quantized again as long as the loss e H eᵀ falls.
// Needs request.calibrated with a factor, and a format with codes and scales.
TensorQuantizer feedback_quantizer(const QuantizeRequest& request);

}  // namespace cellm
