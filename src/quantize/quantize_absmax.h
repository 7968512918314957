// Absmax quantization, the method of the original study: the largest weight of a group gets the
// outermost code.
#pragma once

#include "quantize/quantizer.h"

namespace cellm {

TensorQuantizer absmax_quantizer(const QuantizeRequest& request);

}  // namespace cellm
