// q4_0: ggml's Q4_0, 4 bits for each weight and a scale for 32.
//
//   block of 18 bytes: f16 scale | 16 bytes of codes
//
// Byte j of the codes holds the code of weight j (low 4 bits) and that of weight j + 16. A weight
// is (code − 8) · scale.
#include "format/block_bytes.h"
#include "format/block_formats.h"

namespace cellm {

void Q40::dequantize_row(const std::byte* codes, std::size_t cols, float* out) {
  each_block(codes, cols, kShape.columns, kShape.bytes, out, [](BlockBytes block, float* to) {
    const float scale = block.f16(0);
    for (std::size_t j = 0; j < 16; ++j) {
      to[j] = code_value(centred(block.low(2 + j), 8)) * scale;
      to[j + 16] = code_value(centred(block.high(2 + j), 8)) * scale;
    }
  });
}

}  // namespace cellm
