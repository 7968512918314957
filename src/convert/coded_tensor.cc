#include "convert/coded_tensor.h"

#include <algorithm>
#include <vector>

#include "convert/bad_values.h"
#include "format/formats.h"

namespace cellm {
namespace {

// Weights that a thread reads and quantizes at a time: 1 MiB as f32.
constexpr std::size_t kChunkWeights = std::size_t{1} << 18;
constexpr std::size_t kChunksPerThread = 4;  // between two calls of after_rows

std::size_t row_scales(const PlannedTensor& tensor) {
  return tensor.group == 0 ? 0 : tensor.info.cols() / tensor.group;
}

}  // namespace

CodedTensor empty_coded_tensor(const PlannedTensor& tensor) {
  const std::size_t rows = tensor.info.rows();
  const std::size_t row_bytes = format_info(tensor.choice.format).row_bytes(tensor.info.cols());
  return {AlignedBuffer<std::byte>(rows * row_bytes),
          AlignedBuffer<std::uint16_t>(rows * row_scales(tensor)), false};
}

CodedTensor code_tensor(const ModelSource& source, const PlannedTensor& tensor,
                        const TensorQuantizer& quantizer, ThreadPool& pool,
                        const std::function<void(std::size_t rows)>& after_rows) {
  const FormatInfo& format = format_info(tensor.choice.format);
  const std::size_t rows = tensor.info.rows();
  const std::size_t cols = tensor.info.cols();
  const std::size_t row_bytes = format.row_bytes(cols);
  const std::size_t scales = row_scales(tensor);
  const std::size_t block = quantizer.block_rows;
  // Enough chunks that no thread waits long for the last one.
  const std::size_t fitting = std::clamp<std::size_t>(kChunkWeights / cols, 1,
                                                      rows / (pool.threads() * std::size_t{2}) + 1);
  const std::size_t chunk = (fitting + block - 1) / block * block;
  const std::size_t slab = chunk * pool.threads() * kChunksPerThread;
  CodedTensor result = empty_coded_tensor(tensor);
  BadValueLog replaced(true);
  for (std::size_t first = 0; first < rows; first += slab) {
    const std::size_t count = std::min(slab, rows - first);
    pool.parallel_for(count, chunk, [&](std::size_t begin, std::size_t end) {
      std::vector<float> values((end - begin) * cols);
      const std::size_t row = first + begin;
      source.read_rows(tensor.source_index, row, first + end, values.data());
      for (std::size_t r = 0; r < end - begin; ++r) {
        replaced.look_at(tensor.name, format, row + r, std::span(values).subspan(r * cols, cols));
      }
      quantizer.quantize({row, end - begin, values.data(), result.codes.data() + row * row_bytes,
                          result.scales.data() + row * scales});
    });
    after_rows(count);
  }
  return result;
}

Tensor as_matrix(const PlannedTensor& tensor, std::shared_ptr<const CodedTensor> coded) {
  const std::byte* codes = coded->codes.data();
  const std::uint16_t* scales = coded->scales.size() == 0 ? nullptr : coded->scales.data();
  return {tensor.choice.format, tensor.info.rows(), tensor.info.cols(), tensor.group, codes, scales,
          std::move(coded)};
}

}  // namespace cellm
