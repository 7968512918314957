#include "quantize/quantize_absmax.h"

namespace cellm {

TensorQuantizer absmax_quantizer(const QuantizeRequest& request) {
  const FormatSpec& format = request.format;
  const std::size_t cols = request.cols;
  const std::size_t group = request.group;
  return {1, [&format, cols, group](const RowBlock& block) {
            const std::size_t row_bytes = format.row_bytes(cols);
            const std::size_t row_scales = group == 0 ? 0 : cols / group;
            for (std::size_t r = 0; r < block.count; ++r) {
              format.quantize_row(block.weights + r * cols, cols, group,
                                  block.codes + r * row_bytes, block.scales + r * row_scales);
            }
          }};
}

}  // namespace cellm
