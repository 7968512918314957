// Products of several tokens of int8_kernels.inl for the avx512vnni target. Included by
// target_avx512vnni.cc alone.

constexpr std::size_t kIntTokens = 8;
using TileProducts = NoProducts;
