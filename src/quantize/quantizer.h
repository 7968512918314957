// The interface between the converter, which reads and writes tensors, and the quantization
// methods.
//
// A method is a free function that makes a TensorQuantizer for one tensor and prepares what the
// whole tensor shares (column weights, a factor of the second moments, a table). The converter then
// calls it with blocks of rows, from several threads, and writes the resulting bytes. The format
// packs codes into bytes (FormatSpec::pack_row).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>

#include "format/formats.h"
#include "quantize/calibrated_input.h"
#include "quantize/statistics.h"

namespace cellm {

// The tensor to quantize.
struct QuantizeRequest {
  std::string_view name;  // for messages
  const FormatSpec& format;
  std::size_t rows = 0;
  std::size_t cols = 0;
  std::size_t group = 0;  // columns that share a companion scale; 0 if there are none
  const InputMoments* inputs = nullptr;  // diagonal second moments of the input, if known
  // The full second moments, if known and error feedback is wanted.
  CalibratedInput* calibrated = nullptr;
  std::uint32_t rotation = 0;  // seed of a trellis format's rotation
};

// Rows [begin, begin + count) of the tensor.
struct RowBlock {
  std::size_t begin = 0;
  std::size_t count = 0;
  const float* weights = nullptr;  // (count, cols), finite
  // Outputs: codes, (count, row_bytes(cols)), and scales, (count, cols / group), as f16 bits. A
  // trellis format writes whole blocks of 64 rows and a scale for each of these rows, also past the
  // end of the matrix.
  std::byte* codes = nullptr;
  std::uint16_t* scales = nullptr;
};

struct TensorQuantizer {
  std::size_t block_rows = 1;  // blocks begin and, except the last, end at multiples of this
  std::function<void(const RowBlock&)> quantize;  // thread-safe for distinct blocks
};

using Quantizer = std::function<TensorQuantizer(const QuantizeRequest&)>;

// The method of choosing scales and codes.
enum class ScaleMethod {
  kAbsmax,  // the largest weight gets the outermost code (the original study's method)
  kMse,   // least squared error, weighted by the second moments of the inputs where they are known
  kAuto,  // the better one for each format: docs/quantization.md
};
ScaleMethod parse_scale_method(std::string_view name);  // "absmax", "mse", "auto"; Error(kUsage)
std::string_view scale_method_name(ScaleMethod method);

// Chooses the method for each tensor by its format and the known statistics of its input.
Quantizer scale_quantizer(ScaleMethod method);

}  // namespace cellm
