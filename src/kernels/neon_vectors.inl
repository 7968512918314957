// Primitives of f32_kernels.inl and rotate.inl for the neon target. Included by target_neon.cc
// alone.

constexpr std::size_t kLanes = 4;
constexpr std::size_t kTokensOfTile = 4;
constexpr std::size_t kMixVectors = 4;
using Vec = float32x4_t;
// Otherwise g++ 12 stores all sums in every turn: it unrolls after it has decided what is in
// memory.
#define CELLM_UNROLL _Pragma("GCC unroll 8")

Vec load(const float* p) {
  return vld1q_f32(p);
}
void store(float* p, Vec v) {
  vst1q_f32(p, v);
}
Vec load_part(const float* p, std::size_t n) {
  float lanes[kLanes] = {};
  for (std::size_t i = 0; i < n; ++i) lanes[i] = p[i];
  return load(lanes);
}
void store_part(float* p, Vec v, std::size_t n) {
  float lanes[kLanes];
  store(lanes, v);
  for (std::size_t i = 0; i < n; ++i) p[i] = lanes[i];
}
Vec broadcast(float f) {
  return vdupq_n_f32(f);
}
Vec add(Vec a, Vec b) {
  return vaddq_f32(a, b);
}
Vec sub(Vec a, Vec b) {
  return vsubq_f32(a, b);
}
Vec mul(Vec a, Vec b) {
  return vmulq_f32(a, b);
}
Vec div(Vec a, Vec b) {
  return vdivq_f32(a, b);
}
Vec mul_add(Vec a, Vec b, Vec c) {
  return vfmaq_f32(c, a, b);
}
// Of two zeros or with a NaN the second, as on the other targets; fmax would not do that.
Vec max(Vec a, Vec b) {
  return vbslq_f32(vcgtq_f32(a, b), a, b);
}
Vec min(Vec a, Vec b) {
  return vbslq_f32(vcltq_f32(a, b), a, b);
}
float sum(Vec v) {
  return vaddvq_f32(v);
}
void reduce4(const Vec* v, float* out) {
  store(out, vpaddq_f32(vpaddq_f32(v[0], v[1]), vpaddq_f32(v[2], v[3])));
}

uint16x4_t load_halves(const unsigned char* p, std::size_t n) {
  std::uint16_t halves[4] = {};
  __builtin_memcpy(halves, p, n * sizeof(halves[0]));
  return vld1_u16(halves);
}
Vec from_bf16(uint16x4_t halves) {
  return vreinterpretq_f32_u32(vshll_n_u16(halves, 16));
}
Vec load_f16(const unsigned char* p) {
  return from_f16(load_halves(p, kLanes));
}
Vec load_f16_part(const unsigned char* p, std::size_t n) {
  return from_f16(load_halves(p, n));
}
Vec load_bf16(const unsigned char* p) {
  return from_bf16(load_halves(p, kLanes));
}
Vec load_bf16_part(const unsigned char* p, std::size_t n) {
  return from_bf16(load_halves(p, n));
}
Vec load_i8_part(const unsigned char* p, std::size_t n) {
  std::uint32_t bytes = 0;
  __builtin_memcpy(&bytes, p, n);
  return vcvtq_f32_s32(vmovl_s16(vget_low_s16(vmovl_s8(vcreate_s8(bytes)))));
}
Vec load_i8(const unsigned char* p) {
  return load_i8_part(p, kLanes);
}

// v · 2^k for whole k from −150 to 129, in two steps since 2^k alone may not be a float.
Vec scale_by_power(Vec v, Vec k) {
  const auto power = [](int32x4_t e) {
    return vreinterpretq_f32_s32(vshlq_n_s32(vaddq_s32(e, vdupq_n_s32(127)), 23));
  };
  const int32x4_t whole = vcvtq_s32_f32(k);
  const int32x4_t half = vshrq_n_s32(whole, 1);
  return mul(mul(v, power(half)), power(vsubq_s32(whole, half)));
}

#include "kernels/exp.inl"

Vec vector_exp(Vec v) {
  v = vminq_f32(broadcast(89.0F), vmaxq_f32(broadcast(-104.0F), v));  // NaN stays NaN
  const Vec k = vrndnq_f32(mul(v, broadcast(1.44269504F)));
  return scale_by_power(reduced_exp(v, k), k);
}

template <int kStride>
Vec lane_butterfly(Vec v) {
  static_assert(kStride == 1 || kStride == 2);
  const Vec other = kStride == 1 ? vrev64q_f32(v) : vextq_f32(v, v, 2);
  // The signs of the upper lanes.
  const uint64x2_t signs = kStride == 1
                               ? vdupq_n_u64(std::uint64_t{1} << 63)
                               : vcombine_u64(vcreate_u64(0), vcreate_u64(0x8000000080000000U));
  const uint32x4_t signed_v = veorq_u32(vreinterpretq_u32_f32(v), vreinterpretq_u32_u64(signs));
  return add(other, vreinterpretq_f32_u32(signed_v));
}
