// The avx2 target: AVX2, FMA and F16C (x86-64-v3). See kernel_table.h for what may be included
// here.

#include <cstddef>
#include <cstdint>
#include <immintrin.h>

#include "kernels/kernel_table.h"

namespace cellm {
namespace {

using Vec = __m256;

Vec load(const float* p) {
  return _mm256_loadu_ps(p);
}
void store(float* p, Vec v) {
  _mm256_storeu_ps(p, v);
}
Vec load_part(const float* p, std::size_t n) {
  const __m256i lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  const __m256i mask = _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(n)), lanes);
  return _mm256_maskload_ps(p, mask);
}
Vec broadcast(float f) {
  return _mm256_set1_ps(f);
}
Vec add(Vec a, Vec b) {
  return _mm256_add_ps(a, b);
}
Vec mul_add(Vec a, Vec b, Vec c) {
  return _mm256_fmadd_ps(a, b, c);
}
float sum(Vec v) {
  const __m128 halves = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  const __m128 pairs = _mm_add_ps(halves, _mm_movehl_ps(halves, halves));
  return _mm_cvtss_f32(_mm_add_ss(pairs, _mm_shuffle_ps(pairs, pairs, 1)));
}

#include "kernels/kernels.inl"

float f16_value(std::uint16_t bits) {
  return _mm_cvtss_f32(_mm_cvtph_ps(_mm_cvtsi32_si128(bits)));
}

void convert_from_f16(const std::uint16_t* in, float* out, std::size_t n) {
  std::size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    store(out + i, _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(in + i))));
  }
  for (; i < n; ++i) out[i] = f16_value(in[i]);
}

void convert_to_f16(const float* in, std::uint16_t* out, std::size_t n) {
  constexpr int kNearest = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC;
  std::size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out + i), _mm256_cvtps_ph(load(in + i), kNearest));
  }
  for (; i < n; ++i) {
    out[i] =
        static_cast<std::uint16_t>(_mm_cvtsi128_si32(_mm_cvtps_ph(_mm_set_ss(in[i]), kNearest)));
  }
}

// Unpackers. Each format gives 8 codes as floats at a column that is a multiple of 8, and one code
// at any column; scales are applied group by group, code · scale as in the reference.

struct UnpackI8 {
  static Vec eight(const unsigned char* codes, std::size_t col) {
    const __m128i bytes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(codes + col));
    return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(bytes));
  }
  static float one(const unsigned char* codes, std::size_t col) {
    return static_cast<float>(static_cast<signed char>(codes[col]));
  }
};

struct UnpackI4 {
  static Vec eight(const unsigned char* codes, std::size_t col) {
    // Bytes 0..3 hold weights 0..7: lane i needs byte i / 2, shifted by 4 for odd i.
    int word = 0;
    __builtin_memcpy(&word, codes + col / 2, sizeof(word));
    const __m256i shifts = _mm256_setr_epi32(0, 4, 8, 12, 16, 20, 24, 28);
    const __m256i shifted = _mm256_srlv_epi32(_mm256_set1_epi32(word), shifts);
    const __m256i nibbles = _mm256_and_si256(shifted, _mm256_set1_epi32(15));
    return _mm256_cvtepi32_ps(_mm256_sub_epi32(nibbles, _mm256_set1_epi32(8)));
  }
  static float one(const unsigned char* codes, std::size_t col) {
    const int pair = codes[col / 2];
    return static_cast<float>((col % 2 == 0 ? pair & 15 : pair >> 4) - 8);
  }
};

struct UnpackI2 {
  static Vec eight(const unsigned char* codes, std::size_t col) {
    short word = 0;
    __builtin_memcpy(&word, codes + col / 4, sizeof(word));
    const __m256i shifts = _mm256_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14);
    const __m256i shifted = _mm256_srlv_epi32(_mm256_set1_epi32(word), shifts);
    const __m256i pairs = _mm256_and_si256(shifted, _mm256_set1_epi32(3));
    return _mm256_sub_ps(_mm256_cvtepi32_ps(pairs), broadcast(1.5F));
  }
  static float one(const unsigned char* codes, std::size_t col) {
    return static_cast<float>(codes[col / 4] >> (2 * (col % 4)) & 3) - 1.5F;
  }
};

template <class Codes>
void unpack_scaled(const WeightRow& row, std::size_t begin, std::size_t end, float* out) {
  std::size_t group = begin / row.group;
  for (std::size_t i = begin; i < end; ++group) {
    const float scale = f16_value(row.scales[group]);
    const Vec factor = broadcast(scale);
    const std::size_t stop = (group + 1) * row.group < end ? (group + 1) * row.group : end;
    for (; i < stop && i % kLanes != 0; ++i) out[i - begin] = Codes::one(row.codes, i) * scale;
    for (; i + kLanes <= stop; i += kLanes) {
      store(out + (i - begin), _mm256_mul_ps(Codes::eight(row.codes, i), factor));
    }
    for (; i < stop; ++i) out[i - begin] = Codes::one(row.codes, i) * scale;
  }
}

void unpack_q1(const WeightRow& row, std::size_t begin, std::size_t end, float* out) {
  constexpr std::size_t kBlock = 128;
  constexpr std::size_t kBlockBytes = 18;
  const __m256i bits = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
  const Vec sign = broadcast(-0.0F);
  for (std::size_t block = begin; block < end; block += kBlock) {
    const unsigned char* codes = row.codes + block / kBlock * kBlockBytes;
    std::uint16_t half = 0;
    __builtin_memcpy(&half, codes, sizeof(half));
    const float scale = f16_value(half);
    const Vec minus = broadcast(-scale);
    const std::size_t count = end - block < kBlock ? end - block : kBlock;
    std::size_t i = 0;
    for (; i + kLanes <= count; i += kLanes) {
      const __m256i here = _mm256_and_si256(_mm256_set1_epi32(codes[2 + i / 8]), bits);
      const Vec set = _mm256_castsi256_ps(_mm256_cmpeq_epi32(here, bits));
      store(out + (block - begin) + i, _mm256_xor_ps(minus, _mm256_and_ps(set, sign)));
    }
    for (; i < count; ++i) {
      out[block - begin + i] = (codes[2 + i / 8] >> (i % 8) & 1) != 0 ? scale : -scale;
    }
  }
}

void unpack_f32(const WeightRow& row, std::size_t begin, std::size_t end, float* out) {
  __builtin_memcpy(out, row.codes + begin * sizeof(float), (end - begin) * sizeof(float));
}

void unpack_f16(const WeightRow& row, std::size_t begin, std::size_t end, float* out) {
  const unsigned char* codes = row.codes + begin * 2;
  const std::size_t count = end - begin;
  std::size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    const __m128i halves = _mm_loadu_si128(reinterpret_cast<const __m128i*>(codes + i * 2));
    store(out + i, _mm256_cvtph_ps(halves));
  }
  for (; i < count; ++i) {
    std::uint16_t half = 0;
    __builtin_memcpy(&half, codes + i * 2, sizeof(half));
    out[i] = f16_value(half);
  }
}

void unpack_bf16(const WeightRow& row, std::size_t begin, std::size_t end, float* out) {
  const unsigned char* codes = row.codes + begin * 2;
  const std::size_t count = end - begin;
  std::size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    const __m128i halves = _mm_loadu_si128(reinterpret_cast<const __m128i*>(codes + i * 2));
    store(out + i, _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(halves), 16)));
  }
  for (; i < count; ++i) {
    const std::uint32_t bits = static_cast<std::uint32_t>(codes[i * 2]) << 16 |
                               static_cast<std::uint32_t>(codes[i * 2 + 1]) << 24;
    __builtin_memcpy(out + i, &bits, sizeof(bits));
  }
}

// Sign, exponent and mantissa moved to where f16 has them give the value times 2⁻⁸: both have
// subnormals, the biases are 7 and 15. Exact, and the codes above 240 continue the same way.
Vec f8_eight(__m128i codes_as_u16) {
  const __m128i sign = _mm_slli_epi16(_mm_and_si128(codes_as_u16, _mm_set1_epi16(0x80)), 8);
  const __m128i rest = _mm_slli_epi16(_mm_and_si128(codes_as_u16, _mm_set1_epi16(0x7F)), 7);
  return _mm256_mul_ps(_mm256_cvtph_ps(_mm_or_si128(sign, rest)), broadcast(256.0F));
}

void unpack_f8(const WeightRow& row, std::size_t begin, std::size_t end, float* out) {
  const unsigned char* codes = row.codes + begin;
  const std::size_t count = end - begin;
  std::size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    const __m128i bytes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(codes + i));
    store(out + i, f8_eight(_mm_cvtepu8_epi16(bytes)));
  }
  for (; i < count; ++i) {
    out[i] = _mm256_cvtss_f32(f8_eight(_mm_cvtsi32_si128(codes[i])));
  }
}

}  // namespace

constexpr KernelTable kAvx2Table{
    "avx2",
    // In the order of FormatId.
    {unpack_f32, unpack_f16, unpack_bf16, unpack_scaled<UnpackI8>, unpack_scaled<UnpackI4>,
     unpack_scaled<UnpackI2>, unpack_q1, unpack_f8},
    matmul,
    dot,
    axpy,
    transposed_matvec2,
    convert_from_f16,
    convert_to_f16,
};
const KernelTable kAvx2Kernels = kAvx2Table;

}  // namespace cellm
