// The avx512bf16 target: avx512vnni and AVX512_BF16 (AMD since Zen 4, Intel since Cooper Lake). See
// kernel_table.h for what may be included here. It adds products of 16-bit weights at twice the
// rate of f32; all other entries are those of avx512vnni.

#include <cstddef>
#include <cstdint>
#include <immintrin.h>

#include "kernels/kernel_table.h"

namespace cellm {
namespace {

#include "kernels/avx512.inl"

void reduce_sums(const __m512* v, float* out) {  // under a name that members do not hide
  reduce4(v, out);
}

__mmask32 first_halves(std::size_t n) {
  return static_cast<__mmask32>((std::uint64_t{1} << n) - 1U);
}

// Bits of one type as the other; the intrinsics have no cast between them.
__m512bh as_bf16(__m512i bits) {
  __m512bh v;
  __builtin_memcpy(&v, &bits, sizeof(v));
  return v;
}
__m512i as_bits(__m512bh v) {
  __m512i bits;
  __builtin_memcpy(&bits, &v, sizeof(bits));
  return bits;
}

__m512bh bf16_from_f16(__m512i halves) {
  return _mm512_cvtne2ps_pbh(_mm512_cvtph_ps(_mm512_extracti64x4_epi64(halves, 1)),
                             _mm512_cvtph_ps(_mm512_castsi512_si256(halves)));
}

struct BF16Arithmetic {
  using Stored = std::uint16_t;
  using Values = __m512bh;
  using Sum = __m512;
  static constexpr std::size_t kStep = 32;
  static constexpr std::size_t kTokenTile = 6;
  static Sum zero() { return _mm512_setzero_ps(); }
  static Values load(const Stored* p) { return as_bf16(_mm512_loadu_si512(p)); }
  static Values load_part(const Stored* p, std::size_t n) {
    return as_bf16(_mm512_maskz_loadu_epi16(first_halves(n), p));
  }
  static Sum multiply_add(Sum sum, Values w, Values x) { return _mm512_dpbf16_ps(sum, w, x); }
  static void reduce4(const Sum* v, float* out) { reduce_sums(v, out); }
  struct F16Source {
    static constexpr std::size_t kBytes = 2;
    static constexpr bool kFromMemory = true;
    static Values load(const unsigned char* p) { return bf16_from_f16(_mm512_loadu_si512(p)); }
    static Values load_part(const unsigned char* p, std::size_t n) {
      return bf16_from_f16(_mm512_maskz_loadu_epi16(first_halves(n), p));
    }
  };
  struct BF16Source {
    static constexpr std::size_t kBytes = 2;
    static constexpr bool kFromMemory = true;
    static Values load(const unsigned char* p) { return as_bf16(_mm512_loadu_si512(p)); }
    static Values load_part(const unsigned char* p, std::size_t n) {
      return as_bf16(_mm512_maskz_loadu_epi16(first_halves(n), p));
    }
  };
  template <class Source>
  static void unpack_row(const unsigned char* p, std::size_t count, Stored* out) {
    std::size_t i = 0;
    for (; i + kStep <= count; i += kStep) {
      _mm512_storeu_si512(out + i, as_bits(Source::load(p + 2 * i)));
    }
    if (i < count) {
      _mm512_mask_storeu_epi16(out + i, first_halves(count - i),
                               as_bits(Source::load_part(p + 2 * i, count - i)));
    }
  }
  static void unpack(const KernelTable& /*table*/, const WeightMatrix& w, std::size_t row,
                     std::size_t begin, std::size_t end, Stored* out) {
    const unsigned char* p = w.codes + row * w.row_bytes + begin * 2;
    if (w.format == FormatId::kF16) {
      unpack_row<F16Source>(p, end - begin, out);
    } else {
      unpack_row<BF16Source>(p, end - begin, out);
    }
  }
};

#include "kernels/matmul_rows.inl"

void matmul_bf16(const KernelTable& table, const WeightMatrix& w, std::size_t row_begin,
                 std::size_t row_end, const std::uint16_t* x, std::size_t x_stride,
                 std::size_t tokens, float* y, std::size_t y_stride) {
  matmul_rows<BF16Arithmetic>(table, w, row_begin, row_end, x, x_stride, tokens, y, y_stride);
}

void convert_to_bf16(const float* in, std::uint16_t* out, std::size_t n) {
  std::size_t i = 0;
  for (; i + 16 <= n; i += 16) {
    const __m256bh halves = _mm512_cvtneps_pbh(_mm512_loadu_ps(in + i));
    __builtin_memcpy(out + i, &halves, sizeof(halves));
  }
  if (i < n) {
    const auto lanes = static_cast<__mmask16>((1U << (n - i)) - 1U);
    const __m256bh halves = _mm512_cvtneps_pbh(_mm512_maskz_loadu_ps(lanes, in + i));
    __m256i bits;
    __builtin_memcpy(&bits, &halves, sizeof(bits));
    _mm256_mask_storeu_epi16(out + i, lanes, bits);
  }
}

}  // namespace

constexpr KernelTable kAvx512Bf16Table{
    .name = "avx512bf16", .matmul_bf16 = matmul_bf16, .f32_to_bf16 = convert_to_bf16};
const KernelTable kAvx512Bf16Kernels = kAvx512Bf16Table;

}  // namespace cellm
