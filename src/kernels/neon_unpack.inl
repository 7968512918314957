// Primitives of row_unpack.inl for the neon target. Included by target_neon.cc alone.

float f16_value(std::uint16_t bits) {
  return vgetq_lane_f32(from_f16(vdup_n_u16(bits)), 0);
}

// The bits of each lane from bit kBits · i on, for lane i.
template <int kBits>
uint32x4_t fields(std::uint32_t word, std::uint32_t mask) {
  const int32x4_t places{0, -kBits, -2 * kBits, -3 * kBits};
  return vandq_u32(vshlq_u32(vdupq_n_u32(word), places), vdupq_n_u32(mask));
}

Vec nibbles_of(const unsigned char* p) {
  std::uint16_t word = 0;
  __builtin_memcpy(&word, p, sizeof(word));
  const int32x4_t nibbles = vreinterpretq_s32_u32(fields<4>(word, 15));
  return vcvtq_f32_s32(vsubq_s32(nibbles, vdupq_n_s32(8)));
}

Vec pairs_of(const unsigned char* p) {
  return sub(vcvtq_f32_u32(fields<2>(*p, 3)), broadcast(1.5F));
}

Vec flip_signs_by(Vec v, unsigned bits) {
  const uint32x4_t signs = vshlq_n_u32(fields<1>(bits, 1), 31);
  return vreinterpretq_f32_u32(veorq_u32(vreinterpretq_u32_f32(v), signs));
}

// Sign, exponent and mantissa moved to where f16 has them give the value times 2⁻⁸: both have
// subnormals, the biases are 7 and 15. Exact, and the codes above 240 continue the same way.
Vec f8_values(const unsigned char* p) {
  std::uint32_t word = 0;
  __builtin_memcpy(&word, p, sizeof(word));
  const uint16x4_t codes = vget_low_u16(vmovl_u8(vcreate_u8(word)));
  const uint16x4_t sign = vshl_n_u16(vand_u16(codes, vdup_n_u16(0x80)), 8);
  const uint16x4_t rest = vshl_n_u16(vand_u16(codes, vdup_n_u16(0x7F)), 7);
  return mul(from_f16(vorr_u16(sign, rest)), broadcast(256.0F));
}
