// Hadamard transforms for all targets (format/rotation.h). The including file is inside an unnamed
// namespace, has included f32_kernels.inl, and has defined
//
//   sub(a, b)
//   lane_butterfly<kStride>(v)  for kStride < kLanes: each pair of lanes l, l + kStride replaced by
//                               their sum and difference
//
// Every element is the same sequence of sums, in the order of strides, for any vector width, so all
// targets return the same bits.

Vec lane_butterflies(Vec v, std::size_t block) {
  if (block > 1) v = lane_butterfly<1>(v);
  if (block > 2) v = lane_butterfly<2>(v);
  if constexpr (kLanes > 4) {
    if (block > 4) v = lane_butterfly<4>(v);
  }
  if constexpr (kLanes > 8) {
    if (block > 8) v = lane_butterfly<8>(v);
  }
  return v;
}

void rotate(const float* x, const float* factors, std::size_t n, std::size_t block, float* out) {
  for (std::size_t i = 0; i < n; i += kLanes) {
    const std::size_t count = n - i;
    if (count >= kLanes) {
      store(out + i, lane_butterflies(mul(load(x + i), load(factors + i)), block));
    } else {
      const Vec v = mul(load_part(x + i, count), load_part(factors + i, count));
      store_part(out + i, lane_butterflies(v, block), count);
    }
  }
  for (std::size_t stride = kLanes; stride < block; stride *= 2) {
    for (std::size_t begin = 0; begin < n; begin += 2 * stride) {
      for (std::size_t i = begin; i < begin + stride; i += kLanes) {
        const Vec a = load(out + i);
        const Vec b = load(out + i + stride);
        store(out + i, add(a, b));
        store(out + i + stride, sub(a, b));
      }
    }
  }
}
