#include "format/iq4_xs.h"

#include "format/block_bytes.h"

namespace cellm {

void IQ4XS::dequantize_row(const std::byte* codes, std::size_t cols, float* out) {
  each_block(codes, cols, kShape.columns, kShape.bytes, out, [](BlockBytes block, float* to) {
    const float scale = block.f16(0);
    const unsigned upper = block.u16(2);
    for (std::size_t s = 0; s < kShape.columns / 32; ++s) {
      const unsigned low = s % 2 == 0 ? block.low(4 + s / 2) : block.high(4 + s / 2);
      const unsigned bits = low | (((upper >> (2 * s)) & 3U) << 4);
      const float step = scale * code_value(centred(bits, 32));
      for (std::size_t j = 0; j < 16; ++j) {
        const std::size_t at = 8 + s * 16 + j;
        to[s * 32 + j] = step * static_cast<float>(kNonLinearValues[block.low(at)]);
        to[s * 32 + j + 16] = step * static_cast<float>(kNonLinearValues[block.high(at)]);
      }
    }
  });
}

}  // namespace cellm
