// Tensors quantized before the file is written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

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

// A zeroed tensor with the sizes of the plan.
QuantizedTensor empty_quantized_tensor(const PlannedTensor& tensor);

// Reads the tensor's rows and quantizes them with all threads of the pool; values that its format
// cannot represent are replaced as BadValueLog does. Calls after_rows(rows) repeatedly, with the
// number of rows since the last call, from this thread.
QuantizedTensor quantize_tensor(const ModelSource& source, const PlannedTensor& tensor,
                                const TensorQuantizer& quantizer, ThreadPool& pool,
                                const std::function<void(std::size_t rows)>& after_rows);

// The matrix for exact products: of the codes in `quantized`, which it keeps alive, or of f32 in
// memory for a trellis format.
MatrixPtr as_matrix(const PlannedTensor& tensor, std::shared_ptr<const QuantizedTensor> quantized,
                    ThreadPool& pool);

}  // namespace cellm
