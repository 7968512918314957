#include "ops/linear.h"

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "format/packed.h"
#include "format/rotation.h"

namespace cellm {
namespace {

// Units per chunk: enough chunks that threads finish at about the same time.
std::size_t unit_grain(std::size_t units, unsigned threads) {
  constexpr std::size_t kChunksPerThread = 8;
  return units / (threads * kChunksPerThread) + 1;
}

constexpr std::size_t kHalfSum = 16;  // codes in each of QuantizedActivations::half_sums

// Rounds x to 8 bits in `form`, into `scratch`; rotates it before if there are factors.
QuantizedActivations quantize(const Compute& compute, const float* x, std::size_t tokens,
                              std::size_t cols, const InputForm& form,
                              std::span<const float> factors, RoundedActivations& scratch) {
  const std::size_t block = form.block;
  const bool wide = form.wide && tokens > 1 && compute.kernels.widen_codes != nullptr;
  const std::size_t padded =
      (cols + kPackedColumnAlignment - 1) / kPackedColumnAlignment * kPackedColumnAlignment;
  const std::size_t blocks = (padded + block - 1) / block;
  scratch.codes.resize(tokens * padded);
  scratch.scales.resize(tokens * blocks);
  scratch.sums.resize(tokens * blocks);
  if (wide) scratch.wide.resize(tokens * padded);
  if (form.half_sums) scratch.half_sums.resize(tokens * padded / kHalfSum);
  if (!factors.empty()) scratch.rotated.resize(tokens * cols);
  constexpr std::size_t kTokensPerChunk = 8;
  compute.pool.parallel_for(tokens, kTokensPerChunk, [&](std::size_t begin, std::size_t end) {
    for (std::size_t t = begin; t < end; ++t) {
      signed char* codes = scratch.codes.data() + t * padded;
      const float* row = x + t * cols;
      if (!factors.empty()) {
        float* rotated = scratch.rotated.data() + t * cols;
        compute.kernels.rotate(row, factors.data(), cols, rotation_block(cols), rotated);
        row = rotated;
      }
      for (std::size_t b = 0; b < blocks; ++b) {
        const std::size_t first = b * block;
        scratch.scales[t * blocks + b] =
            compute.kernels.quantize_block(row + first, std::min(block, cols - first),
                                           codes + first, &scratch.sums[t * blocks + b]);
      }
      std::memset(codes + cols, 0, padded - cols);
      if (wide) compute.kernels.widen_codes(codes, padded, scratch.wide.data() + t * padded);
      if (form.half_sums) {
        compute.kernels.half_sums(codes, padded, scratch.half_sums.data() + t * padded / kHalfSum);
      }
    }
  });
  return {scratch.codes.data(),
          scratch.scales.data(),
          scratch.sums.data(),
          tokens,
          padded,
          block,
          blocks,
          wide ? scratch.wide.data() : nullptr,
          form.half_sums ? scratch.half_sums.data() : nullptr};
}

// x as bf16, into `halves`.
const std::uint16_t* round_to_bf16(const Compute& compute, const float* x, std::size_t count,
                                   std::vector<std::uint16_t>& halves) {
  halves.resize(count);
  constexpr std::size_t kValuesPerChunk = 16 * 1024;
  compute.pool.parallel_for(count, kValuesPerChunk, [&](std::size_t begin, std::size_t end) {
    compute.kernels.f32_to_bf16(x + begin, halves.data() + begin, end - begin);
  });
  return halves.data();
}

Input prepare(const Compute& compute, const Matrix& matrix, const InputForm& form, const float* x,
              std::size_t tokens, RoundedActivations& scratch) {
  const std::size_t cols = matrix.cols();
  Input input{.form = form, .x = x, .tokens = tokens};
  if (form.bf16) input.bf16 = round_to_bf16(compute, x, tokens * cols, scratch.halves);
  if (form.block != 0) {
    input.codes = quantize(compute, x, tokens, cols, form, matrix.input_factors(), scratch);
  }
  return input;
}

// The rows of units [begin, end).
void multiply(const Compute& compute, const Product& product, const Input& input, std::size_t begin,
              std::size_t end) {
  const Linear& linear = *product.linear;
  const Matrix& matrix = *linear.weights;
  matrix.multiply(compute.kernels, input, begin, end, product.y);
  if (linear.bias.empty()) return;
  const std::size_t rows = matrix.rows();
  const std::size_t row_begin = begin * matrix.unit_rows();
  const std::size_t row_end = std::min(rows, end * matrix.unit_rows());
  for (std::size_t t = 0; t < input.tokens; ++t) {
    float* y = product.y + t * rows;
    for (std::size_t r = row_begin; r < row_end; ++r) y[r] += linear.bias[r];
  }
}

}  // namespace

void apply(const Compute& compute, std::span<const Product> products, const float* x,
           std::size_t tokens) {
  // Mostly one form; other formats and scales of columns make more.
  std::vector<Input> inputs;
  std::vector<std::size_t> input_of;  // each product's, among `inputs`
  std::size_t units = 0;
  if (compute.scratch.size() < products.size()) compute.scratch.resize(products.size());
  for (const Product& product : products) {
    const Matrix& matrix = *product.linear->weights;
    const InputForm form = matrix.input_form();
    const auto found = std::find_if(inputs.begin(), inputs.end(),
                                    [&](const Input& input) { return input.form == form; });
    input_of.push_back(static_cast<std::size_t>(found - inputs.begin()));
    if (found == inputs.end()) {
      RoundedActivations& scratch = compute.scratch[inputs.size()];
      inputs.push_back(prepare(compute, matrix, form, x, tokens, scratch));
    }
    units += matrix.units();
  }
  compute.pool.parallel_for(
      units, unit_grain(units, compute.pool.threads()), [&](std::size_t begin, std::size_t end) {
        std::size_t first = 0;  // of this product, among all units
        for (std::size_t i = 0; i < products.size(); ++i) {
          const std::size_t count = products[i].linear->weights->units();
          const std::size_t from = std::max(begin, first);
          const std::size_t to = std::min(end, first + count);
          if (from < to)
            multiply(compute, products[i], inputs[input_of[i]], from - first, to - first);
          first += count;
        }
      });
}

void apply(const Compute& compute, const Linear& linear, const float* x, std::size_t tokens,
           float* y) {
  const Product product{&linear, y};
  apply(compute, {&product, 1}, x, tokens);
}

void read_row(const Compute& compute, const Linear& embedding, std::size_t row, float* out) {
  CELLM_CHECK(row < embedding.rows());
  embedding.weights->unpack_row(compute.kernels, row, out);
}

}  // namespace cellm
