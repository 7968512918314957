// The reference quantization of every format, as the study's files have it.
#pragma once

#include "quantize/quantizer.h"

namespace cellm {

TensorQuantizer absmax_quantizer(const QuantizeRequest& request);

}  // namespace cellm
