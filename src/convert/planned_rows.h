// The rows of a planned tensor: how they are read, and what they are stored in.
#pragma once

#include <cstddef>
#include <vector>

#include "convert/bad_values.h"
#include "convert/convert.h"
#include "io/model_source.h"

namespace cellm {

// Weights that a thread reads and quantizes at a time: 1 MiB as f32, which stays in its cache.
inline constexpr std::size_t kChunkWeights = std::size_t{1} << 18;

// Rows [begin, end) of the source as floats, each looked at for what the tensor's format cannot
// hold. Thread-safe.
std::vector<float> read_rows(const ModelSource& source, const PlannedTensor& tensor,
                             std::size_t begin, std::size_t end, BadValueLog& log);

// Rows are stored one by one, or in blocks.
struct StoredUnit {
  std::size_t rows;
  std::size_t code_bytes;
  std::size_t scales;

  // Units that hold so many rows, or the units before row `rows`, if it is a unit's first.
  std::size_t count(std::size_t of_rows) const { return (of_rows + rows - 1) / rows; }
};
StoredUnit stored_unit(const PlannedTensor& tensor);

}  // namespace cellm
