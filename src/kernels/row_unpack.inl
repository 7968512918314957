// Weights of the row formats as floats, for the vector targets. The including file is inside an
// unnamed namespace, has included f32_kernels.inl, and has defined:
//
//   f16_value(bits)          an f16 as float
//   nibbles_of(p)            kLanes codes of 4 bits at p, less 8, as floats
//   pairs_of(p)              kLanes codes of 2 bits at p, less 1.5, as floats
//   f8_values(p)             kLanes codes of 8 bits at p as floats (format/f8e4m3.h)
//   flip_signs_by(v, bits)   v with another sign in lane i if bit i is set
//
// Each format with scales gives kLanes codes as floats at a column that is a multiple of kLanes,
// and one code at any column; scales are applied group by group, code · scale as in the reference.

struct UnpackI8 {
  static Vec vector(const unsigned char* codes, std::size_t col) { return load_i8(codes + col); }
  static float one(const unsigned char* codes, std::size_t col) {
    return static_cast<float>(static_cast<signed char>(codes[col]));
  }
};

struct UnpackI4 {
  static Vec vector(const unsigned char* codes, std::size_t col) {
    return nibbles_of(codes + col / 2);
  }
  static float one(const unsigned char* codes, std::size_t col) {
    const int pair = codes[col / 2];
    return static_cast<float>((col % 2 == 0 ? pair & 15 : pair >> 4) - 8);
  }
};

struct UnpackI2 {
  static Vec vector(const unsigned char* codes, std::size_t col) {
    return pairs_of(codes + col / 4);
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
      store(out + (i - begin), mul(Codes::vector(row.codes, i), factor));
    }
    for (; i < stop; ++i) out[i - begin] = Codes::one(row.codes, i) * scale;
  }
}

void unpack_q1(const WeightRow& row, std::size_t begin, std::size_t end, float* out) {
  constexpr std::size_t kBlock = 128;
  constexpr std::size_t kBlockBytes = 18;
  for (std::size_t block = begin; block < end; block += kBlock) {
    const unsigned char* codes = row.codes + block / kBlock * kBlockBytes;
    std::uint16_t half = 0;
    __builtin_memcpy(&half, codes, sizeof(half));
    const float scale = f16_value(half);
    const Vec minus = broadcast(-scale);
    const std::size_t count = end - block < kBlock ? end - block : kBlock;
    const auto bits_from = [codes](std::size_t i) {
      return static_cast<unsigned>(codes[2 + i / 8]) >> (i % 8);
    };
    std::size_t i = 0;
    for (; i + kLanes <= count; i += kLanes) {
      store(out + (block - begin) + i, flip_signs_by(minus, bits_from(i)));
    }
    for (; i < count; ++i) {
      out[block - begin + i] = (bits_from(i) & 1U) != 0 ? scale : -scale;
    }
  }
}

void unpack_f8(const WeightRow& row, std::size_t begin, std::size_t end, float* out) {
  const unsigned char* codes = row.codes + begin;
  const std::size_t count = end - begin;
  std::size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) store(out + i, f8_values(codes + i));
  if (i < count) {
    unsigned char rest[kLanes] = {};
    __builtin_memcpy(rest, codes + i, count - i);
    store_part(out + i, f8_values(rest), count - i);
  }
}
