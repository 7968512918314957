// Primitives of int8_kernels.inl for the scalar target and for the model of AMX, but for kIntTokens
// and TileProducts.

constexpr std::size_t kIntLanes = 16;
constexpr int kByteZero = 0;
constexpr bool kWideDots = true;

struct IntVec {
  std::int32_t lane[16];
};
struct FloatVec {
  float lane[16];
};
using InputVec = IntVec;

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
    if constexpr (kShift >= 0) {
      v.lane[i] = a.lane[i] >> kShift;
    } else {
      v.lane[i] = static_cast<std::int32_t>(static_cast<std::uint32_t>(a.lane[i]) << -kShift);
    }
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

// In place of products that a target does not have.
struct NoProducts {
  static constexpr bool kUsed = false;
};
using NarrowSums = NoProducts;
using WidePairs = NoProducts;
