// Matrix products and vector functions in f32, for all targets. The including file is inside an
// unnamed namespace and has defined:
//
//   kLanes                   floats of a vector
//   kTokensOfTile            tokens whose sums for 4 rows fit into the registers
//   Vec                      kLanes floats
//   load(p), store(p, v)     unaligned
//   load_part(p, n)          n < kLanes floats, the rest 0
//   broadcast(f)
//   add(a, b)
//   mul_add(a, b, c)         a · b + c, fused or not
//   sum(v)                   in a fixed order
//   reduce4(v, out)          the sums of 4 vectors, in a fixed order
//   load_f16(p), load_bf16(p), load_f16_part(p, n), load_bf16_part(p, n)
//                            kLanes 16-bit floats, or n < kLanes and the rest 0, as floats
//   store_part(p, v, n)      the first n < kLanes floats
//   mul(a, b), div(a, b), max(a, b), min(a, b)
//   load_i8(p), load_i8_part(p, n)  signed bytes as floats
//   kMixVectors              vectors of columns whose sums for 4 queries fit into the registers
//   vector_exp(v)            e^v, 0 far below and infinity far above
//
// and afterwards fills a KernelTable.

// The primitives under other names, since the members hide them.
Vec load_values(const float* p) {
  return load(p);
}
Vec load_values_part(const float* p, std::size_t n) {
  return load_part(p, n);
}
void reduce_vectors(const Vec* v, float* out) {
  reduce4(v, out);
}

struct F32Arithmetic {
  using Stored = float;
  using Values = Vec;
  using Sum = Vec;
  static constexpr std::size_t kStep = kLanes;
  static constexpr std::size_t kTokenTile = kTokensOfTile;
  static Sum zero() { return broadcast(0.0F); }
  static Values load(const float* p) { return load_values(p); }
  static Values load_part(const float* p, std::size_t n) { return load_values_part(p, n); }
  static Sum multiply_add(Sum sum, Values w, Values x) { return mul_add(w, x, sum); }
  static void reduce4(const Sum* sums, float* out) { reduce_vectors(sums, out); }
  static void unpack(const KernelTable& table, const WeightMatrix& w, std::size_t row,
                     std::size_t begin, std::size_t end, float* out) {
    table.unpack[static_cast<std::size_t>(w.format)](
        {w.codes + row * w.row_bytes, w.scales + row * w.row_scales, w.cols, w.group}, begin, end,
        out);
  }
  struct F16Source {
    static constexpr std::size_t kBytes = 2;
    static constexpr bool kFromMemory = true;
    static Values load(const unsigned char* p) { return load_f16(p); }
    static Values load_part(const unsigned char* p, std::size_t n) { return load_f16_part(p, n); }
  };
  struct BF16Source {
    static constexpr std::size_t kBytes = 2;
    static constexpr bool kFromMemory = true;
    static Values load(const unsigned char* p) { return load_bf16(p); }
    static Values load_part(const unsigned char* p, std::size_t n) { return load_bf16_part(p, n); }
  };
};

#include "kernels/matmul_rows.inl"

[[maybe_unused]] void unpack_f32(const WeightRow& row, std::size_t begin, std::size_t end,
                                 float* out) {
  __builtin_memcpy(out, row.codes + begin * sizeof(float), (end - begin) * sizeof(float));
}

template <class Source>
void unpack_halves(const WeightRow& row, std::size_t begin, std::size_t end, float* out) {
  std::size_t i = begin;
  for (; i + kLanes <= end; i += kLanes) store(out + (i - begin), Source::load(row.codes + i * 2));
  if (i < end) {
    store_part(out + (i - begin), Source::load_part(row.codes + i * 2, end - i), end - i);
  }
}

void matmul(const KernelTable& table, const WeightMatrix& w, std::size_t row_begin,
            std::size_t row_end, const float* x, std::size_t x_stride, std::size_t tokens, float* y,
            std::size_t y_stride) {
  matmul_rows<F32Arithmetic>(table, w, row_begin, row_end, x, x_stride, tokens, y, y_stride);
}

float dot(const float* a, const float* b, std::size_t n) {
  Vec even = broadcast(0.0F);
  Vec odd = broadcast(0.0F);
  std::size_t i = 0;
  for (; i + 2 * kLanes <= n; i += 2 * kLanes) {
    even = mul_add(load(a + i), load(b + i), even);
    odd = mul_add(load(a + i + kLanes), load(b + i + kLanes), odd);
  }
  for (; i + kLanes <= n; i += kLanes) even = mul_add(load(a + i), load(b + i), even);
  if (i < n) odd = mul_add(load_part(a + i, n - i), load_part(b + i, n - i), odd);
  return sum(add(even, odd));
}

void axpy(float a, const float* x, float* y, std::size_t n) {
  const Vec factor = broadcast(a);
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) store(y + i, mul_add(factor, load(x + i), load(y + i)));
  for (; i < n; ++i) y[i] += a * x[i];
}

// Rows as vectors of floats.
struct F32Rows {
  static constexpr std::size_t kBytes = 4;
  static Vec get(const unsigned char* p) { return load(reinterpret_cast<const float*>(p)); }
  static Vec get_part(const unsigned char* p, std::size_t n) {
    return load_part(reinterpret_cast<const float*>(p), n);
  }
};
struct F16Rows {
  static constexpr std::size_t kBytes = 2;
  static Vec get(const unsigned char* p) { return load_f16(p); }
  static Vec get_part(const unsigned char* p, std::size_t n) { return load_f16_part(p, n); }
};
struct I8Rows {
  static constexpr std::size_t kBytes = 1;
  static Vec get(const unsigned char* p) { return load_i8(p); }
  static Vec get_part(const unsigned char* p, std::size_t n) { return load_i8_part(p, n); }
};

// Dot products of kKeys keys with kQueries queries, each loaded once. The order of additions of a
// product does not depend on the tile.
template <class Rows, std::size_t kQueries, std::size_t kKeys>
void score_tile(const float* queries, const unsigned char* keys, std::size_t row_bytes,
                std::size_t dim, float* scores, std::size_t stride) {
  Vec sums[kQueries][4];
  CELLM_UNROLL
  for (std::size_t q = 0; q < kQueries; ++q) {
    CELLM_UNROLL
    for (std::size_t k = 0; k < 4; ++k) sums[q][k] = broadcast(0.0F);
  }
  std::size_t i = 0;
  for (; i + kLanes <= dim; i += kLanes) {
    Vec query[kQueries];
    CELLM_UNROLL
    for (std::size_t q = 0; q < kQueries; ++q) query[q] = load(queries + q * dim + i);
    CELLM_UNROLL
    for (std::size_t k = 0; k < kKeys; ++k) {
      const Vec key = Rows::get(keys + k * row_bytes + i * Rows::kBytes);
      CELLM_UNROLL
      for (std::size_t q = 0; q < kQueries; ++q) sums[q][k] = mul_add(query[q], key, sums[q][k]);
    }
  }
  if (i < dim) {
    CELLM_UNROLL
    for (std::size_t k = 0; k < kKeys; ++k) {
      const Vec key = Rows::get_part(keys + k * row_bytes + i * Rows::kBytes, dim - i);
      CELLM_UNROLL
      for (std::size_t q = 0; q < kQueries; ++q) {
        sums[q][k] = mul_add(load_part(queries + q * dim + i, dim - i), key, sums[q][k]);
      }
    }
  }
  CELLM_UNROLL
  for (std::size_t q = 0; q < kQueries; ++q) {
    float totals[4];
    reduce4(sums[q], totals);
    CELLM_UNROLL
    for (std::size_t k = 0; k < kKeys; ++k) scores[q * stride + k] = totals[k];
  }
}

// out[q] += Σ_k weights[q · stride + k] · value k for the columns of kVectors vectors, their sums
// in registers over all values.
template <class Rows, std::size_t kQueries, std::size_t kVectors>
void mix_tile(const float* weights, std::size_t stride, const VectorRows& values, std::size_t col,
              float* out) {
  Vec sums[kQueries][kVectors];
  for (std::size_t q = 0; q < kQueries; ++q) {
    for (std::size_t v = 0; v < kVectors; ++v) {
      sums[q][v] = load(out + q * values.dim + col + v * kLanes);
    }
  }
  const unsigned char* row = values.data + col * Rows::kBytes;
  for (std::size_t k = 0; k < values.count; ++k, row += values.row_bytes) {
    Vec value[kVectors];
    for (std::size_t v = 0; v < kVectors; ++v)
      value[v] = Rows::get(row + v * kLanes * Rows::kBytes);
    for (std::size_t q = 0; q < kQueries; ++q) {
      const Vec weight = broadcast(weights[q * stride + k]);
      for (std::size_t v = 0; v < kVectors; ++v) sums[q][v] = mul_add(weight, value[v], sums[q][v]);
    }
  }
  for (std::size_t q = 0; q < kQueries; ++q) {
    for (std::size_t v = 0; v < kVectors; ++v) {
      store(out + q * values.dim + col + v * kLanes, sums[q][v]);
    }
  }
}

// The same for the last columns, fewer than a vector.
template <class Rows>
void mix_rest(const float* weights, const VectorRows& values, std::size_t col, float* out) {
  const std::size_t rest = values.dim - col;
  Vec sums = load_part(out + col, rest);
  const unsigned char* row = values.data + col * Rows::kBytes;
  for (std::size_t k = 0; k < values.count; ++k, row += values.row_bytes) {
    sums = mul_add(broadcast(weights[k]), Rows::get_part(row, rest), sums);
  }
  store_part(out + col, sums, rest);
}

// Fetches bytes [begin, end) of the rows to come into the second-level cache: they are more than
// the first holds, and lie where the processor's own prefetcher does not see them coming.
void fetch_ahead(const VectorRows& rows, std::size_t begin, std::size_t end) {
  if (rows.ahead == nullptr) return;
  for (; begin < end; begin += 64) __builtin_prefetch(rows.ahead + begin, 0, 2);
}

template <class Rows>
struct Scores {
  template <std::size_t kQueries>
  static void run(const float* queries, const VectorRows& keys, float* scores, std::size_t stride) {
    std::size_t k = 0;
    for (; k + 4 <= keys.count; k += 4) {
      fetch_ahead(keys, k * keys.row_bytes, (k + 4) * keys.row_bytes);
      score_tile<Rows, kQueries, 4>(queries, keys.data + k * keys.row_bytes, keys.row_bytes,
                                    keys.dim, scores + k, stride);
    }
    for (; k < keys.count; ++k) {
      score_tile<Rows, kQueries, 1>(queries, keys.data + k * keys.row_bytes, keys.row_bytes,
                                    keys.dim, scores + k, stride);
    }
  }
};

template <class Rows>
struct Mix {
  template <std::size_t kQueries>
  static void run(const float* weights, std::size_t stride, const VectorRows& values, float* out) {
    constexpr std::size_t kVectors = kMixVectors;
    const std::size_t bytes_per_column = values.count * values.row_bytes / values.dim;
    std::size_t col = 0;
    for (; col + kVectors * kLanes <= values.dim; col += kVectors * kLanes) {
      fetch_ahead(values, col * bytes_per_column, (col + kVectors * kLanes) * bytes_per_column);
      mix_tile<Rows, kQueries, kVectors>(weights, stride, values, col, out);
    }
    for (; col + kLanes <= values.dim; col += kLanes) {
      mix_tile<Rows, kQueries, 1>(weights, stride, values, col, out);
    }
    for (std::size_t q = 0; q < kQueries && col < values.dim; ++q) {
      mix_rest<Rows>(weights + q * stride, values, col, out + q * values.dim);
    }
  }
};

// Calls Kernel<Rows>::run<kQueries>() for the format of the rows, with up to four queries at a
// time; call(q, run) passes the arguments for query q and those after it.
template <template <class> class Kernel, class Rows, class Call>
void for_queries(std::size_t count, const Call& call) {
  std::size_t q = 0;
  for (; q + 4 <= count; q += 4) call(q, Kernel<Rows>::template run<4>);
  if (count - q == 3) call(q, Kernel<Rows>::template run<3>);
  if (count - q == 2) call(q, Kernel<Rows>::template run<2>);
  if (count - q == 1) call(q, Kernel<Rows>::template run<1>);
}
template <template <class> class Kernel, class Call>
void for_rows(VectorFormat format, std::size_t queries, const Call& call) {
  if (format == VectorFormat::kF16) return for_queries<Kernel, F16Rows>(queries, call);
  if (format == VectorFormat::kI8) return for_queries<Kernel, I8Rows>(queries, call);
  for_queries<Kernel, F32Rows>(queries, call);
}

void dot_rows(const float* queries, std::size_t query_count, const VectorRows& keys, float* scores,
              std::size_t stride) {
  for_rows<Scores>(keys.format, query_count, [&](std::size_t q, auto run) {
    run(queries + q * keys.dim, keys, scores + q * stride, stride);
  });
}

void mix_rows(const float* weights, std::size_t stride, std::size_t query_count,
              const VectorRows& values, float* out) {
  for_rows<Mix>(values.format, query_count, [&](std::size_t q, auto run) {
    run(weights + q * stride, stride, values, out + q * values.dim);
  });
}

float largest(const float* x, std::size_t n) {
  std::size_t i = 0;
  float result = x[0];
  if (n >= kLanes) {
    Vec most = load(x);
    for (i = kLanes; i + kLanes <= n; i += kLanes) most = max(most, load(x + i));
    float lanes[kLanes];
    store(lanes, most);
    result = lanes[0];
    for (std::size_t lane = 1; lane < kLanes; ++lane) {
      result = lanes[lane] > result ? lanes[lane] : result;
    }
  }
  for (; i < n; ++i) result = x[i] > result ? x[i] : result;
  return result;
}

// Calls body(v, n) for the vectors of a range, the last one partial.
template <class Body>
void for_vectors(std::size_t n, Body&& body) {
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    body(
        i, [](const float* p) { return load(p); }, [](float* p, Vec v) { store(p, v); });
  }
  if (i < n) {
    const std::size_t rest = n - i;
    body(
        i, [rest](const float* p) { return load_part(p, rest); },
        [rest](float* p, Vec v) { store_part(p, v, rest); });
  }
}

// 1 / (1 + e^−x)
Vec vector_sigmoid(Vec x) {
  const Vec one = broadcast(1.0F);
  return div(one, add(one, vector_exp(mul(x, broadcast(-1.0F)))));
}

void silu_multiply(const float* gate, const float* up, float* out, std::size_t n) {
  for_vectors(n, [&](std::size_t i, auto get, auto put) {
    const Vec g = get(gate + i);
    put(out + i, mul(mul(g, vector_sigmoid(g)), get(up + i)));
  });
}

void sigmoid_multiply(const float* gate, float* x, std::size_t n) {
  for_vectors(n, [&](std::size_t i, auto get, auto put) {
    put(x + i, mul(get(x + i), vector_sigmoid(get(gate + i))));
  });
}

void silu(float* x, std::size_t n) {
  for_vectors(n, [&](std::size_t i, auto get, auto put) {
    const Vec v = get(x + i);
    put(x + i, mul(v, vector_sigmoid(v)));
  });
}

void level_sums(const Levels& levels, const float* weights, const float* importance, std::size_t n,
                const float* scales, float* weight_level, float* level_square) {
  const Vec zero = broadcast(0.0F);
  const Vec whole = broadcast(0x1.8p23F);  // added to a small number, it leaves no fraction
  const Vec minus_whole = broadcast(-0x1.8p23F);
  const Vec first = broadcast(levels.first);
  const Vec step = broadcast(levels.step);
  const Vec offset = broadcast(-levels.first / levels.step);
  const Vec last = broadcast(levels.last);
  for (std::size_t k = 0; k < kScalesTogether; k += kLanes) {
    const Vec inverse = div(broadcast(1.0F / levels.step), load(scales + k));
    Vec products = zero;
    Vec squares = zero;
    for (std::size_t i = 0; i < n; ++i) {
      const float h = importance == nullptr ? 1.0F : importance[i];
      const Vec place = min(max(add(mul(broadcast(weights[i]), inverse), offset), zero), last);
      const Vec level = add(mul(add(add(place, whole), minus_whole), step), first);
      products = add(products, mul(broadcast(h * weights[i]), level));
      squares = add(squares, mul(mul(broadcast(h), level), level));
    }
    store(weight_level + k, products);
    store(level_square + k, squares);
  }
}

float exp_sum(float* x, float shift, std::size_t n) {
  const Vec offset = broadcast(-shift);
  Vec total = broadcast(0.0F);
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    const Vec e = vector_exp(add(load(x + i), offset));
    store(x + i, e);
    total = add(total, e);
  }
  if (i < n) {
    store_part(x + i, vector_exp(add(load_part(x + i, n - i), offset)), n - i);
    total = add(total, load_part(x + i, n - i));
  }
  return sum(total);
}

std::uint64_t f32_peak(std::uint64_t count) {
  constexpr std::size_t kSums = 10;  // enough to hide the latency of two units
  Vec sums[kSums];
  for (Vec& total : sums) total = broadcast(1.0F);
  Vec factor = broadcast(0.5F);
  const std::uint64_t rounds = count / (kSums * kLanes) + 1;
  for (std::uint64_t round = 0; round < rounds; ++round) {
    __asm__ volatile("" : "+m"(factor));  // so that nothing is computed ahead
    for (Vec& total : sums) total = mul_add(total, factor, factor);
  }
  Vec all = sums[0];
  for (std::size_t i = 1; i < kSums; ++i) all = add(all, sums[i]);
  __asm__ volatile("" : : "m"(all));
  return rounds * kSums * kLanes;
}
