// Trellis codes: rotate, one scale per row, the nearest path for each tile.
#pragma once

#include "convert/quantizer.h"

namespace cellm {

// Blocks of 64 rows. A row's scale is first what makes its weights as wide as those that the table
// was trained on, and after coding the one of least squared error for the levels that were chosen.
TensorQuantizer trellis_quantizer(const QuantizeRequest& request);

}  // namespace cellm
