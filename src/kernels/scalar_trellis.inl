// Primitives of trellis_kernels.inl for the scalar target and for the model of AMX.

// Two tiles to a vector, as avx512vnni has them.
template <class Byte>
IntVec each_byte(Byte&& byte) {
  unsigned char bytes[64];
  for (std::size_t i = 0; i < 64; ++i) bytes[i] = static_cast<unsigned char>(byte(i));
  return load_bytes(bytes);
}
struct Bytes {
  unsigned char at[64];
};
Bytes bytes_of(const IntVec& v) {
  Bytes bytes;
  std::memcpy(&bytes, &v, sizeof(bytes));
  return bytes;
}
IntVec load_planes(const unsigned char* p, std::size_t stride) {
  return each_byte([&](std::size_t i) { return p[i / 32 * stride + i % 32]; });
}
IntVec load_half_planes(const unsigned char* p, std::size_t stride) {
  return each_byte([&](std::size_t i) {
    const unsigned byte = p[i / 32 * stride + i % 16];
    return i % 32 < 16 ? byte & 15U : byte >> 4;
  });
}
IntVec previous_lane(const IntVec& v) {
  const Bytes bytes = bytes_of(v);
  return each_byte([&](std::size_t i) { return bytes.at[i / 32 * 32 + (i + 31) % 32]; });
}
IntVec byte_xor(const IntVec& a, const IntVec& b) {
  const Bytes x = bytes_of(a);
  const Bytes y = bytes_of(b);
  return each_byte([&](std::size_t i) { return x.at[i] ^ y.at[i]; });
}
IntVec byte_or(const IntVec& a, const IntVec& b) {
  const Bytes x = bytes_of(a);
  const Bytes y = bytes_of(b);
  return each_byte([&](std::size_t i) { return x.at[i] | y.at[i]; });
}
IntVec byte_add(const IntVec& a, const IntVec& b) {
  const Bytes x = bytes_of(a);
  const Bytes y = bytes_of(b);
  return each_byte([&](std::size_t i) { return x.at[i] + y.at[i]; });
}
IntVec load_table(const unsigned char* p) {
  return each_byte([&](std::size_t i) { return p[i % 16]; });
}
IntVec lookup(const IntVec& table, const IntVec& v) {
  const Bytes entries = bytes_of(table);
  const Bytes index = bytes_of(v);
  return each_byte([&](std::size_t i) { return entries.at[index.at[i] & 15U]; });
}
[[maybe_unused]] IntVec broadcast_quads(const signed char* p) {
  return each_byte([&](std::size_t i) { return p[i / 32 * 4 + i % 4]; });
}
[[maybe_unused]] IntVec sub_block_sums(const IntVec* groups, std::size_t b, std::size_t /*v*/) {
  IntVec sums;
  for (std::size_t i = 0; i < 16; ++i) {
    const IntVec& group = groups[2 * b + i / 8];
    sums.lane[i] = group.lane[i % 8] + group.lane[8 + i % 8];
  }
  return sums;
}
