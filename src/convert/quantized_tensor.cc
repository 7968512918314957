#include "convert/quantized_tensor.h"

#include <algorithm>
#include <vector>

#include "convert/planned_rows.h"

namespace cellm {
namespace {

constexpr std::size_t kChunksPerThread = 4;  // between two calls of after_rows

}  // namespace

QuantizedTensor empty_quantized_tensor(const PlannedTensor& tensor) {
  const StoredUnit unit = own_layout(tensor.shape.format).unit(tensor.shape);
  const std::size_t units = unit.count(tensor.info.rows());
  return {AlignedBuffer<std::byte>(units * unit.code_bytes),
          AlignedBuffer<std::uint16_t>(units * unit.scales), false};
}

QuantizedTensor quantize_tensor(const ModelSource& source, const PlannedTensor& tensor,
                                const TensorQuantizer& quantizer, ThreadPool& pool,
                                const std::function<void(std::size_t rows)>& after_rows) {
  const std::size_t rows = tensor.info.rows();
  const StoredUnit unit = own_layout(tensor.shape.format).unit(tensor.shape);
  const std::size_t block = quantizer.block_rows;
  // Enough chunks that threads finish at about the same time.
  const std::size_t fitting = std::clamp<std::size_t>(kChunkWeights / tensor.info.cols(), 1,
                                                      rows / (pool.threads() * std::size_t{2}) + 1);
  const std::size_t chunk = (fitting + block - 1) / block * block;
  const std::size_t slab = chunk * pool.threads() * kChunksPerThread;
  QuantizedTensor result = empty_quantized_tensor(tensor);
  BadValueLog replaced(true);
  for (std::size_t first = 0; first < rows; first += slab) {
    const std::size_t count = std::min(slab, rows - first);
    pool.parallel_for(count, chunk, [&](std::size_t begin, std::size_t end) {
      const std::size_t row = first + begin;
      const std::vector<float> values = read_rows(source, tensor, row, first + end, replaced);
      quantizer.quantize({row, end - begin, values.data(),
                          result.codes.data() + unit.count(row) * unit.code_bytes,
                          result.scales.data() + unit.count(row) * unit.scales});
    });
    after_rows(count);
  }
  return result;
}

MatrixPtr as_matrix(const PlannedTensor& tensor, std::shared_ptr<const QuantizedTensor> quantized,
                    ThreadPool& pool) {
  Payloads payloads{.codes = quantized->codes.data(),
                    .scales = quantized->scales.size() == 0 ? nullptr : quantized->scales.data()};
  payloads.owner = std::move(quantized);
  MatrixPtr matrix = own_layout(tensor.shape.format).open(tensor.shape, std::move(payloads));
  MatrixPtr exact = matrix->exact(pool);
  return exact == nullptr ? matrix : exact;
}

}  // namespace cellm
