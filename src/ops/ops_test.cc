#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/test_values.h"
#include "ops/activation.h"
#include "ops/attention.h"
#include "ops/conv.h"
#include "ops/delta_rule.h"
#include "ops/norm.h"
#include "ops/rope.h"

namespace cellm {
namespace {

class Ops : public ::testing::Test {
 protected:
  ThreadPool pool_{3};
  ActivationScratch scratch_;
  Compute compute_{kernel_table(), pool_, scratch_};

  void advance(DeltaState& state, const DeltaInput& input, std::size_t tokens, float* out) {
    const DeltaRun one{&state, input, tokens, out};
    delta_rule(compute_, {&one, 1});
  }
};

TEST_F(Ops, RmsNorm) {
  const std::size_t n = 37;
  const auto x = gaussian(2 * n, 1);
  const auto weight = gaussian(n, 2);
  const auto gate = gaussian(2 * n, 3);
  std::vector<float> plain(2 * n);
  rms_norm(compute_, x.data(), weight.data(), 1e-5F, 2, n, plain.data());
  auto gated = x;
  gated_rms_norm(compute_, gated.data(), weight.data(), gate.data(), 1e-5F, 2, n);
  for (std::size_t row = 0; row < 2; ++row) {
    double squares = 0;
    for (std::size_t i = 0; i < n; ++i) squares += std::pow(static_cast<double>(x[row * n + i]), 2);
    for (std::size_t i = row * n; i < (row + 1) * n; ++i) {
      const double want = x[i] / std::sqrt(squares / n + 1e-5) * weight[i % n];
      EXPECT_NEAR(plain[i], want, 1e-5);
      EXPECT_NEAR(gated[i], want * gate[i] / (1 + std::exp(-static_cast<double>(gate[i]))), 1e-5);
    }
  }
}

TEST_F(Ops, ActivationsAtTheExtremes) {
  EXPECT_EQ(sigmoid(-1000.0F), 0.0F);
  EXPECT_EQ(sigmoid(1000.0F), 1.0F);
  EXPECT_EQ(silu(-1000.0F), 0.0F);
  EXPECT_EQ(silu(1000.0F), 1000.0F);
  EXPECT_EQ(softplus(-1000.0F), 0.0F);
  EXPECT_EQ(softplus(1000.0F), 1000.0F);
  EXPECT_NEAR(softplus(0.0F), std::log(2.0), 1e-7);
  EXPECT_NEAR(softplus(20.0F), softplus(20.001F), 2e-3);
}

TEST_F(Ops, RopeRotatesPairsAndLeavesTheRest) {
  const std::vector<float> frequencies{1.0F, 0.1F};
  const auto angles = rope_angles(frequencies, 7, 2);
  const std::size_t head_dim = 6;
  const auto before = gaussian(2 * 3 * head_dim, 1);
  auto x = before;
  apply_rope(angles, 2, x.data(), 2, 3, head_dim);
  for (std::size_t row = 0; row < 6; ++row) {
    const std::size_t token = row / 3;
    const double position = 7.0 + static_cast<double>(token);
    for (std::size_t i = 0; i < 2; ++i) {
      const double angle = position * static_cast<double>(frequencies[i]);
      const double a = before[row * head_dim + i];
      const double b = before[row * head_dim + i + 2];
      EXPECT_NEAR(x[row * head_dim + i], a * std::cos(angle) - b * std::sin(angle), 1e-5);
      EXPECT_NEAR(x[row * head_dim + i + 2], b * std::cos(angle) + a * std::sin(angle), 1e-5);
    }
    EXPECT_EQ(x[row * head_dim + 4], before[row * head_dim + 4]);
    EXPECT_EQ(x[row * head_dim + 5], before[row * head_dim + 5]);
  }
}

TEST_F(Ops, ConvIsTheSameInOnePieceAndTokenByToken) {
  for (const std::size_t kernel : {1U, 2U, 4U}) {
    const std::size_t channels = 700;
    const std::size_t tokens = 9;
    const auto x = gaussian(tokens * channels, 1);
    const auto weight = gaussian(kernel * channels, 2);
    std::vector<float> window((kernel - 1) * channels);
    std::vector<float> whole(tokens * channels);
    const ConvRun all{x.data(), tokens, window.data(), whole.data()};
    causal_conv(compute_, weight.data(), kernel, channels, {&all, 1});
    for (std::size_t t = 0; t < tokens; ++t) {
      for (std::size_t c = 0; c < channels; c += 31) {
        double sum = 0;
        for (std::size_t j = 0; j < kernel; ++j) {
          if (t + j + 1 < kernel) continue;
          sum += static_cast<double>(weight[j * channels + c]) *
                 x[(t + j + 1 - kernel) * channels + c];
        }
        EXPECT_NEAR(whole[t * channels + c], sum / (1 + std::exp(-sum)), 1e-5);
      }
    }
    std::vector<float> window_again((kernel - 1) * channels);
    std::vector<float> pieces(tokens * channels);
    for (const auto& [begin, end] : {std::pair{0U, 1U}, {1U, 2U}, {2U, 7U}, {7U, 9U}}) {
      const ConvRun piece{x.data() + begin * channels, end - begin, window_again.data(),
                          pieces.data() + begin * channels};
      causal_conv(compute_, weight.data(), kernel, channels, {&piece, 1});
    }
    EXPECT_EQ(whole, pieces);
    EXPECT_EQ(window, window_again);
  }
}

TEST_F(Ops, ATentativeConvLeavesTheWindow) {
  const std::size_t kernel = 4;
  const std::size_t channels = 5;
  const auto x = gaussian(6 * channels, 1);
  const auto weight = gaussian(kernel * channels, 2);
  const auto start = gaussian((kernel - 1) * channels, 3);
  for (std::size_t kept = 0; kept <= 6; ++kept) {
    auto want = start;
    std::vector<float> out(6 * channels);
    const ConvRun some{x.data(), kept, want.data(), out.data()};
    causal_conv(compute_, weight.data(), kernel, channels, {&some, 1});
    auto window = start;
    std::vector<float> all_out(6 * channels);
    const ConvRun all{x.data(), 6, window.data(), all_out.data(), true};
    causal_conv(compute_, weight.data(), kernel, channels, {&all, 1});
    EXPECT_EQ(window, start);
    EXPECT_TRUE(std::equal(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(kept * channels),
                           all_out.begin()));
    shift_window(kernel, channels, x.data(), kept, window.data());
    EXPECT_EQ(window, want) << kept;
  }
}

struct DeltaTest {
  DeltaShape shape{2, 6, 20, 24};
  std::size_t tokens = 100;
  std::size_t stride = 2 * shape.key_heads * shape.key_dim + shape.value_heads * shape.value_dim;
  std::vector<float> qkv = gaussian(tokens * stride, 1);
  std::vector<float> g = gaussian(tokens * shape.value_heads, 2);
  std::vector<float> beta = gaussian(tokens * shape.value_heads, 3);

  DeltaTest() {
    for (auto& value : g) value = -std::exp(3.0F * value);  // decays from almost 1 to 0
    for (auto& value : beta) value = sigmoid(value);
  }
  DeltaInput input(std::size_t from) const {
    const std::size_t keys = shape.key_heads * shape.key_dim;
    const float* at = qkv.data() + from * stride;
    return {at,
            at + keys,
            at + 2 * keys,
            stride,
            g.data() + from * shape.value_heads,
            beta.data() + from * shape.value_heads};
  }
};

// The recurrence itself, token by token, in double (transformers torch_recurrent_gated_delta_rule).
std::vector<double> recurrent(const DeltaTest& test) {
  const auto& shape = test.shape;
  const std::size_t dk = shape.key_dim;
  const std::size_t dv = shape.value_dim;
  std::vector<double> out(test.tokens * shape.value_heads * dv);
  for (std::size_t h = 0; h < shape.value_heads; ++h) {
    const std::size_t key_head = h / (shape.value_heads / shape.key_heads);
    std::vector<double> s(dk * dv);
    for (std::size_t t = 0; t < test.tokens; ++t) {
      const DeltaInput in = test.input(t);
      std::vector<double> q(dk);
      std::vector<double> k(dk);
      double qq = 1e-6;
      double kk = 1e-6;
      for (std::size_t d = 0; d < dk; ++d) {
        q[d] = in.q[key_head * dk + d];
        k[d] = in.k[key_head * dk + d];
        qq += q[d] * q[d];
        kk += k[d] * k[d];
      }
      for (auto& value : q) value /= std::sqrt(qq) * std::sqrt(static_cast<double>(dk));
      for (auto& value : k) value /= std::sqrt(kk);
      for (auto& value : s) value *= std::exp(static_cast<double>(in.g[h]));
      for (std::size_t e = 0; e < dv; ++e) {
        double predicted = 0;
        for (std::size_t d = 0; d < dk; ++d) predicted += s[d * dv + e] * k[d];
        const double delta = in.beta[h] * (in.v[h * dv + e] - predicted);
        double read = 0;
        for (std::size_t d = 0; d < dk; ++d) {
          s[d * dv + e] += k[d] * delta;
          read += s[d * dv + e] * q[d];
        }
        out[(t * shape.value_heads + h) * dv + e] = read;
      }
    }
  }
  return out;
}

TEST_F(Ops, DeltaRuleIsTheRecurrence) {
  const DeltaTest test;
  const auto want = recurrent(test);
  DeltaState state(test.shape);
  std::vector<float> got(want.size());
  advance(state, test.input(0), test.tokens, got.data());
  for (std::size_t i = 0; i < want.size(); ++i) ASSERT_NEAR(got[i], want[i], 2e-5) << i;
}

TEST_F(Ops, DeltaRuleGivesTheSameBitsHoweverTokensArrive) {
  const DeltaTest test;
  const std::size_t width = test.shape.value_heads * test.shape.value_dim;
  DeltaState whole(test.shape);
  std::vector<float> want(test.tokens * width);
  advance(whole, test.input(0), test.tokens, want.data());
  for (const std::size_t piece : {1U, 7U, 32U, 33U, 64U}) {
    DeltaState state(test.shape);
    std::vector<float> got(want.size());
    for (std::size_t t = 0; t < test.tokens; t += piece) {
      const std::size_t count = std::min(piece, test.tokens - t);
      advance(state, test.input(t), count, got.data() + t * width);
    }
    EXPECT_EQ(want, got) << piece;
    EXPECT_TRUE(std::equal(whole.s.span().begin(), whole.s.span().end(), state.s.span().begin()));
    EXPECT_EQ(whole.pending, state.pending);
  }
}

// Up to the end of a chunk and not so far, and taken back to each token.
TEST_F(Ops, RowsOfAChunkCanBeTakenBack) {
  const DeltaTest test;
  const std::size_t width = test.shape.value_heads * test.shape.value_dim;
  for (const auto& [before, drafted] : {std::pair{0U, 32U}, {20U, 12U}, {40U, 9U}, {63U, 1U}}) {
    for (std::size_t kept = 0; kept <= drafted; ++kept) {
      DeltaState want(test.shape);
      DeltaState state(test.shape);
      std::vector<float> out(test.tokens * width);
      for (DeltaState* one : {&want, &state}) advance(*one, test.input(0), before, out.data());
      const DeltaRun draft{&state, test.input(before), drafted, out.data(), true};
      delta_rule(compute_, {&draft, 1});
      state.pending -= drafted - kept;
      DeltaState* const states[] = {&state};
      finish_full_chunks(compute_, states);
      if (kept != 0) advance(want, test.input(before), kept, out.data());
      EXPECT_EQ(state.pending, want.pending);
      EXPECT_TRUE(std::ranges::equal(state.s.span(), want.s.span())) << before << " " << kept;
      std::vector<float> next(4 * width);
      std::vector<float> want_next(4 * width);
      advance(state, test.input(90), 4, next.data());
      advance(want, test.input(90), 4, want_next.data());
      EXPECT_EQ(next, want_next);
    }
  }
}

// Attention without tiles, in double.
std::vector<double> plain_attention(const std::vector<float>& q, const std::vector<float>& k,
                                    const std::vector<float>& v, std::size_t tokens,
                                    std::size_t heads, std::size_t kv_heads, std::size_t head_dim,
                                    double scale) {
  std::vector<double> out(tokens * heads * head_dim);
  for (std::size_t t = 0; t < tokens; ++t) {
    for (std::size_t h = 0; h < heads; ++h) {
      const std::size_t kv = h / (heads / kv_heads);
      std::vector<double> weights(t + 1);
      double total = 0;
      for (std::size_t p = 0; p <= t; ++p) {
        double score = 0;
        for (std::size_t i = 0; i < head_dim; ++i) {
          score += static_cast<double>(q[(t * heads + h) * head_dim + i]) *
                   static_cast<double>(k[(p * kv_heads + kv) * head_dim + i]);
        }
        weights[p] = std::exp(score * scale);
        total += weights[p];
      }
      for (std::size_t p = 0; p <= t; ++p) {
        for (std::size_t i = 0; i < head_dim; ++i) {
          out[(t * heads + h) * head_dim + i] +=
              weights[p] / total * static_cast<double>(v[(p * kv_heads + kv) * head_dim + i]);
        }
      }
    }
  }
  return out;
}

TEST_F(Ops, AttentionAgreesWithThePlainFormulaInEveryEncoding) {
  const std::size_t heads = 6;
  const std::size_t kv_heads = 2;
  const std::size_t tokens = 45;
  for (const std::size_t head_dim : {24U, 64U}) {
    for (const auto& [encoding, tolerance] : {std::pair{KvEncoding::kF32, 2e-6},
                                              {KvEncoding::kF16, 2e-3},
                                              {KvEncoding::kTurboQuant, 4e-2}}) {
      const auto q = gaussian(tokens * heads * head_dim, 1);
      const auto k = gaussian(tokens * kv_heads * head_dim, 2);
      const auto v = gaussian(tokens * kv_heads * head_dim, 3);
      const float scale = 1.0F / std::sqrt(static_cast<float>(head_dim));
      const auto want = plain_attention(q, k, v, tokens, heads, kv_heads, head_dim, scale);
      KvCache cache({kv_heads, head_dim, encoding, 7});
      for (std::size_t t = 0; t < tokens; ++t) {
        cache.write(compute_, t, k.data() + t * kv_heads * head_dim,
                    v.data() + t * kv_heads * head_dim);
      }
      auto queries = q;
      std::vector<float> whole(q.size());
      attention(compute_, cache, heads, scale, 0, tokens, queries.data(), whole.data());
      for (std::size_t i = 0; i < want.size(); ++i) ASSERT_NEAR(whole[i], want[i], tolerance) << i;

      queries = q;
      std::vector<float> pieces(q.size());
      for (std::size_t t = 0; t < tokens; t += 4) {
        const std::size_t at = t * heads * head_dim;
        attention(compute_, cache, heads, scale, t, std::min<std::size_t>(4, tokens - t),
                  queries.data() + at, pieces.data() + at);
      }
      EXPECT_EQ(whole, pieces);
    }
  }
}

TEST_F(Ops, ACopiedCacheKeepsItsRowsWhenTheOriginalIsOverwritten) {
  const std::size_t head_dim = 8;
  KvCache cache({1, head_dim, KvEncoding::kF32, 4});
  const auto rows = gaussian(12 * head_dim, 1);
  for (std::size_t t = 0; t < 6; ++t) {
    cache.write(compute_, t, rows.data() + t * head_dim, rows.data() + t * head_dim);
  }
  const KvCache copy = cache;
  for (std::size_t t = 2; t < 6; ++t) {
    cache.write(compute_, t, rows.data() + (t + 6) * head_dim, rows.data() + (t + 6) * head_dim);
  }
  const auto keys = [](const KvCache& of) {
    const VectorRows view = of.rows(0, 4, 0, false);
    EXPECT_EQ(view.row_bytes, view.dim * sizeof(float));
    return std::vector<float>(reinterpret_cast<const float*>(view.data),
                              reinterpret_cast<const float*>(view.data) + 4 * view.dim);
  };
  EXPECT_TRUE(std::ranges::equal(keys(copy), std::span(rows).first(4 * head_dim)));
  const std::vector<float> overwritten = keys(cache);
  EXPECT_TRUE(std::ranges::equal(std::span(overwritten).subspan(2 * head_dim),
                                 std::span(rows).subspan(8 * head_dim, 2 * head_dim)));
}

TEST_F(Ops, TheRotationIsOrthogonal) {
  for (const std::size_t head_dim : {6U, 64U, 96U}) {
    const KvCache cache({1, head_dim, KvEncoding::kTurboQuant, 4});
    const auto before = gaussian(head_dim, 5);
    auto row = before;
    cache.rotate(row.data());
    EXPECT_NEAR(compute_.kernels.dot(row.data(), row.data(), head_dim),
                compute_.kernels.dot(before.data(), before.data(), head_dim), 1e-3);
    EXPECT_NE(row, before);
    cache.rotate_back(row.data());
    for (std::size_t i = 0; i < head_dim; ++i) EXPECT_NEAR(row[i], before[i], 1e-5);
  }
}

TEST(KvEncodings, NamesAreReadBack) {
  for (const auto encoding : {KvEncoding::kF32, KvEncoding::kF16, KvEncoding::kTurboQuant}) {
    EXPECT_EQ(parse_kv_encoding(kv_encoding_name(encoding)), encoding);
  }
  EXPECT_THROW(parse_kv_encoding("f8"), Error);
}

}  // namespace
}  // namespace cellm
