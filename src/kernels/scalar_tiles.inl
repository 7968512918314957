// Products of several tokens of int8_kernels.inl for the scalar target. Included by
// target_scalar.cc alone.

constexpr std::size_t kIntTokens = 4;
using TileProducts = NoProducts;
