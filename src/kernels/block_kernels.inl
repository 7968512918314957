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
//          with offsets: then fma(float(sum of the activations' codes), offset, part) for each
//   sum = fma(part, scale of the activations, sum)
//
// where every dot is an exact integer. So results are bitwise independent of rows, tokens and
// target.

// clang-format off
#include "kernels/block_unpack.inl"
#include "kernels/block_small.inl"
#include "kernels/block_grids.inl"
#include "kernels/block_tiles.inl"
// clang-format on

constexpr std::size_t kUnitRows = 16;
// Weights are fetched into the second-level cache this far ahead. The first level allows fewer
// misses at a time: fetching into it halves the bandwidth.
constexpr std::size_t kBlockPrefetch = 16384;

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
      float sums[kGroupScales<F>];
      for (std::size_t s = 0; s < kGroupScales<F>; ++s) {
        const std::int32_t codes =
            kGroupScales<F> == 2 ? x.half_sums[2 * group + s] : x.sums[group];
        sums[s] = static_cast<float>(codes);
        dots[s] = add.total(g, s);
        if constexpr (kZero != 0) dots[s] = int_add(dots[s], int_broadcast(-kZero * codes));
      }
      const std::size_t scale = (kFirst + g) * kGroupScales<F>;
      const FloatVec part = scaled_group<F>(dots, scales + scale, offsets + scale, sums);
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
    FloatVec offsets[kBlockGroups<F> * kGroupScales<F>];
    const auto head = F::head(block, scales, offsets);
    add_parts<F, 0>(block, rows.ahead(blocks, b, v), head, scales, offsets, x, b * kBlockGroups<F>,
                    sum);
  }
  return sum;
}

template <class F>
struct StoreQuads {
  using Panel = BlockPanel<CodesOf<F>>;
  unsigned char* out;  // of the part
  template <int kGroup, int kQuad>
  CELLM_INLINE void quad(IntVec codes) {
    unsigned char* to = out + kGroup * kGroupBytes + kQuad * kQuadBytes;
    if constexpr (Panel::kPlanes) {
      store_bytes(to, shift_mask<0>(codes, 15));
      store_bytes(to + Panel::kPlaneBytes, shift_mask<4>(codes, 15));
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
void unpack_panel(UnitRows<F>& rows, std::size_t begin, std::size_t end,
                  BlockPanel<CodesOf<F>>& panel) {
  panel.groups = (end - begin) * kBlockGroups<F>;
  for (std::size_t v = 0; v < kBlockVectors; ++v) {
    for (std::size_t b = begin; b < end; ++b) {
      const std::size_t group = (b - begin) * kBlockGroups<F>;
      const BlockRows block = rows.at(b, v);
      const std::size_t scale = group * kGroupScales<F>;
      const auto head =
          F::head(block, panel.scales[v] + scale, panel.offsets[v] + (F::kOffsets ? scale : 0));
      store_parts<F, 0>(block, head, panel.codes + group * kGroupBytes + v * kIntLanes * 4);
    }
  }
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
  if constexpr (!has_whole_tiles()) {
    if (x.tokens == 1) {
      FloatVec sums[kBlockVectors];
      for (std::size_t v = 0; v < kBlockVectors; ++v) sums[v] = block_single<F>(rows, v, blocks, x);
      return store_unit(sums, count, y + row);
    }
  }
  using Panel = BlockPanel<CodesOf<F>>;
  // Products of planes take nothing away themselves.
  constexpr int kZero = F::kBits == 8 && !Panel::kPlanes ? F::kZero - kByteZero : F::kZero;
  Panel panel;
  TokenSums<CodesOf<F>> token_sums;
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
      arrange_chunk<CodesOf<F>::kBits, F::kZero>(panel.codes, panel.groups * kGroupColumns,
                                                 panel.codes);
      find_token_sums(x, token, tokens, first_group, panel.groups, kZero, token_sums);
      block_tiles(panel, token_sums, x, token, tokens, first_group, partial);
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
