// Integer dot products of packed weights (format/packed.h) with 8-bit activations, for all targets.
// The including file is inside an unnamed namespace and has defined:
//
//   kIntLanes                  32-bit lanes of a vector: a divisor of 16
//   kIntTokens                 tokens of a tile
//   IntVec                     kIntLanes 32-bit integers, or 4 · kIntLanes bytes
//   FloatVec                   kIntLanes floats
//   load_bytes(p), store_bytes(p, v)
//   InputVec, broadcast_quad(p)  4 bytes for every lane: an IntVec, or less if products take one
//                              lane of a register for all
//   int_broadcast(i)
//   int_add(a, b)
//   dot_quads<kBits>(acc, w, x)  acc + Σ over the 4 bytes of each lane of code(w) · x, exactly,
//                              where code is the unpacked byte, for 8 bits less kByteZero
//   kByteZero                  the amount that dot_quads<8> subtracts from a byte itself: 0 or 128
//   NarrowSums                 a struct: kUsed says whether the target has, for codes of up to 4
//                              bits, dot(acc, w, x), which does the same in 16-bit lanes, exactly
//                              for 8 quads, and widen(acc), pairs of these added to 32-bit lanes
//   WidePairs                  a struct: kUsed says whether the target multiplies 8-bit codes as
//                              16-bit ones where several tokens use them. Then it has even(v) and
//                              odd(v), the bytes 0 and 2, or 1 and 3, of each lane as signed 16
//                              bits, flip_signs(v), 128 less than each unsigned byte, and
//                              dot(acc, w, x), acc + both products of each lane, exactly
//   TileProducts               a struct: kUsed says whether the target has products of its own
//                              where several tokens use unpacked codes. Then it has
//                              arrange<kBits, kZero>(from, to), which puts two quads of 16 rows
//                              into its order and may work in place. kWhole says whether it
//                              multiplies tiles of kIntTokens tokens only.
//                              If not, it has add<kBits, kTokens>(bytes, inputs, stride, columns,
//                              acc), which does for codes in this order and a multiple of 16
//                              columns what add_columns() says.
//                              If so, arrange() takes kZero from the codes, kIntLanes is 16, and
//                              multiply<kSums, kBlock>(bytes, inputs, stride, columns, sums) writes
//                              the sums of the products of at most kBlock columns, 16 rows for each
//                              token. Calls with another kSums, below 4, may overlap
//   shift_mask<kShift>(v, mask)  each byte shifted right by kShift (left if negative), then masked
//   int_shift<kShift>(a)       each lane shifted right by kShift (left if negative), with its sign
//   kWideDots                  whether dot_quads<kBits> is exact for any unsigned byte, not only
//                              for unpacked codes
//   to_float(i)                FloatVec
//   float_broadcast(f), float_mul(a, b), float_mul_add(a, b, c)
//   float_from_f16(p)          kIntLanes halves
//   store_rows(p, v, n)        the first n lanes only, n ≥ 0
//
// The sum over a block of columns is an integer, so its order does not matter; blocks are added in
// float, in the order of columns. So an output depends on its own row and token alone.

constexpr std::size_t kQuadBytes = 64;  // a quad of 16 rows
constexpr std::size_t kBlockVectors = 16 / kIntLanes;
constexpr std::size_t kChunkColumns =
    512;  // unpacked at a time: 8 KiB, with sums and activations in an L1

// Whether products are of whole tiles of signed codes: x.tokens is then a multiple of kIntTokens.
template <class Products = TileProducts>
constexpr bool has_whole_tiles() {
  if constexpr (Products::kUsed) return Products::kWhole;
  return false;
}
// Tokens that use an unpacked chunk. The faster the products, the more does unpacking weigh.
constexpr std::size_t kIntTokenBlock = has_whole_tiles() ? 192 : 64;

// Quads that are added up in narrow lanes before these are widened.
constexpr std::size_t kNarrowQuads = 8;

template <unsigned kBits>
constexpr bool is_narrow() {
  return NarrowSums::kUsed && kBits <= 4;
}
template <unsigned kBits, class Narrow = NarrowSums>
IntVec add_dot(IntVec acc, IntVec w, InputVec x) {
  if constexpr (is_narrow<kBits>()) {
    return Narrow::dot(acc, w, x);
  } else {
    return dot_quads<kBits>(acc, w, x);
  }
}
template <class Narrow = NarrowSums>
IntVec add_widened(IntVec acc, IntVec narrow) {
  return int_add(acc, Narrow::widen(narrow));
}

template <unsigned kBits>
constexpr bool is_wide() {
  return WidePairs::kUsed && kBits == 8;
}

// Unpacked code byte = multiplier · u, so that all zeros are integers: value = (byte − zero) ·
// factor · scale. Levels of the trellis formats have 7 bits.
constexpr int zero_of(unsigned bits) {
  return bits == 8 ? 128 : bits == 7 ? kTrellisZero : bits == 4 ? 8 : bits == 2 ? 3 : 1;
}
constexpr float factor_of(unsigned bits) {
  return bits == 2 ? 0.5F : 1.0F;
}

template <unsigned kBits, int kQuad>
IntVec unpack_quad(IntVec v) {
  if constexpr (kBits == 4) return shift_mask<4 * kQuad>(v, 0x0F);
  if constexpr (kBits == 2) return shift_mask<2 * kQuad - 1>(v, 0x06);
  return shift_mask<kQuad - 1>(v, 0x02);
}

template <unsigned kBits, int kQuad = 0>
void unpack_unit(IntVec v, unsigned char* out) {
  if constexpr (kQuad < static_cast<int>(8 / kBits)) {
    store_bytes(out + kQuad * kQuadBytes, unpack_quad<kBits, kQuad>(v));
    unpack_unit<kBits, kQuad + 1>(v, out);
  }
}

// Weights come from memory once for each token, and from pages that the processor's own prefetcher
// does not cross.
constexpr std::size_t kPrefetchBytes = 4096;

// `columns` columns of a block of rows as one byte per code, quad by quad; 8-bit codes are used
// where they lie.
template <unsigned kBits>
const unsigned char* unpack_chunk(const unsigned char* codes, std::size_t columns,
                                  unsigned char* buffer) {
  if constexpr (kBits == 8) return codes;
  constexpr std::size_t kUnitColumns = 32 / kBits;
  for (std::size_t unit = 0; unit < columns / kUnitColumns; ++unit) {
    for (std::size_t v = 0; v < kBlockVectors; ++v) {
      const std::size_t at = v * kIntLanes * 4;
      unpack_unit<kBits>(load_bytes(codes + unit * kQuadBytes + at),
                         buffer + unit * (8 / kBits) * kQuadBytes + at);
    }
  }
  return buffer;
}

// Unpacked codes of 16 rows in the order of the target's products for several tokens, in `to`,
// which may be where they are.
template <unsigned kBits, int kZero = zero_of(kBits), class Products = TileProducts>
const unsigned char* arrange_chunk(const unsigned char* from, std::size_t columns,
                                   unsigned char* to) {
  if constexpr (Products::kUsed) {
    for (std::size_t at = 0; at < columns / 4 * kQuadBytes; at += 2 * kQuadBytes) {
      Products::template arrange<kBits, kZero>(from + at, to + at);
    }
    return to;
  }
  return from;
}

// 8-bit codes of a block of rows, or of a token, as 16-bit ones: of every vector the even bytes,
// then the odd ones, so that equal columns are in the same lane.
template <class Wide = WidePairs>
void widen(IntVec v, unsigned char* even, unsigned char* odd) {
  store_bytes(even, Wide::even(v));
  store_bytes(odd, Wide::odd(v));
}
template <class Wide = WidePairs>
const unsigned char* widen_weights(const unsigned char* codes, std::size_t columns,
                                   unsigned char* buffer) {
  for (std::size_t at = 0; at < columns / 4 * kQuadBytes; at += kQuadBytes) {
    for (std::size_t v = 0; v < kBlockVectors; ++v) {
      const std::size_t vector = v * kIntLanes * 4;
      unsigned char* even = buffer + 2 * at + vector;
      widen<Wide>(Wide::flip_signs(load_bytes(codes + at + vector)), even, even + kQuadBytes);
    }
  }
  return buffer;
}
constexpr std::size_t kWideColumns = kIntLanes * 4;  // of activations in a vector
template <class Wide>
void widen_codes(const signed char* codes, std::size_t columns, std::int16_t* out) {
  for (std::size_t c = 0; c < columns; c += kWideColumns) {
    auto* even = reinterpret_cast<unsigned char*>(out + c);
    widen<Wide>(load_bytes(reinterpret_cast<const unsigned char*>(codes + c)), even,
                even + kWideColumns);
  }
}

// A quad's codes without moving them: times 2^(kBits · kQuad), if the target's dot products allow
// that.
template <unsigned kBits, int kQuad>
IntVec quad_in_place(IntVec v) {
  if constexpr (kBits == 8) return v;
  if constexpr (!kWideDots) return unpack_quad<kBits, kQuad>(v);
  return shift_mask<0>(v, static_cast<unsigned char>(((1U << kBits) - 1U) << (kBits * kQuad)));
}

// Σ over quads of what quad_in_place() was worth, as codes that unpack_quad() gives.
template <unsigned kBits, int kQuad = 0>
IntVec combine_quads(const IntVec* acc) {
  constexpr int kQuads = 8 / kBits;
  if constexpr (is_narrow<kBits>()) {
    return acc[0];
  } else if constexpr (kBits == 8 || !kWideDots) {
    if constexpr (kQuad + 1 == kQuads)
      return acc[kQuad];
    else
      return int_add(acc[kQuad], combine_quads<kBits, kQuad + 1>(acc));
  } else {
    constexpr int kDoubled = kBits <= 2 ? 1 : 0;
    const IntVec here = int_shift<static_cast<int>(kBits) * kQuad - kDoubled>(acc[kQuad]);
    if constexpr (kQuad + 1 == kQuads)
      return here;
    else
      return int_add(here, combine_quads<kBits, kQuad + 1>(acc));
  }
}

// Each quad has a sum of its own, or all one in narrow lanes.
template <unsigned kBits, int kQuad = 0>
void dot_unit(IntVec v, const signed char* codes, IntVec* acc) {
  if constexpr (kQuad < static_cast<int>(8 / kBits)) {
    constexpr int kSum = kQuad * (is_narrow<kBits>() ? 0 : 1);
    acc[kSum] = add_dot<kBits>(acc[kSum], quad_in_place<kBits, kQuad>(v),
                               broadcast_quad(codes + 4 * kQuad));
    dot_unit<kBits, kQuad + 1>(v, codes, acc);
  }
}

// One token with 16 rows: codes are unpacked in registers, since nothing else would use them. The
// same result as int_tile(), bit by bit.
template <unsigned kBits, std::size_t kBlock, bool kGroupScales>
void int_single(const unsigned char* bytes, const std::uint16_t* scales,
                const QuantizedActivations& x, FloatVec* sums) {
  constexpr int kZero = kBits == 8 ? zero_of(8) - kByteZero : zero_of(kBits);
  constexpr std::size_t kQuads = 8 / kBits;
  constexpr std::size_t kUnitColumns = 4 * kQuads;
  for (std::size_t block = 0; block < x.blocks; ++block) {
    const std::size_t begin = block * kBlock;
    const std::size_t left = x.padded_cols - begin;
    // If it is known to be 32, g++ unrolls the loop, and the sums stay in registers.
    const std::size_t columns = kBlock == 32 || left > kBlock ? kBlock : left;
    IntVec acc[kBlockVectors][kQuads];
    for (std::size_t v = 0; v < kBlockVectors; ++v) {
      for (std::size_t q = 0; q < kQuads; ++q) acc[v][q] = int_broadcast(0);
    }
    if constexpr (is_narrow<kBits>()) {
      for (std::size_t step = 0; step < columns; step += 4 * kNarrowQuads) {
        IntVec narrow[kBlockVectors];
        for (std::size_t v = 0; v < kBlockVectors; ++v) narrow[v] = int_broadcast(0);
#pragma GCC unroll 4
        for (std::size_t c = step; c < step + 4 * kNarrowQuads; c += kUnitColumns) {
          __builtin_prefetch(bytes + kPrefetchBytes);
          for (std::size_t v = 0; v < kBlockVectors; ++v) {
            dot_unit<kBits>(load_bytes(bytes + v * kIntLanes * 4), x.codes + begin + c, &narrow[v]);
          }
          bytes += kQuadBytes;
        }
        for (std::size_t v = 0; v < kBlockVectors; ++v)
          acc[v][0] = add_widened(acc[v][0], narrow[v]);
      }
    } else {
#pragma GCC unroll 4
      for (std::size_t c = 0; c < columns; c += kUnitColumns, bytes += kQuadBytes) {
        __builtin_prefetch(bytes + kPrefetchBytes);
        for (std::size_t v = 0; v < kBlockVectors; ++v) {
          dot_unit<kBits>(load_bytes(bytes + v * kIntLanes * 4), x.codes + begin + c, acc[v]);
        }
      }
    }
    const IntVec start = int_broadcast(-kZero * x.sums[block]);
    for (std::size_t v = 0; v < kBlockVectors; ++v) {
      FloatVec scale = float_broadcast(x.scales[block]);
      if constexpr (kGroupScales) {
        scale = float_mul(scale, float_mul(float_from_f16(scales + block * 16 + v * kIntLanes),
                                           float_broadcast(factor_of(kBits))));
      }
      sums[v] =
          float_mul_add(to_float(int_add(start, combine_quads<kBits>(acc[v]))), scale, sums[v]);
    }
  }
}

#include "kernels/int_tiles.inl"

template <unsigned kBits, std::size_t kBlock, bool kGroupScales>
void int_rows(const PackedMatrix& w, std::size_t row_block, const QuantizedActivations& x, float* y,
              std::size_t y_stride) {
  constexpr bool kInPlace = kBits == 8 && !TileProducts::kUsed;
  constexpr std::size_t kUnpacked = is_wide<kBits>() ? kChunkColumns * 32
                                    : kInPlace       ? 1
                                                     : kChunkColumns * 16;
  alignas(64) unsigned char buffer[kUnpacked];
  IntSums partial;
  const unsigned char* codes = w.codes + row_block * w.block_bytes;
  const std::uint16_t* scales = w.scales + row_block * w.groups * 16;
  const std::size_t row = row_block * 16;
  for (std::size_t token = 0; token < x.tokens; token += kIntTokenBlock) {
    const std::size_t tokens =
        x.tokens - token < kIntTokenBlock ? x.tokens - token : kIntTokenBlock;
    clear(partial, tokens);
    if constexpr (!has_whole_tiles()) {
      if (x.tokens == 1) {
        int_single<kBits, kBlock, kGroupScales>(codes, scales, x, partial.sums[0]);
      }
    }
    for (std::size_t col = 0; x.tokens != 1 && col < w.padded_cols; col += kChunkColumns) {
      const std::size_t columns =
          w.padded_cols - col < kChunkColumns ? w.padded_cols - col : kChunkColumns;
      const unsigned char* here = codes + col * 16 * kBits / 8;
      IntChunk chunk{nullptr, scales + col / kBlock * 16, columns, col / kBlock, nullptr, 0};
      const std::size_t first_code = token * x.padded_cols + col;
      if constexpr (is_wide<kBits>()) {
        chunk.bytes = widen_weights(here, columns, buffer);
        chunk.inputs = reinterpret_cast<const signed char*>(x.wide + first_code);
        chunk.input_stride = x.padded_cols * 2;
      } else {
        chunk.bytes =
            arrange_chunk<kBits>(unpack_chunk<kBits>(here, columns, buffer), columns, buffer);
        chunk.inputs = x.codes + first_code;
        chunk.input_stride = x.padded_cols;
      }
      if (token == 0) chunk.ahead = here + columns * 2 * kBits;
      int_tiles<kBits, kBlock, kGroupScales>(chunk, x, token, tokens, partial);
    }
    for (std::size_t v = 0; v < kBlockVectors; ++v) {
      const std::size_t first = row + v * kIntLanes;
      if (first >= w.rows) break;
      const std::size_t count = w.rows - first < kIntLanes ? w.rows - first : kIntLanes;
      FloatVec row_scales = float_broadcast(1.0F);
      if constexpr (!kGroupScales) {
        row_scales =
            float_mul(float_from_f16(scales + v * kIntLanes), float_broadcast(factor_of(kBits)));
      }
      for (std::size_t t = 0; t < tokens; ++t) {
        store_rows(y + (token + t) * y_stride + first, float_mul(partial.sums[t][v], row_scales),
                   count);
      }
    }
  }
}

template <unsigned kBits, std::size_t kBlock, bool kGroupScales>
void int_blocks(const PackedMatrix& w, std::size_t begin, std::size_t end,
                const QuantizedActivations& x, float* y, std::size_t y_stride) {
  for (std::size_t block = begin; block < end; ++block) {
    int_rows<kBits, kBlock, kGroupScales>(w, block, x, y, y_stride);
  }
}

void matmul_int8(const PackedMatrix& w, std::size_t begin, std::size_t end,
                 const QuantizedActivations& x, float* y, std::size_t y_stride) {
  if (w.bits == 8) return int_blocks<8, 32, false>(w, begin, end, x, y, y_stride);
  if (w.bits == 2) return int_blocks<2, 128, false>(w, begin, end, x, y, y_stride);
  if (w.bits == 1) return int_blocks<1, 128, true>(w, begin, end, x, y, y_stride);
  if (w.group == 32) return int_blocks<4, 32, true>(w, begin, end, x, y, y_stride);
  if (w.group == 128) return int_blocks<4, 128, true>(w, begin, end, x, y, y_stride);
  int_blocks<4, 128, false>(w, begin, end, x, y, y_stride);
}

[[maybe_unused]] std::uint64_t int8_peak(std::uint64_t count) {
  // Independent sums, enough to hide the latency of two units, each with a name of its own so that
  // it stays in a register.
  IntVec a = int_broadcast(0);
  IntVec b = a;
  IntVec c = a;
  IntVec d = a;
  IntVec e = a;
  IntVec f = a;
  IntVec g = a;
  IntVec h = a;
  IntVec weights = int_broadcast(0x01010101);
  const signed char ones[4] = {1, 1, 1, 1};
  const InputVec inputs = broadcast_quad(ones);
  const auto step = [&](IntVec& sum) {
    __asm__ volatile("" : "+m"(weights));  // so that no product is used twice
    sum = add_dot<4>(sum, weights, inputs);
  };
  constexpr std::size_t kMacs = 8 * kIntLanes * 4;
  const std::uint64_t rounds = count / kMacs + 1;
  for (std::uint64_t round = 0; round < rounds; ++round) {
    step(a), step(b), step(c), step(d);
    step(e), step(f), step(g), step(h);
  }
  const IntVec all =
      int_add(int_add(int_add(a, b), int_add(c, d)), int_add(int_add(e, f), int_add(g, h)));
  __asm__ volatile("" : : "m"(all));
  return rounds * kMacs;
}
