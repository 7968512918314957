// Primitives of int8_kernels.inl for the ARM targets, but for products of bytes.
// Included by their target_*.cc alone.

constexpr std::size_t kIntLanes = 8;

// Two registers: trellis_kernels.inl needs 8 lanes, and 16 rows · 4 tokens are then half of all
// registers.
struct IntVec {
  uint8x16_t low;
  uint8x16_t high;
};
struct FloatVec {
  float32x4_t low;
  float32x4_t high;
};
// Products take one lane of a register for all lanes, so that nothing needs to be copied.
using InputVec = int8x8_t;

int32x4_t as_s32(uint8x16_t v) {
  return vreinterpretq_s32_u8(v);
}
uint8x16_t as_u8(int32x4_t v) {
  return vreinterpretq_u8_s32(v);
}
// f of both halves.
template <class Function>
IntVec each_s32(IntVec a, Function&& f) {
  return {as_u8(f(as_s32(a.low))), as_u8(f(as_s32(a.high)))};
}

IntVec load_bytes(const unsigned char* p) {
  return {vld1q_u8(p), vld1q_u8(p + 16)};
}
void store_bytes(unsigned char* p, IntVec v) {
  vst1q_u8(p, v.low);
  vst1q_u8(p + 16, v.high);
}
IntVec int_broadcast(std::int32_t value) {
  const uint8x16_t v = as_u8(vdupq_n_s32(value));
  return {v, v};
}
InputVec broadcast_quad(const signed char* p) {
  std::uint32_t word = 0;
  __builtin_memcpy(&word, p, sizeof(word));
  return vcreate_s8(word);
}
IntVec int_add(IntVec a, IntVec b) {
  return {as_u8(vaddq_s32(as_s32(a.low), as_s32(b.low))),
          as_u8(vaddq_s32(as_s32(a.high), as_s32(b.high)))};
}
template <int kShift>
IntVec shift_mask(IntVec v, unsigned char mask) {
  if constexpr (kShift > 0) v = {vshrq_n_u8(v.low, kShift), vshrq_n_u8(v.high, kShift)};
  if constexpr (kShift < 0) v = {vshlq_n_u8(v.low, -kShift), vshlq_n_u8(v.high, -kShift)};
  constexpr unsigned kLeft = kShift > 0 ? 0xFFU >> kShift : 0xFFU << -kShift & 0xFFU;
  if (mask == kLeft) return v;
  const uint8x16_t bits = vdupq_n_u8(mask);
  return {vandq_u8(v.low, bits), vandq_u8(v.high, bits)};
}
template <int kShift>
IntVec int_shift(IntVec v) {
  return each_s32(v, [](int32x4_t a) {
    if constexpr (kShift > 0) {
      return vshrq_n_s32(a, kShift);
    } else {
      return vshlq_n_s32(a, -kShift);
    }
  });
}
FloatVec to_float(IntVec v) {
  return {vcvtq_f32_s32(as_s32(v.low)), vcvtq_f32_s32(as_s32(v.high))};
}
FloatVec float_broadcast(float f) {
  return {vdupq_n_f32(f), vdupq_n_f32(f)};
}
FloatVec float_mul(FloatVec a, FloatVec b) {
  return {vmulq_f32(a.low, b.low), vmulq_f32(a.high, b.high)};
}
FloatVec float_mul_add(FloatVec a, FloatVec b, FloatVec c) {
  return {vfmaq_f32(c.low, a.low, b.low), vfmaq_f32(c.high, a.high, b.high)};
}
FloatVec float_from_f16(const std::uint16_t* p) {
  return {from_f16(vld1_u16(p)), from_f16(vld1_u16(p + 4))};
}
void store_rows(float* p, FloatVec v, std::size_t n) {
  if (n == kIntLanes) {
    vst1q_f32(p, v.low);
    vst1q_f32(p + 4, v.high);
  } else {
    float lanes[kIntLanes];
    store_rows(lanes, v, kIntLanes);
    for (std::size_t i = 0; i < n; ++i) p[i] = lanes[i];
  }
}

// In place of products that a target does not have.
struct NoProducts {
  static constexpr bool kUsed = false;
};
