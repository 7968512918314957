// The scalar target: plain C++ that runs everywhere, and the reference for all other targets.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

#include "format/block_formats.h"
#include "format/formats.h"
#include "format/grids.h"
#include "format/half.h"
#include "kernels/kernel_table.h"

namespace cellm {
namespace {

// The primitives of a template must precede it.
// clang-format off
#include "kernels/scalar_vectors.inl"
#include "kernels/f32_kernels.inl"
#include "kernels/rotate.inl"
#include "kernels/scalar_integers.inl"
#include "kernels/scalar_tiles.inl"
#include "kernels/int8_kernels.inl"
#include "kernels/scalar_trellis.inl"
#include "kernels/trellis_kernels.inl"
#include "kernels/scalar_blocks.inl"
#include "kernels/block_kernels.inl"
// clang-format on

std::uint16_t saturated_sum(unsigned a, unsigned b) {
  return static_cast<std::uint16_t>(std::min(a + b, 0xFFFFU));
}

std::uint16_t step_cost(std::int16_t x, std::int16_t value) {
  const int difference = std::clamp(int{x} - int{value}, -0x8000, 0x7FFF);
  return static_cast<std::uint16_t>((difference * difference + 0x4000) >> 15);
}

void trellis_search(const TrellisSearch& search) {
  const std::size_t states = std::size_t{1} << search.state_bits;
  const std::size_t groups = states >> search.step_bits;  // of states that share predecessors
  std::vector<std::uint16_t> best(groups);
  unsigned least = 0;
  for (std::size_t t = 0; t < search.steps; ++t) {
    const unsigned taken = least;
    least = 0xFFFF;
    for (std::size_t group = 0; group < groups; ++group) {
      std::size_t survivor = 0;
      for (std::size_t h = 1; h < states / groups; ++h) {
        if (search.cost[h * groups + group] < search.cost[survivor * groups + group]) survivor = h;
      }
      const unsigned cost = search.cost[survivor * groups + group];
      best[group] = static_cast<std::uint16_t>(cost > taken ? cost - taken : 0);
      least = std::min<unsigned>(least, best[group]);
      search.survivors[t * groups + group] = static_cast<std::uint8_t>(survivor);
    }
    for (std::size_t s = 0; s < states; ++s) {
      unsigned cost = best[s >> search.step_bits];
      for (std::size_t v = 0; v < search.step_weights; ++v) {
        cost = saturated_sum(
            cost, step_cost(search.x[t * search.step_weights + v], search.values[v * states + s]));
      }
      search.cost[s] = static_cast<std::uint16_t>(cost);
    }
  }
}

float quantize_block(const float* x, std::size_t n, signed char* codes, std::int32_t* sum) {
  float largest = 0.0F;
  bool finite = true;
  for (std::size_t i = 0; i < n; ++i) {
    finite = finite && std::isfinite(x[i]);
    largest = std::max(largest, std::fabs(x[i]));
  }
  const float inverse = finite && largest > 0.0F ? 127.0F / largest : 0.0F;
  *sum = 0;
  for (std::size_t i = 0; i < n; ++i) {
    codes[i] = finite ? static_cast<signed char>(std::nearbyint(x[i] * inverse))
                      : static_cast<signed char>(0);
    *sum += codes[i];
  }
  return finite ? largest / 127.0F : std::numeric_limits<float>::quiet_NaN();
}

// Unpacks through the format's own reference, which knows whole rows only: the columns of the range
// are presented as a row of their own. Ranges start at a multiple of kUnpackAlignment, which is a
// byte boundary and a q1 block boundary; a range that cuts into groups goes group by group.
template <WeightFormat F>
void unpack(const WeightRow& row, std::size_t begin, std::size_t end, float* out) {
  const auto* codes = reinterpret_cast<const std::byte*>(row.codes);
  if constexpr (!F::kHasScales) {
    F::dequantize_row(codes + F::row_bytes(begin), nullptr, end - begin, 0, out);
  } else {
    // Codes as if the scale were 1, then each group's scale: code · scale is what dequantize_row
    // computes.
    constexpr std::uint16_t kOne = 0x3C00;
    F::dequantize_row(codes + F::row_bytes(begin), &kOne, end - begin, end - begin, out);
    std::size_t group = begin / row.group;
    for (std::size_t i = begin; i < end; ++group) {
      const float scale = f16_to_f32(row.scales[group]);
      const std::size_t stop = (group + 1) * row.group < end ? (group + 1) * row.group : end;
      for (; i < stop; ++i) out[i - begin] *= scale;
    }
  }
}

// The same through blocks, which a range may cut into.
template <BlockFormat F>
void unpack_blocks(const WeightRow& row, std::size_t begin, std::size_t end, float* out) {
  constexpr std::size_t kColumns = F::kShape.columns;
  const auto* codes = reinterpret_cast<const std::byte*>(row.codes);
  float block[kColumns];
  for (std::size_t i = begin; i < end;) {
    const std::size_t first = i / kColumns * kColumns;
    const std::size_t stop = std::min(end, first + kColumns);
    F::dequantize_row(codes + first / kColumns * F::kShape.bytes, kColumns, block);
    std::copy(block + (i - first), block + (stop - first), out + (i - begin));
    i = stop;
  }
}

void convert_from_f16(const std::uint16_t* in, float* out, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) out[i] = f16_to_f32(in[i]);
}
void convert_to_f16(const float* in, std::uint16_t* out, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) out[i] = f32_to_f16(in[i]);
}

template <class... F, class... B>
constexpr KernelTable make_table(std::tuple<F...>*, std::tuple<B...>*) {
  KernelTable table{
      .name = "scalar",
      .matmul = matmul,
      .matmul_int8 = matmul_int8,
      .matmul_trellis = matmul_trellis,
      .matmul_blocks = matmul_blocks,
      .trellis_search = trellis_search,
      .rotate = rotate,
      .quantize_block = quantize_block,
      .half_sums = half_sums,
      .silu_multiply = silu_multiply,
      .sigmoid_multiply = sigmoid_multiply,
      .silu = silu,
      .exp_sum = exp_sum,
      .level_sums = level_sums,
      .dot_rows = dot_rows,
      .mix_rows = mix_rows,
      .f32_peak = f32_peak,
      .int8_peak = int8_peak,
      .largest = largest,
      .dot = dot,
      .axpy = axpy,
      .f16_to_f32 = convert_from_f16,
      .f32_to_f16 = convert_to_f16,
  };
  ((table.unpack[static_cast<std::size_t>(F::kId)] = unpack<F>), ...);
  ((table.unpack[static_cast<std::size_t>(B::kShape.format)] = unpack_blocks<B>), ...);
  return table;
}

}  // namespace

constexpr KernelTable kScalarTable =
    make_table(static_cast<RowFormats*>(nullptr), static_cast<BlockFormats*>(nullptr));
const KernelTable kScalarKernels = kScalarTable;

}  // namespace cellm
