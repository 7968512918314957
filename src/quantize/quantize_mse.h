// Scales and codes of least squared error, group by group (convert/scale_search.h).
#pragma once

#include <vector>

#include "quantize/quantizer.h"

namespace cellm {

// With known inputs, the error of column j counts Σ x_j² times: the diagonal part of the error of
// the matrix's output. The format must have codes and scales.
TensorQuantizer mse_quantizer(const QuantizeRequest& request);

// What each column counts: its second moment, relative to the mean of all, and 1 % more, so that a
// column that the text left silent is not thrown away. Empty, for all alike, if all are silent.
std::vector<float> column_importance(const InputMoments& inputs);

}  // namespace cellm
