#include "ops/linear.h"

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "format/formats.h"
#include "format/rotation.h"

namespace cellm {
namespace {

// Rows in a unit of work: a block of packed rows or of trellis tiles.
std::size_t unit_rows(const Linear& linear) {
  return linear.trellis ? kTrellisRows : kPackedRows;
}

// Units a thread claims at a time: enough chunks that nobody waits long for the last one.
std::size_t unit_grain(std::size_t units, unsigned threads) {
  constexpr std::size_t kChunksPerThread = 8;
  return units / (threads * kChunksPerThread) + 1;
}

std::size_t units_of(const Linear& linear) {
  return (linear.weight.rows + unit_rows(linear) - 1) / unit_rows(linear);
}

WeightMatrix matrix_of(const Tensor& tensor) {
  return {tensor.format,         reinterpret_cast<const unsigned char*>(tensor.data),
          tensor.scales,         tensor.cols,
          tensor.group,          format_info(tensor.format).row_bytes(tensor.cols),
          scales_per_row(tensor)};
}

PackedMatrix matrix_of(const PackedWeights& packed) {
  return {packed.bits(),        packed.codes, packed.scales,   packed.rows,
          packed.padded_cols(), packed.group, packed.groups(), packed.block_bytes()};
}

TrellisMatrix matrix_of(const TrellisWeights& weights) {
  return {weights.format, &weights.table->levels, weights.codes,        weights.scales,
          weights.rows,   weights.padded_cols(),  weights.block_bytes()};
}

// Rounds x to 8 bits, into `scratch`; rotates it before if there are factors, and adds the same as
// 16-bit codes if `wide`.
QuantizedActivations quantize(const Compute& compute, const float* x, std::size_t tokens,
                              std::size_t cols, std::size_t block,
                              const std::vector<float>& factors, bool wide,
                              RoundedActivations& scratch) {
  const std::size_t padded =
      (cols + kPackedColumnAlignment - 1) / kPackedColumnAlignment * kPackedColumnAlignment;
  const std::size_t blocks = (padded + block - 1) / block;
  scratch.codes.resize(tokens * padded);
  scratch.scales.resize(tokens * blocks);
  scratch.sums.resize(tokens * blocks);
  if (wide) scratch.wide.resize(tokens * padded);
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
    }
  });
  return {scratch.codes.data(),
          scratch.scales.data(),
          scratch.sums.data(),
          tokens,
          padded,
          block,
          blocks,
          wide ? scratch.wide.data() : nullptr};
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

// What activations are when they meet weights: f32, bf16, or 8-bit codes in blocks of so many
// columns, of x or of x scaled by column and rotated by a seed.
struct InputForm {
  bool bf16 = false;
  std::size_t block = 0;
  bool int8 = false;  // to meet 8-bit weights
  std::optional<std::uint32_t> rotation = std::nullopt;
  const std::uint16_t* column_scales = nullptr;
  bool operator==(const InputForm&) const = default;
};

InputForm input_form(const Linear& linear) {
  if (linear.trellis) {
    return {false, kTrellisActivationBlock, false, linear.trellis->rotation,
            linear.trellis->column_scales};
  }
  if (linear.packed) {
    const unsigned bits = linear.packed->bits();
    return {false, activation_block(bits, linear.packed->group), bits == 8};
  }
  return {linear.bf16};
}

// The input of a product in one of its forms.
struct Input {
  InputForm form;
  const float* x;
  std::size_t tokens;
  const std::uint16_t* bf16;
  QuantizedActivations codes;
};

// x in the form that this matrix meets it in.
Input prepare(const Compute& compute, const Linear& linear, const InputForm& form, const float* x,
              std::size_t tokens, RoundedActivations& scratch) {
  const std::size_t cols = linear.weight.cols;
  Input input{form, x, tokens, nullptr, {}};
  if (form.bf16) input.bf16 = round_to_bf16(compute, x, tokens * cols, scratch.halves);
  if (form.block != 0) {
    const bool wide = form.int8 && tokens > 1 && compute.kernels.widen_codes != nullptr;
    input.codes =
        quantize(compute, x, tokens, cols, form.block, linear.input_factors, wide, scratch);
  }
  return input;
}

void multiply(const Compute& compute, const Product& product, const Input& input, std::size_t begin,
              std::size_t end) {
  const Tensor& weight = product.linear->weight;
  if (product.linear->packed) {
    compute.kernels.matmul_int8(matrix_of(*product.linear->packed), begin, end, input.codes,
                                product.y, weight.rows);
    return;
  }
  if (product.linear->trellis) {
    compute.kernels.matmul_trellis(matrix_of(*product.linear->trellis), begin, end, input.codes,
                                   product.y, weight.rows);
    return;
  }
  const std::size_t rows = unit_rows(*product.linear);
  const std::size_t row_begin = begin * rows;
  const std::size_t row_end = std::min(weight.rows, end * rows);
  if (product.linear->bf16) {
    compute.kernels.matmul_bf16(compute.kernels, matrix_of(weight), row_begin, row_end, input.bf16,
                                weight.cols, input.tokens, product.y, weight.rows);
  } else {
    compute.kernels.matmul(compute.kernels, matrix_of(weight), row_begin, row_end, input.x,
                           weight.cols, input.tokens, product.y, weight.rows);
  }
}

}  // namespace

bool can_use_bf16(const KernelTable& kernels, const Tensor& weight) {
  constexpr std::size_t kMinRows = 64;
  return kernels.matmul_bf16 != nullptr && weight.rows >= kMinRows &&
         (weight.format == FormatId::kF16 || weight.format == FormatId::kBF16);
}

void apply(const Compute& compute, std::span<const Product> products, const float* x,
           std::size_t tokens) {
  if (compute.tap != nullptr) compute.tap->see(products, x, tokens);
  // Mostly one form; other formats and scales of columns make more.
  std::vector<Input> inputs;
  std::vector<std::size_t> input_of;  // each product's, among `inputs`
  std::size_t units = 0;
  if (compute.scratch.size() < products.size()) compute.scratch.resize(products.size());
  for (const Product& product : products) {
    const InputForm form = input_form(*product.linear);
    const auto found = std::find_if(inputs.begin(), inputs.end(),
                                    [&](const Input& input) { return input.form == form; });
    input_of.push_back(static_cast<std::size_t>(found - inputs.begin()));
    if (found == inputs.end()) {
      RoundedActivations& scratch = compute.scratch[inputs.size()];
      inputs.push_back(prepare(compute, *product.linear, form, x, tokens, scratch));
    }
    units += units_of(*product.linear);
  }
  compute.pool.parallel_for(
      units, unit_grain(units, compute.pool.threads()), [&](std::size_t begin, std::size_t end) {
        std::size_t first = 0;  // of this product, among all units
        for (std::size_t i = 0; i < products.size(); ++i) {
          const std::size_t count = units_of(*products[i].linear);
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
  const Tensor& weight = embedding.weight;
  CELLM_CHECK(row < weight.rows);
  if (embedding.packed) {
    dequantize_packed_row(*embedding.packed, row, out);
    return;
  }
  if (embedding.trellis) {
    dequantize_rotated_row(*embedding.trellis, row, out);
    unrotate_row(embedding.input_factors, out);
    return;
  }
  const WeightMatrix matrix = matrix_of(weight);
  const WeightRow weights{matrix.codes + row * matrix.row_bytes,
                          matrix.scales + row * matrix.row_scales, matrix.cols, matrix.group};
  compute.kernels.unpack[static_cast<std::size_t>(weight.format)](weights, 0, weight.cols, out);
}

}  // namespace cellm
