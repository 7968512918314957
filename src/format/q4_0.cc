// q4_0: ggml's Q4_0, 4 bits for each weight and a scale for 32.
//
//   block of 18 bytes: f16 scale | 16 bytes of codes
//
// Byte j of the codes holds the code of weight j (low 4 bits) and that of weight j + 16. A weight
// is (code − 8) · scale.
#include "format/block_bytes.h"
#include "format/block_coding.h"
#include "format/block_formats.h"
#include "format/block_writer.h"

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

namespace {

constexpr auto kLevels = consecutive_levels<-8, 16>();

void pack(const BlockNumbers& numbers, std::byte* out) {
  BlockWriter block(out, Q40::kShape.bytes);
  block.u16(0, numbers.scale);
  block.nibbles(2, numbers.codes);
}

}  // namespace

const BlockCoding kQ40Coding{
    .columns = Q40::kShape.columns, .group = 32, .levels = kLevels, .pack = pack};

}  // namespace cellm
