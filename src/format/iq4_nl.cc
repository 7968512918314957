// iq4_nl: ggml's IQ4_NL, 4 bits for each weight, the index of a value, and a scale for 32.
//
//   block of 18 bytes: f16 scale | 16 bytes of codes as q4_0 has them
//
// A weight is scale · kNonLinearValues[code].
#include "format/block_bytes.h"
#include "format/block_coding.h"
#include "format/block_formats.h"
#include "format/block_writer.h"

namespace cellm {

void IQ4NL::dequantize_row(const std::byte* codes, std::size_t cols, float* out) {
  each_block(codes, cols, kShape.columns, kShape.bytes, out, [](BlockBytes block, float* to) {
    const float scale = block.f16(0);
    for (std::size_t j = 0; j < 16; ++j) {
      to[j] = scale * static_cast<float>(kNonLinearValues[block.low(2 + j)]);
      to[j + 16] = scale * static_cast<float>(kNonLinearValues[block.high(2 + j)]);
    }
  });
}

namespace {

void pack(const BlockNumbers& numbers, std::byte* out) {
  BlockWriter block(out, IQ4NL::kShape.bytes);
  block.u16(0, numbers.scale);
  block.nibbles(2, numbers.codes);
}

}  // namespace

const BlockCoding kIQ4NLCoding{.columns = IQ4NL::kShape.columns,
                               .group = 32,
                               .levels = kNonLinearValues,
                               .even = false,
                               .pack = pack};

}  // namespace cellm
