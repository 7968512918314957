// Primitives of trellis_kernels.inl for the ARM targets. Included by their target_*.cc alone.

IntVec load_planes(const unsigned char* p, std::size_t /*stride*/) {
  return load_bytes(p);
}
IntVec load_half_planes(const unsigned char* p, std::size_t /*stride*/) {
  const uint8x16_t pairs = vld1q_u8(p);
  return {vandq_u8(pairs, vdupq_n_u8(15)), vshrq_n_u8(pairs, 4)};
}
IntVec previous_lane(IntVec v) {
  return {vextq_u8(v.high, v.low, 15), vextq_u8(v.low, v.high, 15)};
}
IntVec byte_xor(IntVec a, IntVec b) {
  return {veorq_u8(a.low, b.low), veorq_u8(a.high, b.high)};
}
IntVec byte_or(IntVec a, IntVec b) {
  return {vorrq_u8(a.low, b.low), vorrq_u8(a.high, b.high)};
}
IntVec byte_add(IntVec a, IntVec b) {
  return {vaddq_u8(a.low, b.low), vaddq_u8(a.high, b.high)};
}
IntVec load_table(const unsigned char* p) {
  const uint8x16_t table = vld1q_u8(p);
  return {table, table};
}
// All indices are below 16: tbl gives 0 for others.
IntVec lookup(IntVec table, IntVec v) {
  return {vqtbl1q_u8(table.low, v.low), vqtbl1q_u8(table.low, v.high)};
}
InputVec broadcast_quads(const signed char* p) {
  return broadcast_quad(p);
}
IntVec sub_block_sums(const IntVec* groups, std::size_t b, std::size_t v) {
  return groups[2 * b + v];
}
