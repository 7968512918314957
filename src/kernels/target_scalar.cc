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
#include "format/half.h"
#include "kernels/kernel_table.h"

namespace cellm {
namespace {

constexpr std::size_t kLanes = 8;
constexpr std::size_t kTokensOfTile = 3;
constexpr std::size_t kMixVectors = 2;

struct Vec {
  float lane[8];
};

Vec load(const float* p) {
  Vec v;
  for (int i = 0; i < 8; ++i) v.lane[i] = p[i];
  return v;
}
void store(float* p, const Vec& v) {
  for (int i = 0; i < 8; ++i) p[i] = v.lane[i];
}
Vec load_part(const float* p, std::size_t n) {
  Vec v{};
  for (std::size_t i = 0; i < n; ++i) v.lane[i] = p[i];
  return v;
}
Vec broadcast(float f) {
  return {{f, f, f, f, f, f, f, f}};
}
Vec add(const Vec& a, const Vec& b) {
  Vec v;
  for (int i = 0; i < 8; ++i) v.lane[i] = a.lane[i] + b.lane[i];
  return v;
}
Vec mul_add(const Vec& a, const Vec& b, const Vec& c) {
  Vec v;
  for (int i = 0; i < 8; ++i) v.lane[i] = a.lane[i] * b.lane[i] + c.lane[i];
  return v;
}
float sum(const Vec& v) {
  const float* l = v.lane;
  return ((l[0] + l[4]) + (l[2] + l[6])) + ((l[1] + l[5]) + (l[3] + l[7]));
}
void reduce4(const Vec* v, float* out) {
  for (int i = 0; i < 4; ++i) out[i] = sum(v[i]);
}
std::uint16_t half_at(const unsigned char* p, std::size_t i) {
  std::uint16_t half = 0;
  std::memcpy(&half, p + i * sizeof(half), sizeof(half));
  return half;
}
Vec load_f16_part(const unsigned char* p, std::size_t n) {
  Vec v{};
  for (std::size_t i = 0; i < n; ++i) v.lane[i] = f16_to_f32(half_at(p, i));
  return v;
}
Vec load_f16(const unsigned char* p) {
  return load_f16_part(p, kLanes);
}
Vec load_bf16_part(const unsigned char* p, std::size_t n) {
  Vec v{};
  for (std::size_t i = 0; i < n; ++i) v.lane[i] = bf16_to_f32(half_at(p, i));
  return v;
}
Vec load_bf16(const unsigned char* p) {
  return load_bf16_part(p, kLanes);
}

void store_part(float* p, const Vec& v, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) p[i] = v.lane[i];
}
Vec mul(const Vec& a, const Vec& b) {
  Vec v;
  for (int i = 0; i < 8; ++i) v.lane[i] = a.lane[i] * b.lane[i];
  return v;
}
Vec div(const Vec& a, const Vec& b) {
  Vec v;
  for (int i = 0; i < 8; ++i) v.lane[i] = a.lane[i] / b.lane[i];
  return v;
}
Vec max(const Vec& a, const Vec& b) {
  Vec v;
  for (int i = 0; i < 8; ++i) v.lane[i] = a.lane[i] > b.lane[i] ? a.lane[i] : b.lane[i];
  return v;
}
Vec min(const Vec& a, const Vec& b) {
  Vec v;
  for (int i = 0; i < 8; ++i) v.lane[i] = a.lane[i] < b.lane[i] ? a.lane[i] : b.lane[i];
  return v;
}
Vec load_i8_part(const unsigned char* p, std::size_t n) {
  Vec v{};
  for (std::size_t i = 0; i < n; ++i) {
    v.lane[i] = static_cast<float>(static_cast<signed char>(p[i]));
  }
  return v;
}
Vec load_i8(const unsigned char* p) {
  return load_i8_part(p, kLanes);
}
Vec vector_exp(const Vec& a) {
  Vec v;
  for (int i = 0; i < 8; ++i) v.lane[i] = std::exp(a.lane[i]);
  return v;
}

#include "kernels/f32_kernels.inl"

Vec sub(const Vec& a, const Vec& b) {
  Vec v;
  for (int i = 0; i < 8; ++i) v.lane[i] = a.lane[i] - b.lane[i];
  return v;
}
template <int kStride>
Vec lane_butterfly(const Vec& a) {
  Vec v;
  for (int i = 0; i < 8; ++i) {
    const bool high = (i & kStride) != 0;
    v.lane[i] = high ? a.lane[i - kStride] - a.lane[i] : a.lane[i] + a.lane[i + kStride];
  }
  return v;
}

#include "kernels/rotate.inl"

constexpr std::size_t kIntLanes = 16;
constexpr std::size_t kIntTokens = 4;
constexpr int kByteZero = 0;
constexpr bool kWideDots = true;

struct IntVec {
  std::int32_t lane[16];
};
struct FloatVec {
  float lane[16];
};

IntVec load_bytes(const unsigned char* p) {
  IntVec v;
  std::memcpy(&v, p, sizeof(v));
  return v;
}
void store_bytes(unsigned char* p, const IntVec& v) {
  std::memcpy(p, &v, sizeof(v));
}
IntVec int_broadcast(std::int32_t value) {
  IntVec v;
  for (auto& lane : v.lane) lane = value;
  return v;
}
IntVec broadcast_quad(const signed char* p) {
  std::int32_t word = 0;
  std::memcpy(&word, p, sizeof(word));
  return int_broadcast(word);
}
IntVec int_add(const IntVec& a, const IntVec& b) {
  IntVec v;
  for (int i = 0; i < 16; ++i) v.lane[i] = a.lane[i] + b.lane[i];
  return v;
}
template <int kShift>
IntVec int_shift(const IntVec& a) {
  IntVec v;
  for (int i = 0; i < 16; ++i) {
    v.lane[i] = kShift >= 0 ? a.lane[i] >> kShift : a.lane[i] * (1 << -kShift);
  }
  return v;
}
template <unsigned kBits>
IntVec dot_quads(IntVec acc, const IntVec& w, const IntVec& x) {
  unsigned char codes[64];
  signed char inputs[64];
  std::memcpy(codes, &w, sizeof(codes));
  std::memcpy(inputs, &x, sizeof(inputs));
  for (int i = 0; i < 64; ++i)
    acc.lane[i / 4] += static_cast<int>(codes[i]) * static_cast<int>(inputs[i]);
  return acc;
}
template <int kShift>
IntVec shift_mask(const IntVec& v, unsigned char mask) {
  unsigned char bytes[64];
  std::memcpy(bytes, &v, sizeof(bytes));
  for (auto& byte : bytes) {
    if constexpr (kShift >= 0) {
      byte = static_cast<unsigned char>(byte >> kShift & mask);
    } else {
      byte = static_cast<unsigned char>(byte << -kShift & mask);
    }
  }
  return load_bytes(bytes);
}
FloatVec to_float(const IntVec& a) {
  FloatVec v;
  for (int i = 0; i < 16; ++i) v.lane[i] = static_cast<float>(a.lane[i]);
  return v;
}
FloatVec float_broadcast(float f) {
  FloatVec v;
  for (auto& lane : v.lane) lane = f;
  return v;
}
FloatVec float_mul(const FloatVec& a, const FloatVec& b) {
  FloatVec v;
  for (int i = 0; i < 16; ++i) v.lane[i] = a.lane[i] * b.lane[i];
  return v;
}
FloatVec float_mul_add(const FloatVec& a, const FloatVec& b, const FloatVec& c) {
  FloatVec v;
  for (int i = 0; i < 16; ++i) v.lane[i] = a.lane[i] * b.lane[i] + c.lane[i];
  return v;
}
FloatVec float_from_f16(const std::uint16_t* p) {
  FloatVec v;
  for (int i = 0; i < 16; ++i) v.lane[i] = f16_to_f32(p[i]);
  return v;
}
void store_rows(float* p, const FloatVec& v, std::size_t n) {
  std::memcpy(p, &v, n * sizeof(float));
}

struct NarrowSums {
  static constexpr bool kUsed = false;
};
struct WidePairs {
  static constexpr bool kUsed = false;
};

#include "kernels/int8_kernels.inl"

// Two tiles to a vector, as avx512vnni has them.
template <class Byte>
IntVec each_byte(Byte&& byte) {
  unsigned char bytes[64];
  for (std::size_t i = 0; i < 64; ++i) bytes[i] = static_cast<unsigned char>(byte(i));
  return load_bytes(bytes);
}
struct Bytes {
  unsigned char at[64];
};
Bytes bytes_of(const IntVec& v) {
  Bytes bytes;
  std::memcpy(&bytes, &v, sizeof(bytes));
  return bytes;
}
IntVec load_planes(const unsigned char* p, std::size_t stride) {
  return each_byte([&](std::size_t i) { return p[i / 32 * stride + i % 32]; });
}
IntVec load_half_planes(const unsigned char* p, std::size_t stride) {
  return each_byte([&](std::size_t i) {
    const unsigned byte = p[i / 32 * stride + i % 16];
    return i % 32 < 16 ? byte & 15U : byte >> 4;
  });
}
IntVec previous_lane(const IntVec& v) {
  const Bytes bytes = bytes_of(v);
  return each_byte([&](std::size_t i) { return bytes.at[i / 32 * 32 + (i + 31) % 32]; });
}
IntVec byte_xor(const IntVec& a, const IntVec& b) {
  const Bytes x = bytes_of(a);
  const Bytes y = bytes_of(b);
  return each_byte([&](std::size_t i) { return x.at[i] ^ y.at[i]; });
}
IntVec byte_or(const IntVec& a, const IntVec& b) {
  const Bytes x = bytes_of(a);
  const Bytes y = bytes_of(b);
  return each_byte([&](std::size_t i) { return x.at[i] | y.at[i]; });
}
IntVec byte_add(const IntVec& a, const IntVec& b) {
  const Bytes x = bytes_of(a);
  const Bytes y = bytes_of(b);
  return each_byte([&](std::size_t i) { return x.at[i] + y.at[i]; });
}
IntVec load_table(const unsigned char* p) {
  return each_byte([&](std::size_t i) { return p[i % 16]; });
}
IntVec lookup(const IntVec& table, const IntVec& v) {
  const Bytes entries = bytes_of(table);
  const Bytes index = bytes_of(v);
  return each_byte([&](std::size_t i) { return entries.at[index.at[i] & 15U]; });
}
IntVec broadcast_quads(const signed char* p) {
  return each_byte([&](std::size_t i) { return p[i / 32 * 4 + i % 4]; });
}
IntVec sub_block_sums(const IntVec* groups, std::size_t b, std::size_t /*v*/) {
  IntVec sums;
  for (std::size_t i = 0; i < 16; ++i) {
    const IntVec& group = groups[2 * b + i / 8];
    sums.lane[i] = group.lane[i % 8] + group.lane[8 + i % 8];
  }
  return sums;
}

#include "kernels/scalar_blocks.inl"

void half_sums(const signed char* codes, std::size_t n, std::int32_t* out) {
  for (std::size_t i = 0; i < n; i += 16) {
    std::int32_t sum = 0;
    for (std::size_t j = i; j < i + 16; ++j) sum += codes[j];
    out[i / 16] = sum;
  }
}

#include "kernels/block_kernels.inl"
#include "kernels/trellis_kernels.inl"

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
