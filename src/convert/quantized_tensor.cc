#include "convert/quantized_tensor.h"

#include <algorithm>
#include <vector>

#include "convert/planned_rows.h"
#include "format/formats.h"

namespace cellm {
namespace {

constexpr std::size_t kChunksPerThread = 4;  // between two calls of after_rows

MatrixPtr in_source_order(const PlannedTensor& tensor, const Matrix& matrix) {
  const std::size_t cols = matrix.cols();
  auto values = std::make_shared<AlignedBuffer<float>>(matrix.rows() * cols);
  std::vector<float> row(cols);
  for (std::size_t r = 0; r < matrix.rows(); ++r) {
    matrix.read_row(tensor.transform.rows.stored(r), row.data());
    float* out = values->data() + r * cols;
    for (std::size_t c = 0; c < cols; ++c) out[c] = row[tensor.transform.columns.stored(c)];
  }
  return float_matrix(matrix.rows(), cols, values->data(), values);
}

}  // namespace

QuantizeRequest request_of(const PlannedTensor& tensor) {
  return {.name = tensor.name,
          .format = format_spec(tensor.shape.format),
          .rows = tensor.shape.rows,
          .cols = tensor.shape.cols,
          .group = tensor.shape.group,
          .rotation = tensor.shape.trellis.rotation};
}

QuantizedTensor empty_quantized_tensor(const PlannedTensor& tensor) {
  const StoredUnit unit = own_layout(tensor.shape.format).unit(tensor.shape);
  const std::size_t units = unit.count(tensor.info.rows());
  return {AlignedBuffer<std::byte>(units * unit.code_bytes),
          AlignedBuffer<std::uint16_t>(units * unit.scales), false};
}

TensorRows rows_of_source(const ModelSource& source, const PlannedTensor& tensor) {
  return [&source, &tensor](std::size_t begin, std::size_t end) {
    BadValueLog replaced(true);
    return read_rows(source, tensor, begin, end, replaced);
  };
}

TensorRows rows_in_memory(const PlannedTensor& tensor, std::span<const float> values) {
  return [&tensor, values](std::size_t begin, std::size_t end) {
    BadValueLog replaced(true);
    const std::size_t cols = tensor.info.cols();
    const FormatSpec& format = format_spec(tensor.shape.format);
    const auto part = values.subspan(begin * cols, (end - begin) * cols);
    std::vector<float> rows(part.begin(), part.end());
    for (std::size_t r = begin; r < end; ++r) {
      replaced.look_at(tensor.name, format, r, std::span(rows).subspan((r - begin) * cols, cols));
    }
    return rows;
  };
}

QuantizedTensor quantize_tensor(const PlannedTensor& tensor, const TensorRows& rows_between,
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
  for (std::size_t first = 0; first < rows; first += slab) {
    const std::size_t count = std::min(slab, rows - first);
    pool.parallel_for(count, chunk, [&](std::size_t begin, std::size_t end) {
      const std::size_t row = first + begin;
      const std::vector<float> values = rows_between(row, first + end);
      quantizer.quantize({row, end - begin, values.data(),
                          result.codes.data() + unit.count(row) * unit.code_bytes,
                          result.scales.data() + unit.count(row) * unit.scales});
    });
    after_rows(count);
  }
  return result;
}

MatrixPtr stored_matrix(const PlannedTensor& tensor,
                        std::shared_ptr<const QuantizedTensor> quantized) {
  Payloads payloads{.codes = quantized->codes.data(),
                    .scales = quantized->scales.size() == 0 ? nullptr : quantized->scales.data()};
  payloads.owner = std::move(quantized);
  MatrixPtr matrix = own_layout(tensor.shape.format).open(tensor.shape, std::move(payloads));
  return tensor.transform.is_identity() ? matrix : in_source_order(tensor, *matrix);
}

MatrixPtr as_matrix(const PlannedTensor& tensor, std::shared_ptr<const QuantizedTensor> quantized,
                    ThreadPool& pool) {
  MatrixPtr matrix = stored_matrix(tensor, std::move(quantized));
  MatrixPtr exact = matrix->exact(pool);
  return exact == nullptr ? matrix : exact;
}

}  // namespace cellm
