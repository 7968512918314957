// Integer dot products of trellis-quantized weights (format/trellis.h) with 8-bit activations, for
// all targets. The including file is inside an unnamed namespace, has included int8_kernels.inl,
// and has defined:
//
//   load_planes(p, stride)   32 bytes at p; if a vector holds two tiles, also those at p + stride
//   load_half_planes(p, stride)  of the 16 bytes at p the low nibbles, then the high ones; likewise
//   previous_lane(v)         each byte of a tile's 32 moved up by one, the last to the first place
//   byte_xor(a, b), byte_or(a, b), byte_add(a, b)
//   load_table(p)            16 bytes, to every 16 of the vector
//   lookup(table, v)         table[byte & 15] for bytes below 128
//   broadcast_quads(p)       broadcast_quad(p); with two tiles, p + 4 for the second
//   sub_block_sums(groups, b, v)  the v-th vector of sums of 16 rows: of the groups 2 b and
//                            2 b + 1, those of two tiles added up
//
// A vector of levels is a group of 8 rows × 4 columns of one tile or of two tiles side by side.

constexpr std::size_t kVectorTiles = kIntLanes / 8;
constexpr std::size_t kVectorColumns = kVectorTiles * kTrellisCols;
constexpr unsigned kLevelBits = 7;  // of a level, as the templates for packed weights name it

// With the functions below these are a handful of registers, not arrays, if everything is inlined.
#define CELLM_INLINE [[gnu::always_inline]] inline

struct TrellisTables {
  IntVec near_mix;
  IntVec far_mix;
  IntVec levels[2];
  IntVec offsets[2];
};
CELLM_INLINE TrellisTables load_tables(const TrellisLevels& t) {
  return {load_table(t.near_mix),
          load_table(t.far_mix),
          {load_table(t.levels[0]), load_table(t.levels[1])},
          {load_table(t.offsets[0]), load_table(t.offsets[1])}};
}

template <TrellisShape kShape>
struct TrellisLayout {
  static constexpr int kBits = static_cast<int>(kShape.step_bits);
  static constexpr int kWeights = static_cast<int>(kShape.step_weights);
  static constexpr int kSpacing = static_cast<int>(kShape.spacing);
  static constexpr int kSteps = static_cast<int>(kTrellisLaneWeights) / kWeights;
  static constexpr int kLaneBits = kSteps * kBits;
  static constexpr int kPlanes = kLaneBits / 8;
  static constexpr bool kHalf = kLaneBits % 8 != 0;
  static constexpr std::size_t kTileBytes = kTrellisLanes * kLaneBits / 8;
  // The bits of a lane in bytes, after one byte that ends with bits of the lane before; a lane's
  // own bits begin at kFirstBit of all.
  static constexpr int kFirstBit = kHalf ? 4 : 8;
};

template <TrellisShape kShape>
struct LaneBits {
  using Layout = TrellisLayout<kShape>;
  IntVec bytes[Layout::kPlanes + 1];
};
template <TrellisShape kShape>
CELLM_INLINE LaneBits<kShape> load_lanes(const unsigned char* tile) {
  using Layout = TrellisLayout<kShape>;
  LaneBits<kShape> lanes;
  for (int p = 0; p < Layout::kPlanes; ++p) {
    lanes.bytes[p + 1] = load_planes(tile + (Layout::kHalf ? 16 : 0) + 32 * p, Layout::kTileBytes);
  }
  lanes.bytes[0] = previous_lane(lanes.bytes[Layout::kPlanes]);
  if constexpr (Layout::kHalf) {
    lanes.bytes[0] =
        byte_or(shift_mask<-4>(lanes.bytes[0], 0xF0), load_half_planes(tile, Layout::kTileBytes));
  }
  return lanes;
}

// The 4 bits that end before bit kEnd.
template <int kEnd, TrellisShape kShape>
CELLM_INLINE IntVec nibble_before(const LaneBits<kShape>& lanes) {
  constexpr int kByte = kEnd / 8;
  constexpr int kRest = kEnd % 8;
  if constexpr (kRest == 0) {
    return shift_mask<0>(lanes.bytes[kByte - 1], 15);
  } else if constexpr (kRest >= 4) {
    return shift_mask<8 - kRest>(lanes.bytes[kByte], 15);
  } else {
    constexpr unsigned char kNew = (1U << kRest) - 1U;
    constexpr unsigned char kOld = 15U - kNew;
    return byte_or(shift_mask<8 - kRest>(lanes.bytes[kByte], kNew),
                   shift_mask<-kRest>(lanes.bytes[kByte - 1], kOld));
  }
}

// The nibbles of a lane's steps, after those of the last 2 · spacing steps of the lane before.
template <TrellisShape kShape>
struct Nibbles {
  using Layout = TrellisLayout<kShape>;
  static constexpr int kBefore = 2 * Layout::kSpacing;
  IntVec at[kBefore + Layout::kSteps];
};
// Fills those of kStep and of all steps before it: the lane's last steps first, since some steps of
// the lane before are found there.
template <TrellisShape kShape, int kStep>
CELLM_INLINE void find_nibbles(const LaneBits<kShape>& lanes, Nibbles<kShape>& nibbles) {
  using Layout = TrellisLayout<kShape>;
  constexpr int kBefore = Nibbles<kShape>::kBefore;
  if constexpr (kStep >= -kBefore) {
    constexpr int kEnd = Layout::kFirstBit + (kStep + 1) * Layout::kBits;
    if constexpr (kEnd >= 4) {
      nibbles.at[kBefore + kStep] = nibble_before<kEnd>(lanes);
    } else {
      nibbles.at[kBefore + kStep] = previous_lane(nibbles.at[kBefore + kStep + Layout::kSteps]);
    }
    find_nibbles<kShape, kStep - 1>(lanes, nibbles);
  }
}

// Calls take.template group<G>(levels) for the groups of a step and of those after it.
template <TrellisShape kShape, int kStep, class Take>
CELLM_INLINE void find_levels(const Nibbles<kShape>& nibbles, const TrellisTables& tables,
                              Take&& take) {
  using Layout = TrellisLayout<kShape>;
  if constexpr (kStep < Layout::kSteps) {
    const IntVec near = nibbles.at[kStep + Layout::kSpacing];
    const IntVec mixed =
        byte_xor(byte_xor(nibbles.at[kStep + 2 * Layout::kSpacing], lookup(tables.near_mix, near)),
                 lookup(tables.far_mix, nibbles.at[kStep]));
    take.template group<kStep * Layout::kWeights>(
        byte_add(lookup(tables.levels[0], mixed), lookup(tables.offsets[0], near)));
    if constexpr (Layout::kWeights == 2) {
      take.template group<kStep * 2 + 1>(
          byte_add(lookup(tables.levels[1], mixed), lookup(tables.offsets[1], near)));
    }
    find_levels<kShape, kStep + 1>(nibbles, tables, take);
  }
}

// Every line of what will be read in as many bytes as kBytes from kPrefetchBytes further on.
template <std::size_t kBytes>
CELLM_INLINE void prefetch_ahead(const unsigned char* codes) {
  constexpr std::size_t kLine = 64;
  for (std::size_t at = 0; at < kBytes; at += kLine) {
    __builtin_prefetch(codes + kPrefetchBytes + at);
  }
}

// The 8 groups of the tiles at `tile`.
template <TrellisShape kShape, class Take>
CELLM_INLINE void decode_tiles(const unsigned char* tile, const TrellisTables& tables,
                               Take&& take) {
  const LaneBits<kShape> lanes = load_lanes<kShape>(tile);
  Nibbles<kShape> nibbles;
  find_nibbles<kShape, TrellisLayout<kShape>::kSteps - 1>(lanes, nibbles);
  find_levels<kShape, 0>(nibbles, tables, take);
}

constexpr std::size_t kSubBlocks = kTrellisRows / 16;  // of 16 rows, as packed weights have them

struct AddDots {
  IntVec* sums;  // one for each group
  InputVec input;
  template <int kGroup>
  CELLM_INLINE void group(IntVec levels) {
    sums[kGroup] = dot_quads<kLevelBits>(sums[kGroup], levels, input);
  }
};

// As unpacked quads of 16 rows: sub-block b begins at out + b · stride.
struct StoreLevels {
  unsigned char* out;
  std::size_t stride;
  template <int kGroup>
  CELLM_INLINE void group(IntVec levels) {
    alignas(64) unsigned char bytes[kVectorTiles * 32];
    store_bytes(bytes, levels);
    for (std::size_t tile = 0; tile < kVectorTiles; ++tile) {
      __builtin_memcpy(out + kGroup / 2 * stride + tile * kQuadBytes + kGroup % 2 * 32,
                       bytes + tile * 32, 32);
    }
  }
};

using BlockSums = FloatVec[kSubBlocks][kBlockVectors];

// One token with 64 rows: levels are used where they are found. The same result as with
// int_tiles(), bit by bit.
template <TrellisShape kShape>
void trellis_single(const TrellisMatrix& w, const unsigned char* codes,
                    const QuantizedActivations& x, BlockSums& sums) {
  constexpr std::size_t kTileBytes = TrellisLayout<kShape>::kTileBytes;
  const TrellisTables tables = load_tables(*w.levels);
  for (std::size_t begin = 0, block = 0; begin < w.padded_cols;
       begin += kTrellisActivationBlock, ++block) {
    const std::size_t left = w.padded_cols - begin;
    const std::size_t columns = left < kTrellisActivationBlock ? left : kTrellisActivationBlock;
    IntVec groups[8];
    for (IntVec& group : groups) group = int_broadcast(0);
    for (std::size_t c = 0; c < columns; c += kVectorColumns, codes += kVectorTiles * kTileBytes) {
      prefetch_ahead<kVectorTiles * kTileBytes>(codes);
      decode_tiles<kShape>(codes, tables, AddDots{groups, broadcast_quads(x.codes + begin + c)});
    }
    const IntVec start = int_broadcast(-kTrellisZero * x.sums[block]);
    const FloatVec scale = float_broadcast(x.scales[block]);
    for (std::size_t b = 0; b < kSubBlocks; ++b) {
      for (std::size_t v = 0; v < kBlockVectors; ++v) {
        const IntVec total = int_add(start, sub_block_sums(groups, b, v));
        sums[b][v] = float_mul_add(to_float(total), scale, sums[b][v]);
      }
    }
  }
}

// Writes up to 16 outputs, the scales of their rows applied.
void store_scaled(const std::uint16_t* scales, const FloatVec* sums, std::size_t rows, float* y) {
  for (std::size_t v = 0; v < kBlockVectors && v * kIntLanes < rows; ++v) {
    const std::size_t left = rows - v * kIntLanes;
    const FloatVec scale =
        float_mul(float_from_f16(scales + v * kIntLanes), float_broadcast(1.0F / kTrellisZero));
    store_rows(y + v * kIntLanes, float_mul(sums[v], scale), left < kIntLanes ? left : kIntLanes);
  }
}

constexpr std::size_t kTrellisChunk = kTrellisActivationBlock;  // columns decoded at a time
constexpr std::size_t kSubBlockBytes = kTrellisChunk * 16;

// Levels of a chunk, 16 rows after 16 rows. Returns its columns, rounded up to what int_tile()
// takes; the activations of those in excess are 0.
template <TrellisShape kShape>
std::size_t decode_chunk(const TrellisMatrix& w, const unsigned char* codes, std::size_t begin,
                         unsigned char* buffer) {
  constexpr std::size_t kTileBytes = TrellisLayout<kShape>::kTileBytes;
  const TrellisTables tables = load_tables(*w.levels);
  const std::size_t left = w.padded_cols - begin;
  const std::size_t columns = left < kTrellisChunk ? left : kTrellisChunk;
  const unsigned char* tile = codes + begin / kTrellisCols * kTileBytes;
  for (std::size_t c = 0; c < columns; c += kVectorColumns, tile += kVectorTiles * kTileBytes) {
    prefetch_ahead<kVectorTiles * kTileBytes>(tile);
    decode_tiles<kShape>(tile, tables, StoreLevels{buffer + c * 16, kSubBlockBytes});
  }
  const std::size_t rounded = (columns + 31) / 32 * 32;
  for (std::size_t b = 0; b < kSubBlocks; ++b) {
    __builtin_memset(buffer + b * kSubBlockBytes + columns * 16, 0, (rounded - columns) * 16);
  }
  return rounded;
}

template <TrellisShape kShape>
void trellis_rows(const TrellisMatrix& w, std::size_t row_block, const QuantizedActivations& x,
                  float* y, std::size_t y_stride) {
  const unsigned char* codes = w.codes + row_block * w.block_bytes;
  const std::uint16_t* scales = w.scales + row_block * kTrellisRows;
  const std::size_t first = row_block * kTrellisRows;
  const std::size_t rows = w.rows - first < kTrellisRows ? w.rows - first : kTrellisRows;
  const auto store = [&](std::size_t b, std::size_t token, const FloatVec* sums) {
    if (b * 16 >= rows) return;
    store_scaled(scales + b * 16, sums, rows - b * 16, y + token * y_stride + first + b * 16);
  };
  if constexpr (!has_whole_tiles()) {
    if (x.tokens == 1) {
      BlockSums sums;
      for (auto& sub_block : sums) {
        for (FloatVec& sum : sub_block) sum = float_broadcast(0.0F);
      }
      trellis_single<kShape>(w, codes, x, sums);
      for (std::size_t b = 0; b < kSubBlocks; ++b) store(b, 0, sums[b]);
      return;
    }
  }
  alignas(64) unsigned char buffer[kSubBlocks * kSubBlockBytes];
  IntSums partial[kSubBlocks];
  for (std::size_t token = 0; token < x.tokens; token += kIntTokenBlock) {
    const std::size_t left = x.tokens - token;
    const std::size_t tokens = left < kIntTokenBlock ? left : kIntTokenBlock;
    for (IntSums& sub_block : partial) clear(sub_block, tokens);
    for (std::size_t begin = 0; begin < w.padded_cols; begin += kTrellisChunk) {
      const std::size_t columns = decode_chunk<kShape>(w, codes, begin, buffer);
      for (std::size_t b = 0; b < kSubBlocks && b * 16 < rows; ++b) {
        unsigned char* sub_block = buffer + b * kSubBlockBytes;
        const IntChunk chunk{arrange_chunk<kLevelBits>(sub_block, columns, sub_block),
                             nullptr,
                             columns,
                             begin / kTrellisActivationBlock,
                             x.codes + token * x.padded_cols + begin,
                             x.padded_cols};
        int_tiles<kLevelBits, kTrellisActivationBlock, false>(chunk, x, token, tokens, partial[b]);
      }
    }
    for (std::size_t b = 0; b < kSubBlocks; ++b) {
      for (std::size_t t = 0; t < tokens; ++t) store(b, token + t, partial[b].sums[t]);
    }
  }
}

template <TrellisShape kShape>
void trellis_blocks(const TrellisMatrix& w, std::size_t begin, std::size_t end,
                    const QuantizedActivations& x, float* y, std::size_t y_stride) {
  for (std::size_t block = begin; block < end; ++block) {
    trellis_rows<kShape>(w, block, x, y, y_stride);
  }
}

void matmul_trellis(const TrellisMatrix& w, std::size_t begin, std::size_t end,
                    const QuantizedActivations& x, float* y, std::size_t y_stride) {
  if (w.format == FormatId::kT4) return trellis_blocks<kT4Shape>(w, begin, end, x, y, y_stride);
  if (w.format == FormatId::kT3) return trellis_blocks<kT3Shape>(w, begin, end, x, y, y_stride);
  if (w.format == FormatId::kT2) return trellis_blocks<kT2Shape>(w, begin, end, x, y, y_stride);
  if (w.format == FormatId::kT1H) return trellis_blocks<kT1HShape>(w, begin, end, x, y, y_stride);
  trellis_blocks<kT1Shape>(w, begin, end, x, y, y_stride);
}

#undef CELLM_INLINE
