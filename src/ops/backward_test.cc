// Gradients against central differences of the forward pass in f32: for a random direction, the
// change of Σ r · out along it. Both come from the code under test, so what torch says of whole
// models is checked elsewhere; here every op is wrong or right by itself.

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include <gtest/gtest.h>

#include "base/test_values.h"
#include "ops/activation.h"
#include "ops/activation_backward.h"
#include "ops/attention.h"
#include "ops/attention_backward.h"
#include "ops/conv.h"
#include "ops/conv_backward.h"
#include "ops/delta_rule.h"
#include "ops/delta_rule_backward.h"
#include "ops/norm.h"
#include "ops/norm_backward.h"

namespace cellm {
namespace {

using Values = std::vector<float>;

double product(const Values& a, const Values& b) {
  double sum = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += static_cast<double>(a[i]) * b[i];
  return sum;
}

// Σ weights · forward(inputs) has these gradients of its inputs; holds each of them against the
// difference quotient along ten random directions.
void expect_gradients(const std::function<Values(const std::vector<Values>&)>& forward,
                      const std::vector<Values>& inputs, const Values& weights,
                      const std::vector<Values>& gradients) {
  constexpr float kStep = 1e-2F;
  for (std::size_t which = 0; which < inputs.size(); ++which) {
    double squares = 0.0;
    double errors = 0.0;
    for (unsigned seed = 100; seed < 110; ++seed) {
      const Values direction = gaussian(inputs[which].size(), seed);
      const auto at = [&](float step) {
        auto moved = inputs;
        for (std::size_t i = 0; i < direction.size(); ++i) moved[which][i] += step * direction[i];
        return product(forward(moved), weights);
      };
      // Fourth order, so that the step can be large enough for f32.
      const double want = (8.0 * (at(kStep) - at(-kStep)) - (at(2 * kStep) - at(-2 * kStep))) /
                          (12.0 * static_cast<double>(kStep));
      const double is = product(gradients[which], direction);
      squares += want * want;
      errors += (want - is) * (want - is);
    }
    EXPECT_LE(std::sqrt(errors), 2e-3 * std::sqrt(squares)) << "of input " << which;
  }
}

class Backward : public ::testing::Test {
 protected:
  ThreadPool pool_{3};
  ActivationScratch scratch_;
  Compute compute_{kernel_table(), pool_, scratch_};
};

TEST_F(Backward, RmsNorm) {
  const std::size_t rows = 5;
  const std::size_t n = 70;
  const std::vector<Values> inputs{gaussian(rows * n, 1), gaussian(n, 2)};
  const Values dy = gaussian(rows * n, 3);
  Values dx(rows * n);
  Values dweight(n, 0.5F);  // is added to
  rms_norm_backward(compute_, inputs[0].data(), inputs[1].data(), 1e-2F, rows, n, dy.data(),
                    dx.data(), dweight.data());
  for (float& value : dweight) value -= 0.5F;
  expect_gradients(
      [&](const auto& x) {
        Values out(rows * n);
        rms_norm(compute_, x[0].data(), x[1].data(), 1e-2F, rows, n, out.data());
        return out;
      },
      inputs, dy, {dx, dweight});
  Values in_place = dy;
  rms_norm_backward(compute_, inputs[0].data(), inputs[1].data(), 1e-2F, rows, n, in_place.data(),
                    in_place.data(), nullptr);
  EXPECT_EQ(in_place, dx);
}

TEST_F(Backward, GatedRmsNorm) {
  const std::size_t rows = 6;
  const std::size_t n = 33;
  const std::vector<Values> inputs{gaussian(rows * n, 1), gaussian(n, 2), gaussian(rows * n, 3)};
  const Values dy = gaussian(rows * n, 4);
  Values dx(rows * n);
  Values dgate(rows * n);
  Values dweight(n);
  gated_rms_norm_backward(compute_, inputs[0].data(), inputs[1].data(), inputs[2].data(), 1e-2F,
                          rows, n, dy.data(), dx.data(), dgate.data(), dweight.data());
  expect_gradients(
      [&](const auto& x) {
        Values out = x[0];
        gated_rms_norm(compute_, out.data(), x[1].data(), x[2].data(), 1e-2F, rows, n);
        return out;
      },
      inputs, dy, {dx, dweight, dgate});
}

TEST_F(Backward, Gates) {
  const std::size_t n = 3000;
  const std::vector<Values> inputs{gaussian(n, 1, 2.0F), gaussian(n, 2)};
  const Values dout = gaussian(n, 3);
  Values dgate(n);
  Values dx(n);
  silu_multiply_backward(compute_, inputs[0].data(), inputs[1].data(), dout.data(), n, dgate.data(),
                         dx.data());
  expect_gradients(
      [&](const auto& x) {
        Values out = x[0];
        silu_multiply(compute_, out.data(), x[1].data(), n);
        return out;
      },
      inputs, dout, {dgate, dx});
  sigmoid_multiply_backward(compute_, inputs[0].data(), inputs[1].data(), dout.data(), n,
                            dgate.data(), dx.data());
  expect_gradients(
      [&](const auto& x) {
        Values out = x[1];
        compute_.kernels.sigmoid_multiply(x[0].data(), out.data(), n);
        return out;
      },
      inputs, dout, {dgate, dx});
}

TEST_F(Backward, Conv) {
  for (const std::size_t kernel : {1U, 2U, 4U}) {
    const std::size_t channels = 150;
    const std::size_t tokens = 9;
    const std::vector<Values> inputs{gaussian(tokens * channels, 1)};
    const Values weight = gaussian(kernel * channels, 2);
    const Values dout = gaussian(tokens * channels, 3);
    Values dx(tokens * channels);
    causal_conv_backward(compute_, weight.data(), kernel, channels, inputs[0].data(), tokens,
                         dout.data(), dx.data());
    expect_gradients(
        [&](const auto& x) {
          Values out(tokens * channels);
          Values window((kernel - 1) * channels);
          const ConvRun all{x[0].data(), tokens, window.data(), out.data()};
          causal_conv(compute_, weight.data(), kernel, channels, {&all, 1});
          return out;
        },
        inputs, dout, {dx});
  }
}

TEST_F(Backward, Attention) {
  for (const std::size_t tokens : {1U, 7U, 75U}) {
    const AttentionShape shape{6, 2, 24};
    const float scale = 0.3F;
    const std::size_t kv = tokens * shape.kv_heads * shape.head_dim;
    const std::size_t all = tokens * shape.heads * shape.head_dim;
    const std::vector<Values> inputs{gaussian(all, 1), gaussian(kv, 2), gaussian(kv, 3)};
    const Values dout = gaussian(all, 4);
    const auto forward = [&](const std::vector<Values>& x) {
      KvCache cache({shape.kv_heads, shape.head_dim, KvEncoding::kF32, 16});
      for (std::size_t t = 0; t < tokens; ++t) {
        const std::size_t at = t * shape.kv_heads * shape.head_dim;
        cache.write(compute_, t, x[1].data() + at, x[2].data() + at);
      }
      Values q = x[0];
      Values out(all);
      attention(compute_, cache, shape.heads, scale, 0, tokens, q.data(), out.data());
      return out;
    };
    const Values out = forward(inputs);
    Values dq(all);
    Values dk(kv);
    Values dv(kv);
    attention_backward(compute_, shape, scale, tokens, inputs[0].data(), inputs[1].data(),
                       inputs[2].data(), out.data(), dout.data(), dq.data(), dk.data(), dv.data());
    if (tokens == 1) {  // one position: its weight is 1 whatever the score
      EXPECT_LT(*std::max_element(dq.begin(), dq.end()), 1e-6F);
      EXPECT_LT(*std::max_element(dk.begin(), dk.end()), 1e-6F);
    } else {
      expect_gradients(forward, inputs, dout, {dq, dk, dv});
    }
  }
}

TEST_F(Backward, DeltaRule) {
  for (const std::size_t tokens : {1U, 31U, 32U, 33U, 100U}) {
    const DeltaShape shape{2, 6, 12, 20};
    const std::size_t keys = shape.key_heads * shape.key_dim;
    const std::size_t stride = 2 * keys + shape.value_heads * shape.value_dim;
    std::vector<Values> inputs{gaussian(tokens * stride, 1),
                               gaussian(tokens * shape.value_heads, 2),
                               gaussian(tokens * shape.value_heads, 3, 0.2F)};
    for (float& g : inputs[1]) g = -0.3F * std::abs(g) - 0.1F;  // stays negative along the way
    for (float& beta : inputs[2]) beta += 0.6F;
    const auto input_of = [&](const std::vector<Values>& x) {
      return DeltaInput{x[0].data(), x[0].data() + keys, x[0].data() + 2 * keys,
                        stride,      x[1].data(),        x[2].data()};
    };
    const std::size_t outputs = tokens * shape.value_heads * shape.value_dim;
    const Values dout = gaussian(outputs, 4);
    std::vector<Values> gradients{Values(inputs[0].size()), Values(inputs[1].size()),
                                  Values(inputs[2].size())};
    delta_rule_backward(
        compute_, shape, input_of(inputs), tokens, dout.data(),
        {gradients[0].data(), gradients[0].data() + keys, gradients[0].data() + 2 * keys, stride,
         gradients[1].data(), gradients[2].data()});
    // With one token g has no effect, and both its gradient and the difference are exactly 0.
    expect_gradients(
        [&](const auto& x) {
          DeltaState state(shape);
          Values out(outputs);
          const DeltaRun all{&state, input_of(x), tokens, out.data()};
          delta_rule(compute_, {&all, 1});
          return out;
        },
        inputs, dout, gradients);
  }
}

}  // namespace
}  // namespace cellm
