// The seam between the converter, which reads and writes, and the ways of choosing codes.
//
// A method is a free function that makes a TensorQuantizer for one tensor; there it prepares what
// it needs of the tensor as a whole (importances of columns, a factor of the second moments, a
// table). The converter then hands it blocks of rows, from several threads, and writes the bytes it
// gets. Codes are put into bytes by the format (FormatSpec::pack_row), which the method does not
// look into.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>

#include "format/formats.h"
#include "quantize/calibrated_input.h"
#include "quantize/statistics.h"

namespace cellm {

// The tensor that is to be quantized.
struct QuantizeRequest {
  std::string_view name;  // for messages
  const FormatSpec& format;
  std::size_t rows = 0;
  std::size_t cols = 0;
  std::size_t group = 0;  // columns that share a companion scale; 0 if there are none
  const InputMoments* inputs = nullptr;  // of what the matrix is multiplied with, if known
  // All second moments of that, if they are known and errors are to be passed on by them.
  CalibratedInput* calibrated = nullptr;
  std::uint32_t rotation = 0;  // seed of a trellis format's rotation
};

// Rows [begin, begin + count) of it.
struct RowBlock {
  std::size_t begin = 0;
  std::size_t count = 0;
  const float* weights = nullptr;  // (count, cols), finite
  // To be filled: (count, row_bytes(cols)), and (count, cols / group) as f16 bits. Of a trellis
  // format the codes of the rows' blocks of 64, and one scale for each of their rows, also if the
  // matrix ends before.
  std::byte* codes = nullptr;
  std::uint16_t* scales = nullptr;
};

struct TensorQuantizer {
  std::size_t block_rows = 1;  // blocks begin at multiples of this and, but for the last, end there
  std::function<void(const RowBlock&)> quantize;  // thread-safe for distinct blocks
};

using Quantizer = std::function<TensorQuantizer(const QuantizeRequest&)>;

// How scales and codes are chosen.
enum class ScaleMethod {
  kAbsmax,  // the study's: the largest weight gets the outermost code
  kMse,   // least squared error, weighted by the second moments of the inputs where they are known
  kAuto,  // the better one for each format: docs/quantization.md
};
ScaleMethod parse_scale_method(std::string_view name);  // "absmax", "mse", "auto"; Error(kUsage)
std::string_view scale_method_name(ScaleMethod method);

// The method for each tensor by its format and by what is known of its inputs.
Quantizer scale_quantizer(ScaleMethod method);

}  // namespace cellm
