// Integer dot products of weights in block formats, in place, with 8-bit activations, for all
// targets. The including file is inside an unnamed namespace and has defined what block_unpack.inl
// requires.
//
// 16 rows are processed together, as in packed weights (int8_kernels.inl): for one token their
// codes are unpacked in registers, for several a chunk of columns is unpacked once. Either way an
// output is the same sequence of operations on its own row and token: for each group of 32 columns,
// in order,
//
//   part = float(dot) · scale
//          with two scales: part of 16 columns, then fma(float(dot of 16), second scale, part)
//          with an offset: then fma(float(sum of the activations' codes), offset, part)
//   sum = fma(part, scale of the activations, sum)
//
// where every dot is an exact integer. So results are bitwise independent of rows, tokens and
// target.

#include "kernels/block_unpack.inl"

constexpr std::size_t kGroupColumns = kBlockActivations;
constexpr std::size_t kGroupQuads = kGroupColumns / 4;
constexpr std::size_t kGroupBytes = kGroupQuads * kQuadBytes;  // of 16 rows, unpacked
constexpr std::size_t kUnitRows = 16;
// Weights are fetched into the second-level cache this far ahead. The first level allows fewer
// misses at a time: fetching into it halves the bandwidth.
constexpr std::size_t kBlockPrefetch = 16384;

template <class F>
constexpr std::size_t kGroupScales = kGroupColumns / F::kScaleColumns;
template <class F>
constexpr std::size_t kPartGroups = F::kPartColumns / kGroupColumns;
template <class F>
constexpr int kParts = static_cast<int>(F::kShape.columns / F::kPartColumns);
template <class F>
constexpr std::size_t kBlockGroups = F::kShape.columns / kGroupColumns;

// Columns of a row's blocks [0, …): 16 rows of the matrix, or fewer at its end, which are then
// copied block by block, since nothing beyond them may be read.
template <class F>
struct UnitRows {
  UnitRows(const BlockMatrix& w, std::size_t row, std::size_t count)
      : first(w.data + row * w.row_bytes),
        row_bytes(w.row_bytes),
        rows(count),
        stride(count == kUnitRows ? w.row_bytes : F::kShape.bytes) {
    if (rows < kUnitRows) __builtin_memset(copy, 0, sizeof(copy));
  }
  // Bytes to fetch while vector v of block b is multiplied. All rows of a unit take turns, but
  // fetching is sequential: the units that follow, without gaps.
  CELLM_INLINE const unsigned char* ahead(std::size_t blocks, std::size_t b, std::size_t v) const {
    return first + kBlockPrefetch + (v * blocks + b) * kIntLanes * F::kShape.bytes;
  }
  // Rows of vector v of block b.
  CELLM_INLINE BlockRows at(std::size_t b, std::size_t v) {
    const unsigned char* block = first + b * F::kShape.bytes;
    if (rows < kUnitRows) block = copy_block(block);
    return {block + v * kIntLanes * stride, stride};
  }
  const unsigned char* copy_block(const unsigned char* block) {
    for (std::size_t r = 0; r < rows; ++r) {
      __builtin_memcpy(copy + r * F::kShape.bytes, block + r * row_bytes, F::kShape.bytes);
    }
    return copy;
  }
  const unsigned char* first;
  std::size_t row_bytes;
  std::size_t rows;
  std::size_t stride;  // of the rows of a block
  unsigned char copy[kUnitRows * F::kShape.bytes];
};

// Dot products of the groups of a part with one token.
template <class F>
struct AddBlockDots {
  static constexpr int kScaleQuads = static_cast<int>(F::kScaleColumns) / 4;
  IntVec sums[kPartGroups<F>][kGroupScales<F>];
  const signed char* inputs;

  CELLM_INLINE explicit AddBlockDots(const signed char* of_part) : inputs(of_part) {
    for (auto& group : sums) {
      for (IntVec& sum : group) sum = int_broadcast(0);
    }
  }
  template <int kGroup, int kQuad>
  CELLM_INLINE void quad(IntVec codes) {
    IntVec& sum = sums[kGroup][kQuad / kScaleQuads];
    sum = add_dot<F::kBits>(sum, codes, broadcast_quad(inputs + kGroup * 32 + kQuad * 4));
  }
  CELLM_INLINE IntVec total(std::size_t group, std::size_t scale) const {
    const IntVec sum = sums[group][scale];
    if constexpr (is_narrow<F::kBits>()) return add_widened(int_broadcast(0), sum);
    return sum;
  }
};

// The sum of a group for its outputs, before the scale of the activations.
template <class F>
CELLM_INLINE FloatVec scaled_group(const IntVec* dots, const FloatVec* scales) {
  FloatVec part = float_mul(to_float(dots[0]), scales[0]);
  if constexpr (kGroupScales<F> == 2) part = float_fma(to_float(dots[1]), scales[1], part);
  return part;
}

// Fetches part kPart of the bytes of kIntLanes blocks from `bytes` on.
template <class F, int kPart>
CELLM_INLINE void prefetch_part(const unsigned char* bytes) {
  constexpr std::size_t kLine = 64;
  constexpr std::size_t kBytes = kIntLanes * F::kShape.bytes;
  constexpr std::size_t kEnd = kBytes * (kPart + 1) / kParts<F>;
  for (std::size_t at = kBytes * kPart / kParts<F>; at < kEnd; at += kLine) {
    __builtin_prefetch(bytes + at, 0, 2);
  }
}

template <class F, int kPart>
CELLM_INLINE void add_parts(BlockRows rows, const unsigned char* ahead,
                            const typename F::Head& head, const FloatVec* scales,
                            const FloatVec* offsets, const QuantizedActivations& x,
                            std::size_t first_group, FloatVec& sum) {
  constexpr int kZero = F::kBits == 8 ? F::kZero - kByteZero : F::kZero;
  if constexpr (kPart < kParts<F>) {
    constexpr std::size_t kFirst = kPart * kPartGroups<F>;
    prefetch_part<F, kPart>(ahead);
    AddBlockDots<F> add(x.codes + (first_group + kFirst) * kGroupColumns);
    F::template part<kPart>(rows, head, add);
    for (std::size_t g = 0; g < kPartGroups<F>; ++g) {
      const std::size_t group = first_group + kFirst + g;
      IntVec dots[kGroupScales<F>];
      for (std::size_t s = 0; s < kGroupScales<F>; ++s) {
        const std::int32_t codes =
            kGroupScales<F> == 2 ? x.half_sums[2 * group + s] : x.sums[group];
        dots[s] = add.total(g, s);
        if constexpr (kZero != 0) dots[s] = int_add(dots[s], int_broadcast(-kZero * codes));
      }
      FloatVec part = scaled_group<F>(dots, scales + (kFirst + g) * kGroupScales<F>);
      if constexpr (F::kOffsets) {
        part = float_fma(float_broadcast(static_cast<float>(x.sums[group])), offsets[kFirst + g],
                         part);
      }
      sum = float_fma(part, float_broadcast(x.scales[group]), sum);
    }
    add_parts<F, kPart + 1>(rows, ahead, head, scales, offsets, x, first_group, sum);
  }
}

// One token with kIntLanes rows: codes are used where they are found.
template <class F>
FloatVec block_single(UnitRows<F>& rows, std::size_t v, std::size_t blocks,
                      const QuantizedActivations& x) {
  FloatVec sum = float_broadcast(0.0F);
  for (std::size_t b = 0; b < blocks; ++b) {
    const BlockRows block = rows.at(b, v);
    FloatVec scales[kBlockGroups<F> * kGroupScales<F>];
    FloatVec offsets[kBlockGroups<F>];
    const auto head = F::head(block, scales, offsets);
    add_parts<F, 0>(block, rows.ahead(blocks, b, v), head, scales, offsets, x, b * kBlockGroups<F>,
                    sum);
  }
  return sum;
}

constexpr std::size_t kPanelGroups = kChunkColumns / kGroupColumns;

// A chunk of columns of 16 rows. Codes of 8 bits are two planes of 4 where 16-bit sums are used.
template <class F>
struct BlockPanel {
  static constexpr bool kPlanes = NarrowSums::kUsed && F::kBits == 8;
  static constexpr std::size_t kPlaneBytes = kPanelGroups * kGroupBytes;
  alignas(64) unsigned char codes[kPlaneBytes * (kPlanes ? 2 : 1)];
  FloatVec scales[kBlockVectors][kPanelGroups * kGroupScales<F>];
  FloatVec offsets[kBlockVectors][F::kOffsets ? kPanelGroups : 1];
  std::size_t groups;
};

template <class F>
struct StoreQuads {
  unsigned char* out;  // of the part
  template <int kGroup, int kQuad>
  CELLM_INLINE void quad(IntVec codes) {
    unsigned char* to = out + kGroup * kGroupBytes + kQuad * kQuadBytes;
    if constexpr (BlockPanel<F>::kPlanes) {
      store_bytes(to, shift_mask<0>(codes, 15));
      store_bytes(to + BlockPanel<F>::kPlaneBytes, shift_mask<4>(codes, 15));
    } else {
      store_bytes(to, codes);
    }
  }
};

template <class F, int kPart>
CELLM_INLINE void store_parts(BlockRows rows, const typename F::Head& head, unsigned char* out) {
  if constexpr (kPart < kParts<F>) {
    StoreQuads<F> store{out + kPart * kPartGroups<F> * kGroupBytes};
    F::template part<kPart>(rows, head, store);
    store_parts<F, kPart + 1>(rows, head, out);
  }
}

// Unpacks the blocks [begin, end), at most kPanelGroups groups.
template <class F>
void unpack_panel(UnitRows<F>& rows, std::size_t begin, std::size_t end, BlockPanel<F>& panel) {
  panel.groups = (end - begin) * kBlockGroups<F>;
  for (std::size_t v = 0; v < kBlockVectors; ++v) {
    for (std::size_t b = begin; b < end; ++b) {
      const std::size_t group = (b - begin) * kBlockGroups<F>;
      const BlockRows block = rows.at(b, v);
      const auto head = F::head(block, panel.scales[v] + group * kGroupScales<F>,
                                F::kOffsets ? panel.offsets[v] + group : panel.offsets[v]);
      store_parts<F, 0>(block, head, panel.codes + group * kGroupBytes + v * kIntLanes * 4);
    }
  }
}

// The initial value of the dots, for each token and group of a chunk: the correction for the zero
// point of the codes, or with offsets instead, the sum of the token's codes as a float.
template <class F>
struct TokenSums {
  static constexpr std::size_t kCount = kPanelGroups * kGroupScales<F>;
  std::int32_t starts[kIntTokenBlock][F::kOffsets ? 1 : kCount];
  float sums[kIntTokenBlock][F::kOffsets ? kCount : 1];
};
template <class F>
void find_token_sums(const QuantizedActivations& x, std::size_t token, std::size_t tokens,
                     std::size_t first_group, std::size_t groups, TokenSums<F>& out) {
  const std::int32_t* all = kGroupScales<F> == 2 ? x.half_sums : x.sums;
  for (std::size_t t = 0; t < tokens; ++t) {
    const std::int32_t* sums = all + ((token + t) * x.blocks + first_group) * kGroupScales<F>;
    for (std::size_t i = 0; i < groups * kGroupScales<F>; ++i) {
      if constexpr (F::kOffsets) {
        out.sums[t][i] = static_cast<float>(sums[i]);
      } else {
        out.starts[t][i] = -F::kZero * sums[i];
      }
    }
  }
}

// dots += the products of `columns` columns of kTokens tokens.
template <class F, std::size_t kTokens>
CELLM_INLINE void add_group(const unsigned char* codes, const signed char* inputs,
                            std::size_t stride, IntVec (*dots)[kTokens][kBlockVectors]) {
  constexpr std::size_t kColumns = F::kScaleColumns;
  static_assert(!is_narrow<F::kBits>() || kColumns == kGroupColumns);
  if constexpr (BlockPanel<F>::kPlanes) {
    add_columns<4, kTokens, 1, kColumns>(codes, inputs, stride, kColumns, dots);
    IntVec upper[1][kTokens][kBlockVectors];
    for (auto& token : upper[0]) {
      for (IntVec& sum : token) sum = int_broadcast(0);
    }
    add_columns<4, kTokens, 1, kColumns>(codes + BlockPanel<F>::kPlaneBytes, inputs, stride,
                                         kColumns, upper);
    for (std::size_t t = 0; t < kTokens; ++t) {
      for (std::size_t v = 0; v < kBlockVectors; ++v) {
        dots[0][t][v] = int_add(dots[0][t][v], int_shift<-4>(upper[0][t][v]));
      }
    }
  } else {
    add_columns<F::kBits, kTokens, 1, kColumns>(codes, inputs, stride, kColumns, dots);
  }
}

// Adds a chunk to kTokens outputs of 16 rows: of the tokens from `first` on, `at` in the chunk.
template <class F, std::size_t kTokens>
void block_tile(const BlockPanel<F>& panel, const TokenSums<F>& token_sums,
                const QuantizedActivations& x, std::size_t first, std::size_t first_group,
                std::size_t at, FloatVec (*sums)[kBlockVectors]) {
  constexpr std::size_t kScales = kGroupScales<F>;
  sums += at;
  const signed char* inputs = x.codes + (first + at) * x.padded_cols + first_group * kGroupColumns;
  const float* input_scales = x.scales + (first + at) * x.blocks + first_group;
  FloatVec totals[kTokens][kBlockVectors];
  for (std::size_t t = 0; t < kTokens; ++t) {
    for (std::size_t v = 0; v < kBlockVectors; ++v) totals[t][v] = sums[t][v];
  }
  for (std::size_t g = 0; g < panel.groups; ++g, inputs += kGroupColumns) {
    IntVec dots[kScales][kTokens][kBlockVectors];
    for (std::size_t s = 0; s < kScales; ++s) {
      for (std::size_t t = 0; t < kTokens; ++t) {
        const std::int32_t start = F::kOffsets ? 0 : token_sums.starts[at + t][g * kScales + s];
        for (std::size_t v = 0; v < kBlockVectors; ++v) dots[s][t][v] = int_broadcast(start);
      }
      add_group<F, kTokens>(panel.codes + g * kGroupBytes + s * (kGroupBytes / kScales),
                            inputs + s * F::kScaleColumns, x.padded_cols, dots + s);
    }
    for (std::size_t t = 0; t < kTokens; ++t) {
      for (std::size_t v = 0; v < kBlockVectors; ++v) {
        IntVec of_scales[kScales];
        for (std::size_t s = 0; s < kScales; ++s) of_scales[s] = dots[s][t][v];
        FloatVec part = scaled_group<F>(of_scales, panel.scales[v] + g * kScales);
        if constexpr (F::kOffsets) {
          part = float_fma(float_broadcast(token_sums.sums[at + t][g]), panel.offsets[v][g], part);
        }
        totals[t][v] =
            float_fma(part, float_broadcast(input_scales[t * x.blocks + g]), totals[t][v]);
      }
    }
  }
  for (std::size_t t = 0; t < kTokens; ++t) {
    for (std::size_t v = 0; v < kBlockVectors; ++v) sums[t][v] = totals[t][v];
  }
}

// Adds a chunk to the outputs of `tokens` tokens from `token` on.
template <class F>
void block_tiles(const BlockPanel<F>& panel, const TokenSums<F>& token_sums,
                 const QuantizedActivations& x, std::size_t token, std::size_t tokens,
                 std::size_t first_group, IntSums& partial) {
  std::size_t t = 0;
  for (; t + kIntTokens <= tokens; t += kIntTokens) {
    block_tile<F, kIntTokens>(panel, token_sums, x, token, first_group, t, partial.sums);
  }
  if (kIntTokens > 4 && tokens - t >= 4) {
    block_tile<F, 4>(panel, token_sums, x, token, first_group, t, partial.sums);
    t += 4;
  }
  if (kIntTokens > 2 && tokens - t >= 2) {
    block_tile<F, 2>(panel, token_sums, x, token, first_group, t, partial.sums);
    t += 2;
  }
  if (t < tokens) block_tile<F, 1>(panel, token_sums, x, token, first_group, t, partial.sums);
}

void store_unit(const FloatVec* sums, std::size_t rows, float* y) {
  for (std::size_t v = 0; v < kBlockVectors && v * kIntLanes < rows; ++v) {
    const std::size_t left = rows - v * kIntLanes;
    store_rows(y + v * kIntLanes, sums[v], left < kIntLanes ? left : kIntLanes);
  }
}

template <class F>
void block_unit(const BlockMatrix& w, std::size_t row, std::size_t count,
                const QuantizedActivations& x, float* y, std::size_t y_stride) {
  UnitRows<F> rows(w, row, count);
  const std::size_t blocks = w.cols / F::kShape.columns;
  if (x.tokens == 1) {
    FloatVec sums[kBlockVectors];
    for (std::size_t v = 0; v < kBlockVectors; ++v) sums[v] = block_single<F>(rows, v, blocks, x);
    return store_unit(sums, count, y + row);
  }
  BlockPanel<F> panel;
  TokenSums<F> token_sums;
  IntSums partial;
  constexpr std::size_t kPanelBlocks = kPanelGroups / kBlockGroups<F>;
  for (std::size_t token = 0; token < x.tokens; token += kIntTokenBlock) {
    const std::size_t left = x.tokens - token;
    const std::size_t tokens = left < kIntTokenBlock ? left : kIntTokenBlock;
    clear(partial, tokens);
    for (std::size_t b = 0; b < blocks; b += kPanelBlocks) {
      const std::size_t end = blocks - b < kPanelBlocks ? blocks : b + kPanelBlocks;
      const std::size_t first_group = b * kBlockGroups<F>;
      unpack_panel<F>(rows, b, end, panel);
      find_token_sums<F>(x, token, tokens, first_group, panel.groups, token_sums);
      block_tiles<F>(panel, token_sums, x, token, tokens, first_group, partial);
    }
    for (std::size_t t = 0; t < tokens; ++t) {
      store_unit(partial.sums[t], count, y + (token + t) * y_stride + row);
    }
  }
}

template <class F>
bool block_rows(const BlockMatrix& w, std::size_t begin, std::size_t end,
                const QuantizedActivations& x, float* y, std::size_t y_stride) {
  if (w.format != F::kShape.format) return false;
  for (std::size_t row = begin; row < end; row += kUnitRows) {
    const std::size_t count = end - row < kUnitRows ? end - row : kUnitRows;
    block_unit<F>(w, row, count, x, y, y_stride);
  }
  return true;
}

// Of all hooks; the list begins with a comma.
template <class Nothing, class... F>
struct BlockHooks {
  static void matmul(const BlockMatrix& w, std::size_t begin, std::size_t end,
                     const QuantizedActivations& x, float* y, std::size_t y_stride) {
    (block_rows<F>(w, begin, end, x, y, y_stride) || ...);
  }
};
using AllBlockHooks = BlockHooks<void CELLM_BLOCK_FORMATS(CELLM_BLOCK_HOOK)>;

void matmul_blocks(const BlockMatrix& w, std::size_t begin, std::size_t end,
                   const QuantizedActivations& x, float* y, std::size_t y_stride) {
  AllBlockHooks::matmul(w, begin, end, x, y, y_stride);
}

#undef CELLM_INLINE
