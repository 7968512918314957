// Whole tiles of tokens by tiles of AMX, the rest by another target: an output does not depend on
// the tokens beside it, and both give the same bits. Included after int8_kernels.inl with
// amx_products.inl.

QuantizedActivations tokens_from(const QuantizedActivations& x, std::size_t first,
                                 std::size_t count) {
  QuantizedActivations part = x;
  part.codes += first * x.padded_cols;
  part.scales += first * x.blocks;
  part.sums += first * x.blocks;
  if (x.half_sums != nullptr) part.half_sums += first * (x.padded_cols / 16);
  part.tokens = count;
  return part;
}

template <class Matrix>
using Matmul = void (*)(const Matrix& w, std::size_t begin, std::size_t end,
                        const QuantizedActivations& x, float* y, std::size_t y_stride);

template <class Matrix>
void matmul_in_tiles(Matmul<Matrix> of_tiles, Matmul<Matrix> of_rest, const Matrix& w,
                     std::size_t begin, std::size_t end, const QuantizedActivations& x, float* y,
                     std::size_t y_stride) {
  const std::size_t rest = x.tokens % kIntTokens;
  const std::size_t whole = x.tokens - rest;
  if (whole != 0) {
    const TilesInUse in_use(tile_columns(x.block));
    of_tiles(w, begin, end, tokens_from(x, 0, whole), y, y_stride);
  }
  if (rest != 0) {
    of_rest(w, begin, end, tokens_from(x, whole, rest), y + whole * y_stride, y_stride);
  }
}
