// Trellis codes: rotate, one scale per row, the nearest path for each tile, with error feedback
// (convert/feedback.h) where the second moments of the input are known.
#pragma once

#include "quantize/quantizer.h"

namespace cellm {

// Blocks of 64 rows. A row's scale is first what makes its weights as wide as those that the table
// was trained on, and after coding the one of least loss for the levels that were chosen: e H eᵀ
// with feedback, the squared error without.
TensorQuantizer trellis_quantizer(const QuantizeRequest& request);

}  // namespace cellm
