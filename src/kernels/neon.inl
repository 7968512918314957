// Helpers of the ARM targets. The including file is inside an unnamed namespace and has included
// arm_neon.h.

float32x4_t from_f16(uint16x4_t halves) {
  return vcvt_f32_f16(vreinterpret_f16_u16(halves));
}
