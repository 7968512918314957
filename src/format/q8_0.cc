// q8_0: ggml's Q8_0, a signed byte for each weight and a scale for 32.
//
//   block of 34 bytes: f16 scale | 32 × i8 code
//
// A weight is code · scale.
#include "format/block_bytes.h"
#include "format/block_coding.h"
#include "format/block_formats.h"
#include "format/block_writer.h"

namespace cellm {

void Q80::dequantize_row(const std::byte* codes, std::size_t cols, float* out) {
  each_block(codes, cols, kShape.columns, kShape.bytes, out, [](BlockBytes block, float* to) {
    const float scale = block.f16(0);
    for (std::size_t j = 0; j < 32; ++j) to[j] = code_value(block.i8(2 + j)) * scale;
  });
}

namespace {

constexpr auto kLevels = consecutive_levels<-127, 255>();

void pack(const BlockNumbers& numbers, std::byte* out) {
  BlockWriter block(out, Q80::kShape.bytes);
  block.u16(0, numbers.scale);
  for (std::size_t i = 0; i < 32; ++i) {
    block.u8(2 + i, static_cast<std::uint8_t>(kLevels[numbers.codes[i]]));
  }
}

}  // namespace

const BlockCoding kQ80Coding{
    .columns = Q80::kShape.columns, .group = 32, .levels = kLevels, .pack = pack};

}  // namespace cellm
