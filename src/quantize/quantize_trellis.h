// Trellis codes: rotation, one scale per row, the nearest path for each tile, with error feedback
// (quantize/feedback.h) if the second moments of the input are known.
#pragma once

#include "quantize/quantizer.h"

namespace cellm {

// Blocks of 64 rows. The initial scale of a row maps its weights to the variance that the table was
// trained on; after the search it becomes the scale of least loss for the chosen levels: e H eᵀ
// with feedback, the squared error without.
TensorQuantizer trellis_quantizer(const QuantizeRequest& request);

}  // namespace cellm
