#include "ops/linear.h"

#include <algorithm>

#include "base/error.h"
#include "format/formats.h"

namespace cellm {
namespace {

// Rows a thread claims at a time: enough chunks that nobody waits long for the last one, and each a
// few row tiles long so that claiming costs nothing.
std::size_t row_grain(std::size_t rows, unsigned threads) {
  constexpr std::size_t kTile = 4;
  constexpr std::size_t kChunksPerThread = 8;
  const std::size_t rows_per_chunk = rows / (threads * kChunksPerThread) + 1;
  return (rows_per_chunk + kTile - 1) / kTile * kTile;
}

WeightMatrix matrix_of(const Tensor& tensor) {
  return {tensor.format,         reinterpret_cast<const unsigned char*>(tensor.data),
          tensor.scales,         tensor.cols,
          tensor.group,          format_info(tensor.format).row_bytes(tensor.cols),
          scales_per_row(tensor)};
}

}  // namespace

void apply(const Compute& compute, const Linear& linear, const float* x, std::size_t tokens,
           float* y) {
  const Tensor& weight = linear.weight;
  const WeightMatrix matrix = matrix_of(weight);
  compute.pool.parallel_for(weight.rows, row_grain(weight.rows, compute.pool.threads()),
                            [&](std::size_t begin, std::size_t end) {
                              compute.kernels.matmul(compute.kernels, matrix, begin, end, x,
                                                     weight.cols, tokens, y, weight.rows);
                            });
}

void read_row(const Compute& compute, const Tensor& embedding, std::size_t row, float* out) {
  CELLM_CHECK(row < embedding.rows);
  const WeightMatrix matrix = matrix_of(embedding);
  const WeightRow weights{matrix.codes + row * matrix.row_bytes,
                          matrix.scales + row * matrix.row_scales, matrix.cols, matrix.group};
  compute.kernels.unpack[static_cast<std::size_t>(embedding.format)](weights, 0, embedding.cols,
                                                                     out);
}

}  // namespace cellm
