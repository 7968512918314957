#include "convert/coded_tensor.h"

#include <algorithm>
#include <vector>

#include "convert/planned_rows.h"
#include "format/trellis.h"

namespace cellm {
namespace {

constexpr std::size_t kChunksPerThread = 4;  // between two calls of after_rows

}  // namespace

CodedTensor empty_coded_tensor(const PlannedTensor& tensor) {
  const StoredUnit unit = stored_unit(tensor);
  const std::size_t units = unit.count(tensor.info.rows());
  return {AlignedBuffer<std::byte>(units * unit.code_bytes),
          AlignedBuffer<std::uint16_t>(units * unit.scales), false};
}

CodedTensor code_tensor(const ModelSource& source, const PlannedTensor& tensor,
                        const TensorQuantizer& quantizer, ThreadPool& pool,
                        const std::function<void(std::size_t rows)>& after_rows) {
  const std::size_t rows = tensor.info.rows();
  const StoredUnit unit = stored_unit(tensor);
  const std::size_t block = quantizer.block_rows;
  // Enough chunks that no thread waits long for the last one.
  const std::size_t fitting = std::clamp<std::size_t>(kChunkWeights / tensor.info.cols(), 1,
                                                      rows / (pool.threads() * std::size_t{2}) + 1);
  const std::size_t chunk = (fitting + block - 1) / block * block;
  const std::size_t slab = chunk * pool.threads() * kChunksPerThread;
  CodedTensor result = empty_coded_tensor(tensor);
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

Tensor as_matrix(const PlannedTensor& tensor, std::shared_ptr<const CodedTensor> coded,
                 ThreadPool& pool) {
  if (tensor.trellis) {
    TrellisWeights weights;
    weights.format = tensor.choice.format;
    weights.rows = tensor.info.rows();
    weights.cols = tensor.info.cols();
    weights.table = find_trellis_table(weights.format, tensor.trellis->table);
    weights.rotation = tensor.trellis->rotation;
    weights.codes = reinterpret_cast<const std::uint8_t*>(coded->codes.data());
    weights.scales = coded->scales.data();
    return dequantize(weights, pool);
  }
  const std::byte* codes = coded->codes.data();
  const std::uint16_t* scales = coded->scales.size() == 0 ? nullptr : coded->scales.data();
  return {tensor.choice.format, tensor.info.rows(), tensor.info.cols(), tensor.group, codes, scales,
          std::move(coded)};
}

}  // namespace cellm
