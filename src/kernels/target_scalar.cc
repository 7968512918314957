// The scalar target: plain C++ that runs everywhere, and the reference for all other targets.

#include <cstddef>
#include <cstdint>

#include "format/formats.h"
#include "format/half.h"
#include "kernels/kernel_table.h"

namespace cellm {
namespace {

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

#include "kernels/kernels.inl"

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

void convert_from_f16(const std::uint16_t* in, float* out, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) out[i] = f16_to_f32(in[i]);
}
void convert_to_f16(const float* in, std::uint16_t* out, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) out[i] = f32_to_f16(in[i]);
}

template <class... F>
constexpr KernelTable make_table(std::tuple<F...>*) {
  KernelTable table{"scalar",      {}, matmul, dot, axpy, transposed_matvec2, convert_from_f16,
                    convert_to_f16};
  ((table.unpack[static_cast<std::size_t>(F::kId)] = unpack<F>), ...);
  return table;
}

}  // namespace

constexpr KernelTable kScalarTable = make_table(static_cast<AllFormats*>(nullptr));
const KernelTable kScalarKernels = kScalarTable;

}  // namespace cellm
