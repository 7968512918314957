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

// The numbers of its bytes and scales.
QuantizedTensor empty_quantized_tensor(const PlannedTensor& tensor);

// Reads the tensor's rows and quantizes them with all threads of the pool; values that its format
// cannot hold are replaced as BadValueLog does. Calls after_rows(rows) now and then from this
// thread.
QuantizedTensor quantize_tensor(const ModelSource& source, const PlannedTensor& tensor,
                                const TensorQuantizer& quantizer, ThreadPool& pool,
                                const std::function<void(std::size_t rows)>& after_rows);

// The matrix for exact products: its codes, which stay alive with it, or f32 in memory if they are
// a trellis code.
MatrixPtr as_matrix(const PlannedTensor& tensor, std::shared_ptr<const QuantizedTensor> quantized,
                    ThreadPool& pool);

}  // namespace cellm
