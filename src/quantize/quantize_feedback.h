// Scales by weighted search, codes with error feedback (convert/feedback.h).
#pragma once

#include "quantize/quantizer.h"

namespace cellm {

// A scale that a group of columns shares is chosen when the group is entered, for what its weights
// have become by then. A scale of a whole row is chosen for the weights as they are, then the row
// is coded, its scale is refitted to the codes, and it is coded again as long as that lowers its
// loss e H eᵀ. Needs request.calibrated with a factor, and a format with codes and scales.
TensorQuantizer feedback_quantizer(const QuantizeRequest& request);

}  // namespace cellm
