// Tiles of outputs, 16 rows × several tokens, of the unpacked codes of block formats. Included by
// block_kernels.inl alone.

// Properties of a format after unpacking of its codes: formats that agree share the code.
template <unsigned kCodeBits, bool kHasOffsets, std::size_t kColumns>
struct UnpackedCodes {
  static constexpr unsigned kBits = kCodeBits;
  static constexpr bool kOffsets = kHasOffsets;
  static constexpr std::size_t kScaleColumns = kColumns;
};
template <class F>
using CodesOf =
    UnpackedCodes<F::kBits <= 4 ? 4 : (F::kBits < 8 ? 7 : 8), F::kOffsets, F::kScaleColumns>;

constexpr std::size_t kGroupColumns = kBlockActivations;
constexpr std::size_t kGroupQuads = kGroupColumns / 4;
constexpr std::size_t kGroupBytes = kGroupQuads * kQuadBytes;  // of 16 rows, unpacked

template <class C>
constexpr std::size_t kGroupScales = kGroupColumns / C::kScaleColumns;

// The sum of a group for its outputs, before the scale of the activations. sums: of the codes of
// the activations under each scale, as floats; used with offsets alone.
template <class C>
CELLM_INLINE FloatVec scaled_group(const IntVec* dots, const FloatVec* scales,
                                   const FloatVec* offsets, const float* sums) {
  FloatVec part = float_mul(to_float(dots[0]), scales[0]);
  if constexpr (kGroupScales<C> == 2) part = float_fma(to_float(dots[1]), scales[1], part);
  if constexpr (C::kOffsets) {
    part = float_fma(float_broadcast(sums[0]), offsets[0], part);
    if constexpr (kGroupScales<C> == 2)
      part = float_fma(float_broadcast(sums[1]), offsets[1], part);
  }
  return part;
}

constexpr std::size_t kPanelGroups = kChunkColumns / kGroupColumns;

// A chunk of columns of 16 rows. Codes of 8 bits are two planes of 4 where 16-bit sums are used.
template <class C>
struct BlockPanel {
  static constexpr bool kPlanes = NarrowSums::kUsed && C::kBits == 8;
  static constexpr std::size_t kPlaneBytes = kPanelGroups * kGroupBytes;
  alignas(64) unsigned char codes[kPlaneBytes * (kPlanes ? 2 : 1)];
  FloatVec scales[kBlockVectors][kPanelGroups * kGroupScales<C>];
  FloatVec offsets[kBlockVectors][C::kOffsets ? kPanelGroups * kGroupScales<C> : 1];
  std::size_t groups;
};

// The initial value of the dots, for each token and group of a chunk: the correction for the zero
// point of the codes, or with offsets instead, the sum of the token's codes as a float.
template <class C>
struct TokenSums {
  static constexpr std::size_t kCount = kPanelGroups * kGroupScales<C>;
  std::int32_t starts[kIntTokenBlock][C::kOffsets ? 1 : kCount];
  float sums[kIntTokenBlock][C::kOffsets ? kCount : 1];
};
template <class C>
void find_token_sums(const QuantizedActivations& x, std::size_t token, std::size_t tokens,
                     std::size_t first_group, std::size_t groups, [[maybe_unused]] int zero,
                     TokenSums<C>& out) {
  if constexpr (has_whole_tiles() && !C::kOffsets) return;  // zero was taken from the codes
  const std::int32_t* all = kGroupScales<C> == 2 ? x.half_sums : x.sums;
  for (std::size_t t = 0; t < tokens; ++t) {
    const std::int32_t* sums = all + ((token + t) * x.blocks + first_group) * kGroupScales<C>;
    for (std::size_t i = 0; i < groups * kGroupScales<C>; ++i) {
      if constexpr (C::kOffsets) {
        out.sums[t][i] = static_cast<float>(sums[i]);
      } else {
        out.starts[t][i] = -zero * sums[i];
      }
    }
  }
}

// dots += the products of `columns` columns of kTokens tokens.
template <class C, std::size_t kTokens>
CELLM_INLINE void add_group(const unsigned char* codes, const signed char* inputs,
                            std::size_t stride, IntVec (*dots)[kTokens][kBlockVectors]) {
  constexpr std::size_t kColumns = C::kScaleColumns;
  if constexpr (BlockPanel<C>::kPlanes) {
    add_columns<4, kTokens, 1, kColumns>(codes, inputs, stride, kColumns, dots);
    IntVec upper[1][kTokens][kBlockVectors];
    for (auto& token : upper[0]) {
      for (IntVec& sum : token) sum = int_broadcast(0);
    }
    add_columns<4, kTokens, 1, kColumns>(codes + BlockPanel<C>::kPlaneBytes, inputs, stride,
                                         kColumns, upper);
    for (std::size_t t = 0; t < kTokens; ++t) {
      for (std::size_t v = 0; v < kBlockVectors; ++v) {
        dots[0][t][v] = int_add(dots[0][t][v], int_shift<-4>(upper[0][t][v]));
      }
    }
  } else {
    add_columns<C::kBits, kTokens, 1, kColumns>(codes, inputs, stride, kColumns, dots);
  }
}

// Adds a chunk to kTokens outputs of 16 rows: of the tokens from `first` on, `at` in the chunk.
template <class C, std::size_t kTokens>
void block_tile(const BlockPanel<C>& panel, const TokenSums<C>& token_sums,
                const QuantizedActivations& x, std::size_t first, std::size_t first_group,
                std::size_t at, FloatVec (*sums)[kBlockVectors]) {
  constexpr std::size_t kScales = kGroupScales<C>;
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
        const std::int32_t start = C::kOffsets ? 0 : token_sums.starts[at + t][g * kScales + s];
        for (std::size_t v = 0; v < kBlockVectors; ++v) dots[s][t][v] = int_broadcast(start);
      }
      add_group<C, kTokens>(panel.codes + g * kGroupBytes + s * (kGroupBytes / kScales),
                            inputs + s * C::kScaleColumns, x.padded_cols, dots + s);
    }
    for (std::size_t t = 0; t < kTokens; ++t) {
      for (std::size_t v = 0; v < kBlockVectors; ++v) {
        IntVec of_scales[kScales];
        for (std::size_t s = 0; s < kScales; ++s) of_scales[s] = dots[s][t][v];
        const std::size_t scale = g * kScales;
        const std::size_t offset = C::kOffsets ? scale : 0;
        const FloatVec part =
            scaled_group<C>(of_scales, panel.scales[v] + scale, panel.offsets[v] + offset,
                            token_sums.sums[at + t] + offset);
        totals[t][v] =
            float_fma(part, float_broadcast(input_scales[t * x.blocks + g]), totals[t][v]);
      }
    }
  }
  for (std::size_t t = 0; t < kTokens; ++t) {
    for (std::size_t v = 0; v < kBlockVectors; ++v) sums[t][v] = totals[t][v];
  }
}

// block_tile() with whole tiles.
template <class C, class Products = TileProducts>
void whole_block_tile(const BlockPanel<C>& panel, const TokenSums<C>& token_sums,
                      const QuantizedActivations& x, std::size_t first, std::size_t first_group,
                      std::size_t at, FloatVec (*sums)[kBlockVectors]) {
  constexpr std::size_t kScales = kGroupScales<C>;
  constexpr std::size_t kColumns = C::kScaleColumns;
  const signed char* inputs = x.codes + (first + at) * x.padded_cols + first_group * kGroupColumns;
  const float* input_scales = x.scales + (first + at) * x.blocks + first_group;
  alignas(64) std::int32_t products[2][kScales][kIntTokens * 16];
  FloatVec totals[kIntTokens];
#pragma GCC unroll 16
  for (std::size_t t = 0; t < kIntTokens; ++t) totals[t] = sums[at + t][0];
  const auto multiply = [&]<std::size_t kSums>(std::size_t g) __attribute__((always_inline)) {
    const unsigned char* codes = panel.codes + g * kGroupBytes;
    const signed char* x_codes = inputs + g * kGroupColumns;
    Products::template multiply<2 * kSums, kColumns>(codes, x_codes, x.padded_cols, kColumns,
                                                     products[kSums][0]);
    if constexpr (kScales == 2) {
      Products::template multiply<2 * kSums + 1, kColumns>(
          codes + kColumns * 16, x_codes + kColumns, x.padded_cols, kColumns, products[kSums][1]);
    }
  };
  const auto add = [&]<std::size_t kSums>(std::size_t g) __attribute__((always_inline)) {
    const std::size_t scale = g * kScales;
    const std::size_t offset = C::kOffsets ? scale : 0;
#pragma GCC unroll 16
    for (std::size_t t = 0; t < kIntTokens; ++t) {
      IntVec dots[kScales];
      for (std::size_t s = 0; s < kScales; ++s) {
        const std::int32_t* of_token = products[kSums][s] + t * 16;
        dots[s] = load_bytes(reinterpret_cast<const unsigned char*>(of_token));
      }
      const FloatVec part =
          scaled_group<C>(dots, panel.scales[0] + scale, panel.offsets[0] + offset,
                          token_sums.sums[at + t] + offset);
      totals[t] = float_fma(part, float_broadcast(input_scales[t * x.blocks + g]), totals[t]);
    }
  };
  overlap(panel.groups, multiply, add);
#pragma GCC unroll 16
  for (std::size_t t = 0; t < kIntTokens; ++t) sums[at + t][0] = totals[t];
}

// Adds a chunk to the outputs of `tokens` tokens from `token` on.
template <class C>
void block_tiles(const BlockPanel<C>& panel, const TokenSums<C>& token_sums,
                 const QuantizedActivations& x, std::size_t token, std::size_t tokens,
                 std::size_t first_group, IntSums& partial) {
  std::size_t t = 0;
  if constexpr (has_whole_tiles()) {
    for (; t < tokens; t += kIntTokens) {
      whole_block_tile<C>(panel, token_sums, x, token, first_group, t, partial.sums);
    }
  } else {
    for (; t + kIntTokens <= tokens; t += kIntTokens) {
      block_tile<C, kIntTokens>(panel, token_sums, x, token, first_group, t, partial.sums);
    }
    if (kIntTokens > 4 && tokens - t >= 4) {
      block_tile<C, 4>(panel, token_sums, x, token, first_group, t, partial.sums);
      t += 4;
    }
    if (kIntTokens > 2 && tokens - t >= 2) {
      block_tile<C, 2>(panel, token_sums, x, token, first_group, t, partial.sums);
      t += 2;
    }
    if (t < tokens) block_tile<C, 1>(panel, token_sums, x, token, first_group, t, partial.sums);
  }
}
