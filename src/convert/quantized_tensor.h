// Tensors quantized before the file is written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "base/aligned_buffer.h"
#include "base/thread_pool.h"
#include "convert/convert.h"
#include "io/model_source.h"
#include "quantize/quantizer.h"

namespace cellm {

// A quantized tensor in its own layout, not packed.
struct QuantizedTensor {
  AlignedBuffer<std::byte> codes;
  AlignedBuffer<std::uint16_t> scales;
  bool with_feedback = false;
};

// The request for a tensor's quantizer, without input moments. The tensor must outlive it.
QuantizeRequest request_of(const PlannedTensor& tensor);

// A zeroed tensor with the sizes of the plan.
QuantizedTensor empty_quantized_tensor(const PlannedTensor& tensor);

// Rows [begin, end) of a tensor's values, finite; thread-safe.
using TensorRows = std::function<std::vector<float>(std::size_t begin, std::size_t end)>;

// The rows of a source, or of `values`, (rows, cols), which must outlive the reader. Values that
// the tensor's format cannot represent are replaced as BadValueLog does.
TensorRows rows_of_source(const ModelSource& source, const PlannedTensor& tensor);
TensorRows rows_in_memory(const PlannedTensor& tensor, std::span<const float> values);

// Quantizes the rows with all threads of the pool. Calls after_rows(rows) repeatedly, with the
// number of rows since the last call, from this thread.
QuantizedTensor quantize_tensor(const PlannedTensor& tensor, const TensorRows& rows,
                                const TensorQuantizer& quantizer, ThreadPool& pool,
                                const std::function<void(std::size_t rows)>& after_rows);

// The matrix in the order of the source: of the codes in `quantized`, which it keeps alive, or of
// f32 in memory for a tensor whose order in the file is another.
MatrixPtr stored_matrix(const PlannedTensor& tensor,
                        std::shared_ptr<const QuantizedTensor> quantized);
// The same for exact products: of f32 in memory for a trellis format too.
MatrixPtr as_matrix(const PlannedTensor& tensor, std::shared_ptr<const QuantizedTensor> quantized,
                    ThreadPool& pool);

}  // namespace cellm
