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
//   mul(a, b), div(a, b)
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

// Four vectors of columns at a time, so that both results stay in registers over all rows.
void transposed_matvec2(const float* m, std::size_t rows, std::size_t cols, const float* a,
                        const float* b, float* a_out, float* b_out) {
  constexpr std::size_t kVectors = 4;
  std::size_t c = 0;
  for (; c + kVectors * kLanes <= cols; c += kVectors * kLanes) {
    Vec sums_a[kVectors];
    Vec sums_b[kVectors];
    for (std::size_t v = 0; v < kVectors; ++v) sums_a[v] = sums_b[v] = broadcast(0.0F);
    for (std::size_t r = 0; r < rows; ++r) {
      const Vec factor_a = broadcast(a[r]);
      const Vec factor_b = broadcast(b[r]);
      for (std::size_t v = 0; v < kVectors; ++v) {
        const Vec values = load(m + r * cols + c + v * kLanes);
        sums_a[v] = mul_add(factor_a, values, sums_a[v]);
        sums_b[v] = mul_add(factor_b, values, sums_b[v]);
      }
    }
    for (std::size_t v = 0; v < kVectors; ++v) {
      store(a_out + c + v * kLanes, sums_a[v]);
      store(b_out + c + v * kLanes, sums_b[v]);
    }
  }
  for (; c < cols; ++c) {
    float sum_a = 0.0F;
    float sum_b = 0.0F;
    for (std::size_t r = 0; r < rows; ++r) {
      sum_a += a[r] * m[r * cols + c];
      sum_b += b[r] * m[r * cols + c];
    }
    a_out[c] = sum_a;
    b_out[c] = sum_b;
  }
}

// scores[q · count + k] = query q · key k, a few keys for all queries at a time: a key is loaded
// once for several queries. Each product is summed like every other, whatever is computed beside
// it.
template <std::size_t kQueries>
void score_queries(const float* queries, const float* keys, std::size_t count, std::size_t dim,
                   float* scores) {
  for (std::size_t k = 0; k < count; ++k) {
    const float* key = keys + k * dim;
    Vec sums[kQueries];
    for (std::size_t q = 0; q < kQueries; ++q) sums[q] = broadcast(0.0F);
    std::size_t i = 0;
    for (; i + kLanes <= dim; i += kLanes) {
      const Vec values = load(key + i);
      for (std::size_t q = 0; q < kQueries; ++q)
        sums[q] = mul_add(load(queries + q * dim + i), values, sums[q]);
    }
    if (i < dim) {
      const Vec values = load_part(key + i, dim - i);
      for (std::size_t q = 0; q < kQueries; ++q) {
        sums[q] = mul_add(load_part(queries + q * dim + i, dim - i), values, sums[q]);
      }
    }
    for (std::size_t q = 0; q < kQueries; ++q) scores[q * count + k] = sum(sums[q]);
  }
}

void attention_scores(const float* queries, std::size_t query_count, const float* keys,
                      std::size_t count, std::size_t dim, float* scores) {
  std::size_t q = 0;
  for (; q + 4 <= query_count; q += 4)
    score_queries<4>(queries + q * dim, keys, count, dim, scores + q * count);
  for (; q < query_count; ++q)
    score_queries<1>(queries + q * dim, keys, count, dim, scores + q * count);
}

// out[q] = out[q] · factors[q] + Σ_k weights[q · count + k] · value k, with the sums of a few
// vectors of columns in registers over all values.
template <std::size_t kQueries, std::size_t kVectors>
void mix_columns(const float* weights, const float* values, std::size_t count, std::size_t dim,
                 const float* factors, float* out) {
  Vec sums[kQueries][kVectors];
  for (std::size_t q = 0; q < kQueries; ++q) {
    const Vec factor = broadcast(factors[q]);
    for (std::size_t v = 0; v < kVectors; ++v)
      sums[q][v] = mul(load(out + q * dim + v * kLanes), factor);
  }
  for (std::size_t k = 0; k < count; ++k) {
    Vec row[kVectors];
    for (std::size_t v = 0; v < kVectors; ++v) row[v] = load(values + k * dim + v * kLanes);
    for (std::size_t q = 0; q < kQueries; ++q) {
      const Vec weight = broadcast(weights[q * count + k]);
      for (std::size_t v = 0; v < kVectors; ++v) sums[q][v] = mul_add(weight, row[v], sums[q][v]);
    }
  }
  for (std::size_t q = 0; q < kQueries; ++q) {
    for (std::size_t v = 0; v < kVectors; ++v) store(out + q * dim + v * kLanes, sums[q][v]);
  }
}

template <std::size_t kQueries>
void mix_queries(const float* weights, const float* values, std::size_t count, std::size_t dim,
                 const float* factors, float* out) {
  std::size_t c = 0;
  for (; c + 2 * kLanes <= dim; c += 2 * kLanes) {
    mix_columns<kQueries, 2>(weights, values + c, count, dim, factors, out + c);
  }
  for (; c + kLanes <= dim; c += kLanes) {
    mix_columns<kQueries, 1>(weights, values + c, count, dim, factors, out + c);
  }
  for (; c < dim; ++c) {
    for (std::size_t q = 0; q < kQueries; ++q) {
      float sum_c = out[q * dim + c] * factors[q];
      for (std::size_t k = 0; k < count; ++k) sum_c += weights[q * count + k] * values[k * dim + c];
      out[q * dim + c] = sum_c;
    }
  }
}

void attention_mix(const float* weights, std::size_t query_count, const float* values,
                   std::size_t count, std::size_t dim, const float* factors, float* out) {
  std::size_t q = 0;
  for (; q + 4 <= query_count; q += 4) {
    mix_queries<4>(weights + q * count, values, count, dim, factors + q, out + q * dim);
  }
  for (; q < query_count; ++q) {
    mix_queries<1>(weights + q * count, values, count, dim, factors + q, out + q * dim);
  }
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
