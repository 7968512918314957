// tq1_0: ggml's TQ1_0, 5 ternary weights in a byte; 256 weights share a scale.
//
//   block of 54 bytes: 32 bytes of weights 0…159 | 16 bytes of weights 160…239 | 4 bytes of weights
//   240…255 | f16 scale
//
// Of n bytes, byte j holds the weights j, j + n, j + 2 n and so on of its part as digits to the
// base of 3, first digit first, of a fraction of 256: digit k is the integer part of 3/256 of what
// is left of the byte times 3^k. A weight is scale · (digit − 1).
#include "format/block_bytes.h"
#include "format/block_formats.h"

namespace cellm {
namespace {

struct Part {
  std::size_t first_byte;
  std::size_t bytes;
  std::size_t digits;
};
constexpr Part kTernaryParts[] = {{0, 32, 5}, {32, 16, 5}, {48, 4, 4}};

}  // namespace

void TQ10::dequantize_row(const std::byte* codes, std::size_t cols, float* out) {
  each_block(codes, cols, kShape.columns, kShape.bytes, out, [](BlockBytes block, float* to) {
    const float scale = block.f16(52);
    for (const Part& part : kTernaryParts) {
      unsigned power = 1;
      for (std::size_t digit = 0; digit < part.digits; ++digit, power *= 3) {
        for (std::size_t j = 0; j < part.bytes; ++j) {
          const unsigned left = block.u8(part.first_byte + j) * power % 256;
          *to++ = code_value(centred(left * 3 / 256, 1)) * scale;
        }
      }
    }
  });
}

}  // namespace cellm
