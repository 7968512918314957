// Weights of the row formats as floats. Included by target_avx2.cc alone.

float f16_value(std::uint16_t bits) {
  return _mm_cvtss_f32(_mm_cvtph_ps(_mm_cvtsi32_si128(bits)));
}

// Unpackers. Each format gives 8 codes as floats at a column that is a multiple of 8, and one code
// at any column; scales are applied group by group, code · scale as in the reference.

struct UnpackI8 {
  static Vec eight(const unsigned char* codes, std::size_t col) { return load_i8(codes + col); }
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
