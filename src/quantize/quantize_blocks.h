// Block formats: scales by weighted search (quantize/block_search.h), codes with error feedback
// (quantize/feedback.h) where the second moments of the input are known.
#pragma once

#include "quantize/quantizer.h"

namespace cellm {

// The numbers of a block are chosen when its first column is reached, for its targets at that
// point. Needs a format of format/block_coding.h.
TensorQuantizer block_quantizer(const QuantizeRequest& request);

}  // namespace cellm
