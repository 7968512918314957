// Scales and codes of least squared error, group by group (quantize/scale_search.h).
#pragma once

#include <vector>

#include "quantize/quantizer.h"

namespace cellm {

// With known inputs, the squared error of column j is weighted by Σ x_j²: the diagonal part of the
// error of the matrix's output. The format must have codes and scales.
TensorQuantizer mse_quantizer(const QuantizeRequest& request);

// The weight of each column in the error: its second moment relative to the mean of all, plus 1 %,
// so that a column without input in the text keeps some precision. Empty, meaning equal weights, if
// no column has input.
std::vector<float> column_importance(const InputMoments& inputs);

}  // namespace cellm
