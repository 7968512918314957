// Reading the rows of a planned tensor.
#pragma once

#include <cstddef>
#include <vector>

#include "convert/bad_values.h"
#include "convert/convert.h"
#include "io/model_source.h"

namespace cellm {

// Weights that a thread reads and quantizes at a time: 1 MiB as f32, which stays in its cache.
inline constexpr std::size_t kChunkWeights = std::size_t{1} << 18;

// Rows [begin, end) of the source as floats, checked by the log for values that the tensor's format
// cannot represent. Thread-safe.
std::vector<float> read_rows(const ModelSource& source, const PlannedTensor& tensor,
                             std::size_t begin, std::size_t end, BadValueLog& log);

}  // namespace cellm
