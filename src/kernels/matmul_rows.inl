// Matrix products with weights stored in rows. The including file is inside an unnamed namespace;
// the templates take the arithmetic as a struct P with
//
//   Stored                 type of activations and unpacked weights in memory: f32 or bf16 bits
//   Values                 a vector of kStep of them
//   Sum                    a vector of partial sums
//   kStep, kTokenTile      columns of a vector; tokens of a tile, with 4 rows of them in registers
//   zero()                 Sum
//   load(p)                kStep values
//   load_part(p, n)        n < kStep values, the rest 0
//   multiply_add(sum, w, x)
//   reduce4(sums, out)     4 sums to 4 floats, each in the same fixed order
//   unpack(table, w, row, begin, end, out)
//                          weights of a row to Stored
//   F16Source, BF16Source  weights used in place: load(p) and load_part(p, n) of the row's bytes,
//                          equal to the result of unpack()
//
// An output is the same sequence of additions for any rows and tokens computed beside it: partial
// sums over a block of columns, reduced, blocks added in order.

// In front of loops over the sums of a tile: a target may define it to unroll them early.
#ifndef CELLM_UNROLL
#define CELLM_UNROLL
#endif

constexpr std::size_t kColBlock = 1024;          // columns whose weights are unpacked at a time
constexpr std::size_t kUnpackBytes = 16 * 1024;  // half of an L1 for them
constexpr std::size_t kRowTile = 4;
constexpr std::size_t kDirectRows = 8;  // rows that one token reads side by side

template <class P>
struct UnpackedSource {
  static constexpr std::size_t kBytes = sizeof(typename P::Stored);
  static constexpr bool kFromMemory = false;
  static typename P::Values load(const unsigned char* p) {
    return P::load(reinterpret_cast<const typename P::Stored*>(p));
  }
  // Unpacked rows are filled with zeros.
  static typename P::Values load_part(const unsigned char* p, std::size_t /*n*/) { return load(p); }
};

// Pointers to a tile's weights and activations, and to its results.
template <class P>
struct RowTile {
  const unsigned char* w;
  std::size_t w_stride;  // bytes
  const typename P::Stored* x;
  std::size_t x_stride;
  std::size_t count;  // columns
  float* y;
  std::size_t y_stride;
  bool first;  // whether y is to be set, not added to
};

template <class P, class Source, std::size_t kRows, std::size_t kTokens>
void multiply_tile(const RowTile<P>& tile) {
  static_assert(kRows == 1 || kRows % 4 == 0);
  constexpr std::size_t kSums = kRows == 1 ? 4 : kRows;
  typename P::Sum acc[kTokens][kSums];
  CELLM_UNROLL
  for (std::size_t t = 0; t < kTokens; ++t) {
    CELLM_UNROLL
    for (std::size_t r = 0; r < kSums; ++r) acc[t][r] = P::zero();
  }
  const std::size_t whole = tile.count / P::kStep * P::kStep;
  for (std::size_t c = 0; c < whole; c += P::kStep) {
    typename P::Values inputs[kTokens];
    CELLM_UNROLL
    for (std::size_t t = 0; t < kTokens; ++t) inputs[t] = P::load(tile.x + t * tile.x_stride + c);
    CELLM_UNROLL
    for (std::size_t r = 0; r < kRows; ++r) {
      const unsigned char* at = tile.w + r * tile.w_stride + c * Source::kBytes;
      // The same place of the rows after these, to the second-level cache: what waits for the first
      // takes one of its few miss buffers from the loads.
      if constexpr (Source::kFromMemory) __builtin_prefetch(at + kRows * tile.w_stride, 0, 2);
      const typename P::Values weights = Source::load(at);
      CELLM_UNROLL
      for (std::size_t t = 0; t < kTokens; ++t) {
        acc[t][r] = P::multiply_add(acc[t][r], weights, inputs[t]);
      }
    }
  }
  if (whole < tile.count) {
    const std::size_t rest = tile.count - whole;
    CELLM_UNROLL
    for (std::size_t r = 0; r < kRows; ++r) {
      const typename P::Values weights =
          Source::load_part(tile.w + r * tile.w_stride + whole * Source::kBytes, rest);
      CELLM_UNROLL
      for (std::size_t t = 0; t < kTokens; ++t) {
        acc[t][r] = P::multiply_add(acc[t][r], weights,
                                    P::load_part(tile.x + t * tile.x_stride + whole, rest));
      }
    }
  }
  CELLM_UNROLL
  for (std::size_t t = 0; t < kTokens; ++t) {
    float totals[kSums];
    CELLM_UNROLL
    for (std::size_t r = 0; r < kSums; r += 4) P::reduce4(acc[t] + r, totals + r);
    float* y = tile.y + t * tile.y_stride;
    CELLM_UNROLL
    for (std::size_t r = 0; r < kRows; ++r) y[r] = tile.first ? totals[r] : y[r] + totals[r];
  }
}

template <class P, class Source, std::size_t kRows>
void multiply_tokens(RowTile<P> tile, std::size_t tokens) {
  const auto next = [&](std::size_t count) {
    tile.x += count * tile.x_stride;
    tile.y += count * tile.y_stride;
  };
  for (; tokens >= P::kTokenTile; tokens -= P::kTokenTile, next(P::kTokenTile)) {
    multiply_tile<P, Source, kRows, P::kTokenTile>(tile);
  }
  for (; tokens != 0; --tokens, next(1)) multiply_tile<P, Source, kRows, 1>(tile);
}

// One token against weights where they lie.
template <class P, class Source>
void matmul_direct(const WeightMatrix& w, std::size_t row_begin, std::size_t row_end,
                   const typename P::Stored* x, float* y) {
  const auto rows_at = [&](std::size_t row, auto multiply) {
    for (std::size_t col = 0; col < w.cols; col += kColBlock) {
      const std::size_t count = w.cols - col < kColBlock ? w.cols - col : kColBlock;
      multiply(RowTile<P>{w.codes + row * w.row_bytes + col * Source::kBytes, w.row_bytes, x + col,
                          0, count, y + row, 0, col == 0});
    }
  };
  std::size_t row = row_begin;
  for (; row + kDirectRows <= row_end; row += kDirectRows) {
    rows_at(row, multiply_tile<P, Source, kDirectRows, 1>);
  }
  for (; row < row_end; ++row) rows_at(row, multiply_tile<P, Source, 1, 1>);
}

// Any number of tokens: a few rows are unpacked into the first-level cache and used for all.
template <class P>
void matmul_unpacked(const KernelTable& table, const WeightMatrix& w, std::size_t row_begin,
                     std::size_t row_end, const typename P::Stored* x, std::size_t x_stride,
                     std::size_t tokens, float* y, std::size_t y_stride) {
  using Stored = typename P::Stored;
  constexpr std::size_t kRows = kUnpackBytes / (kColBlock * sizeof(Stored));
  alignas(64) Stored weights[kRows * kColBlock];
  for (std::size_t row = row_begin; row < row_end; row += kRows) {
    const std::size_t rows = row_end - row < kRows ? row_end - row : kRows;
    for (std::size_t col = 0; col < w.cols; col += kColBlock) {
      const std::size_t count = w.cols - col < kColBlock ? w.cols - col : kColBlock;
      for (std::size_t r = 0; r < rows; ++r) {
        Stored* out = weights + r * kColBlock;
        P::unpack(table, w, row + r, col, col + count, out);
        for (std::size_t c = count; c % P::kStep != 0; ++c) out[c] = Stored{};
      }
      const auto tile = [&](std::size_t r) {
        return RowTile<P>{reinterpret_cast<const unsigned char*>(weights + r * kColBlock),
                          kColBlock * sizeof(Stored),
                          x + col,
                          x_stride,
                          count,
                          y + row + r,
                          y_stride,
                          col == 0};
      };
      std::size_t r = 0;
      for (; r + kRowTile <= rows; r += kRowTile) {
        multiply_tokens<P, UnpackedSource<P>, kRowTile>(tile(r), tokens);
      }
      for (; r < rows; ++r) multiply_tokens<P, UnpackedSource<P>, 1>(tile(r), tokens);
    }
  }
}

template <class P>
void matmul_rows(const KernelTable& table, const WeightMatrix& w, std::size_t row_begin,
                 std::size_t row_end, const typename P::Stored* x, std::size_t x_stride,
                 std::size_t tokens, float* y, std::size_t y_stride) {
  if (tokens == 1 && w.format == FormatId::kF16) {
    return matmul_direct<P, typename P::F16Source>(w, row_begin, row_end, x, y);
  }
  if (tokens == 1 && w.format == FormatId::kBF16) {
    return matmul_direct<P, typename P::BF16Source>(w, row_begin, row_end, x, y);
  }
  matmul_unpacked<P>(table, w, row_begin, row_end, x, x_stride, tokens, y, y_stride);
}
