// Primitives of f32_kernels.inl and rotate.inl for the scalar target. Included by target_scalar.cc
// alone.

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
