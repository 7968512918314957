// Products of int8_kernels.inl for the avxvnni target. Included by target_avxvnni.cc alone.

constexpr std::size_t kIntTokens = 6;  // with 16 rows 12 sums, and two registers of weights
constexpr int kByteZero = 0;
constexpr bool kWideDots = true;

template <unsigned kBits>
IntVec dot_quads(IntVec acc, IntVec w, IntVec x) {
  return _mm256_dpbusd_epi32(acc, w, x);
}

using NarrowSums = NoProducts;
using WidePairs = NoProducts;
using TileProducts = NoProducts;
