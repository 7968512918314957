// Reading the rows of a planned tensor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "convert/bad_values.h"
#include "convert/convert.h"
#include "io/model_source.h"

namespace cellm {

// Weights that a thread reads and quantizes at a time: 1 MiB as f32, which stays in its cache.
inline constexpr std::size_t kChunkWeights = std::size_t{1} << 18;

inline std::uint64_t weights_of(const PlannedTensor& tensor) {
  return tensor.info.rows() * tensor.info.cols();
}

// Rows [begin, end) of the file's tensor as floats: the source's values in the order of the file,
// transformed (PlannedTensor::transform), checked by the log for values that the tensor's format
// cannot represent. Thread-safe.
std::vector<float> read_rows(const ModelSource& source, const PlannedTensor& tensor,
                             std::size_t begin, std::size_t end, BadValueLog& log);

// All values of a tensor, (rows, cols), from the order of the file to that of the source, and back.
std::vector<float> to_source_order(const PlannedTensor& tensor, std::vector<float> values);
std::vector<float> to_file_order(const PlannedTensor& tensor, std::vector<float> values);

}  // namespace cellm
