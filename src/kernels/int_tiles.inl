// Tiles of outputs, 16 rows × several tokens, of unpacked codes: the part of int8_kernels.inl that
// trellis_kernels.inl and block_kernels.inl share. Included by int8_kernels.inl alone.

struct IntSums {
  FloatVec sums[kIntTokenBlock][kBlockVectors];
};

// The data of a chunk that a tile uses.
struct IntChunk {
  const unsigned char* bytes;   // unpacked codes, 8-bit or wide
  const std::uint16_t* scales;  // of the first group in the chunk; unused for scales per row
  std::size_t columns;
  std::size_t first_block;    // of activations
  const signed char* inputs;  // of the first token, 8-bit or wide
  std::size_t input_stride;   // bytes from one token to the next
  // Codes as stored, of as many columns, that will be needed next; null: none.
  const unsigned char* ahead = nullptr;
};

// Prefetches the stored codes of `columns` columns. Spread over a tile's work, since the processor
// has buffers for a few lines only.
template <unsigned kBits>
void prefetch_codes(const unsigned char* codes, std::size_t columns) {
  for (std::size_t at = 0; at < columns * 2 * kBits; at += 64) __builtin_prefetch(codes + at);
}

// add_columns() without special products, kQuads at a time: unrolled, so that sums stay in their
// registers.
template <unsigned kBits, std::size_t kTokens, std::size_t kSplit, std::size_t kQuads>
__attribute__((always_inline)) inline void add_quads(const unsigned char* bytes,
                                                     const signed char* inputs, std::size_t stride,
                                                     std::size_t columns,
                                                     IntVec (*acc)[kTokens][kBlockVectors]) {
  for (std::size_t c = 0; c < columns; c += 4 * kQuads) {
#pragma GCC unroll 8
    for (std::size_t q = 0; q < kQuads; ++q, bytes += kQuadBytes) {
      IntVec weights[kBlockVectors];
      if constexpr (kBits == 8 && kTokens == 1) __builtin_prefetch(bytes + kPrefetchBytes);
      for (std::size_t v = 0; v < kBlockVectors; ++v)
        weights[v] = load_bytes(bytes + v * kIntLanes * 4);
      for (std::size_t t = 0; t < kTokens; ++t) {
        const InputVec input = broadcast_quad(inputs + t * stride + c + 4 * q);
        for (std::size_t v = 0; v < kBlockVectors; ++v)
          acc[q % kSplit][t][v] = dot_quads<kBits>(acc[q % kSplit][t][v], weights[v], input);
      }
    }
  }
}

// acc[0][t][v] += Σ over the columns of codes · inputs[t]. Sums for few tokens are split, to hide
// the latency of the dot product.
template <unsigned kBits, std::size_t kTokens, std::size_t kSplit, std::size_t kBlock,
          class Wide = WidePairs, class Products = TileProducts>
__attribute__((always_inline)) inline void add_columns(const unsigned char* bytes,
                                                       const signed char* inputs,
                                                       std::size_t stride, std::size_t columns,
                                                       IntVec (*acc)[kTokens][kBlockVectors]) {
  const auto load_weights = [](const unsigned char* from, IntVec* weights) {
    for (std::size_t v = 0; v < kBlockVectors; ++v)
      weights[v] = load_bytes(from + v * kIntLanes * 4);
  };
  IntVec weights[kBlockVectors];
  // Columns come in multiples of 32, or of 16 if kBlock is 16; either way in multiples of kSplit
  // quads.
  if constexpr (Products::kUsed) {
    Products::template add<kBits, kTokens>(bytes, inputs, stride, columns, acc[0]);
  } else if constexpr (is_wide<kBits>()) {
    const auto add_pairs = [&](const unsigned char* codes, const signed char* x,
                               std::size_t split) {
      load_weights(codes, weights);
      for (std::size_t t = 0; t < kTokens; ++t) {
        const InputVec input = broadcast_quad(x + t * stride);
        for (std::size_t v = 0; v < kBlockVectors; ++v)
          acc[split][t][v] = Wide::dot(acc[split][t][v], weights[v], input);
      }
    };
    for (std::size_t c = 0; c < columns; c += kWideColumns, inputs += 2 * kWideColumns) {
#pragma GCC unroll 8
      for (std::size_t q = 0; q < kIntLanes; ++q, bytes += 2 * kQuadBytes) {
        add_pairs(bytes, inputs + 4 * q, 0);
        add_pairs(bytes + kQuadBytes, inputs + kWideColumns + 4 * q, kSplit - 1);
      }
    }
  } else if constexpr (is_narrow<kBits>()) {
    constexpr std::size_t kQuads = kBlock % 32 == 0 ? kNarrowQuads : 4;
    for (std::size_t c = 0; c < columns; c += 4 * kQuads) {
      IntVec narrow[kTokens][kBlockVectors];
      for (std::size_t t = 0; t < kTokens; ++t) {
        for (std::size_t v = 0; v < kBlockVectors; ++v) narrow[t][v] = int_broadcast(0);
      }
#pragma GCC unroll 8
      for (std::size_t q = 0; q < kQuads; ++q, bytes += kQuadBytes) {
        load_weights(bytes, weights);
        for (std::size_t t = 0; t < kTokens; ++t) {
          const InputVec input = broadcast_quad(inputs + t * stride + c + 4 * q);
          for (std::size_t v = 0; v < kBlockVectors; ++v)
            narrow[t][v] = add_dot<kBits>(narrow[t][v], weights[v], input);
        }
      }
      for (std::size_t t = 0; t < kTokens; ++t) {
        for (std::size_t v = 0; v < kBlockVectors; ++v)
          acc[0][t][v] = add_widened(acc[0][t][v], narrow[t][v]);
      }
    }
  } else {
    // Not more: g++ runs out of registers for the addresses of inputs.
    constexpr std::size_t kQuads = kSplit > kBlockVectors ? kSplit : kBlockVectors;
    add_quads<kBits, kTokens, kSplit, kQuads>(bytes, inputs, stride, columns, acc);
  }
}

// Adds a chunk to kTokens outputs of 16 rows: of the tokens from `first` on, `at` in the chunk.
template <unsigned kBits, std::size_t kBlock, bool kGroupScales, std::size_t kTokens>
void int_tile(const IntChunk& chunk, const QuantizedActivations& x, std::size_t first,
              std::size_t at, FloatVec (*sums)[kBlockVectors]) {
  constexpr int kZero = kBits == 8 ? zero_of(8) - kByteZero : zero_of(kBits);
  constexpr std::size_t kInputBytes = is_wide<kBits>() ? 2 : 1;
  constexpr std::size_t kCodeBytes = 16 * kInputBytes;  // of a column
  constexpr std::size_t kSplit = kTokens * kBlockVectors >= 4 ? 1 : 4 / (kTokens * kBlockVectors);
  const std::size_t token = first + at;
  sums += at;
  FloatVec totals[kTokens][kBlockVectors];
  for (std::size_t t = 0; t < kTokens; ++t) {
    for (std::size_t v = 0; v < kBlockVectors; ++v) totals[t][v] = sums[t][v];
  }
  for (std::size_t begin = 0, block = chunk.first_block; begin < chunk.columns;
       begin += kBlock, ++block) {
    const std::size_t columns = chunk.columns - begin < kBlock ? chunk.columns - begin : kBlock;
    if (at == 0 && chunk.ahead != nullptr) {
      prefetch_codes<kBits>(chunk.ahead + begin * 2 * kBits, columns);
    }
    IntVec acc[kSplit][kTokens][kBlockVectors];
    for (std::size_t t = 0; t < kTokens; ++t) {
      const IntVec start = int_broadcast(-kZero * x.sums[(token + t) * x.blocks + block]);
      for (std::size_t v = 0; v < kBlockVectors; ++v) {
        acc[0][t][v] = start;
        for (std::size_t s = 1; s < kSplit; ++s) acc[s][t][v] = int_broadcast(0);
      }
    }
    add_columns<kBits, kTokens, kSplit, kBlock>(
        chunk.bytes + begin * kCodeBytes,
        chunk.inputs + at * chunk.input_stride + begin * kInputBytes, chunk.input_stride, columns,
        acc);
    for (std::size_t v = 0; v < kBlockVectors; ++v) {
      FloatVec row_scales;
      if constexpr (kGroupScales) {
        row_scales = float_mul(
            float_from_f16(chunk.scales + (block - chunk.first_block) * 16 + v * kIntLanes),
            float_broadcast(factor_of(kBits)));
      }
      for (std::size_t t = 0; t < kTokens; ++t) {
        IntVec total = acc[0][t][v];
        for (std::size_t s = 1; s < kSplit; ++s) total = int_add(total, acc[s][t][v]);
        FloatVec scale = float_broadcast(x.scales[(token + t) * x.blocks + block]);
        if constexpr (kGroupScales) scale = float_mul(scale, row_scales);
        totals[t][v] = float_mul_add(to_float(total), scale, totals[t][v]);
      }
    }
  }
  for (std::size_t t = 0; t < kTokens; ++t) {
    for (std::size_t v = 0; v < kBlockVectors; ++v) sums[t][v] = totals[t][v];
  }
}

// Calls multiply<k>(i) and then add<k>(i) for all i < count, k = i % 2, each multiply() before the
// add() of the i before: a tile is multiplied while sums of the last one are scaled.
template <class Multiply, class Add>
__attribute__((always_inline)) inline void overlap(std::size_t count, Multiply&& multiply,
                                                   Add&& add) {
  multiply.template operator()<0>(0);
  for (std::size_t i = 0; i < count; i += 2) {
    if (i + 1 < count) multiply.template operator()<1>(i + 1);
    add.template operator()<0>(i);
    if (i + 2 < count) multiply.template operator()<0>(i + 2);
    if (i + 1 < count) add.template operator()<1>(i + 1);
  }
}

// int_tile() with whole tiles.
template <std::size_t kBlock, bool kGroupScales, unsigned kBits, class Products = TileProducts>
void whole_tile(const IntChunk& chunk, const QuantizedActivations& x, std::size_t first,
                std::size_t at, FloatVec (*sums)[kBlockVectors]) {
  const float* input_scales = x.scales + (first + at) * x.blocks + chunk.first_block;
  const signed char* inputs = chunk.inputs + at * chunk.input_stride;
  const std::size_t blocks = (chunk.columns + kBlock - 1) / kBlock;
  alignas(64) std::int32_t products[2][kIntTokens * 16];
  FloatVec totals[kIntTokens];
#pragma GCC unroll 16
  for (std::size_t t = 0; t < kIntTokens; ++t) totals[t] = sums[at + t][0];
  const auto multiply = [&]<std::size_t kSums>(std::size_t block) __attribute__((always_inline)) {
    const std::size_t begin = block * kBlock;
    const std::size_t columns = chunk.columns - begin < kBlock ? chunk.columns - begin : kBlock;
    if (at == 0 && chunk.ahead != nullptr) {
      prefetch_codes<kBits>(chunk.ahead + begin * 2 * kBits, columns);
    }
    Products::template multiply<kSums, kBlock>(chunk.bytes + begin * 16, inputs + begin,
                                               chunk.input_stride, columns, products[kSums]);
  };
  const auto add = [&]<std::size_t kSums>(std::size_t block) __attribute__((always_inline)) {
    FloatVec row_scales;
    if constexpr (kGroupScales) {
      row_scales =
          float_mul(float_from_f16(chunk.scales + block * 16), float_broadcast(factor_of(kBits)));
    }
#pragma GCC unroll 16
    for (std::size_t t = 0; t < kIntTokens; ++t) {
      const auto* of_token = reinterpret_cast<const unsigned char*>(products[kSums] + t * 16);
      FloatVec scale = float_broadcast(input_scales[t * x.blocks + block]);
      if constexpr (kGroupScales) scale = float_mul(scale, row_scales);
      totals[t] = float_mul_add(to_float(load_bytes(of_token)), scale, totals[t]);
    }
  };
  overlap(blocks, multiply, add);
#pragma GCC unroll 16
  for (std::size_t t = 0; t < kIntTokens; ++t) sums[at + t][0] = totals[t];
}

void clear(IntSums& partial, std::size_t tokens) {
  for (std::size_t t = 0; t < tokens; ++t) {
    for (std::size_t v = 0; v < kBlockVectors; ++v) partial.sums[t][v] = float_broadcast(0.0F);
  }
}

// Adds a chunk to the outputs of `tokens` tokens from `token` on.
template <unsigned kBits, std::size_t kBlock, bool kGroupScales>
void int_tiles(const IntChunk& chunk, const QuantizedActivations& x, std::size_t token,
               std::size_t tokens, IntSums& partial) {
  std::size_t t = 0;
  if constexpr (has_whole_tiles()) {
    for (; t < tokens; t += kIntTokens) {
      whole_tile<kBlock, kGroupScales, kBits>(chunk, x, token, t, partial.sums);
    }
  } else {
    for (; t + kIntTokens <= tokens; t += kIntTokens) {
      int_tile<kBits, kBlock, kGroupScales, kIntTokens>(chunk, x, token, t, partial.sums);
    }
    if (kIntTokens > 4 && tokens - t >= 4) {
      int_tile<kBits, kBlock, kGroupScales, 4>(chunk, x, token, t, partial.sums);
      t += 4;
    }
    if (kIntTokens > 2 && tokens - t >= 2) {
      int_tile<kBits, kBlock, kGroupScales, 2>(chunk, x, token, t, partial.sums);
      t += 2;
    }
    if (t < tokens) {
      int_tile<kBits, kBlock, kGroupScales, 1>(chunk, x, token, t, partial.sums);
    }
  }
}
