#include "ops/conv.h"

#include <algorithm>

namespace cellm {
namespace {

constexpr std::size_t kGrain = 512;  // channels

// Row i of the inputs, counted from the start of the window. (kernel − 1, channels) are in the
// window.
const float* input_row(const float* window, std::size_t past, const float* x, std::size_t channels,
                       std::size_t i) {
  return i < past ? window + i * channels : x + (i - past) * channels;
}

// Of the channels [begin, end).
void shift(std::size_t past, std::size_t channels, const float* x, std::size_t tokens,
           float* window, std::size_t begin, std::size_t end) {
  for (std::size_t i = 0; i < past; ++i) {  // row i becomes row i + tokens; ascending is safe
    const float* in = input_row(window, past, x, channels, i + tokens);
    std::copy(in + begin, in + end, window + i * channels + begin);
  }
}

// The channels [begin, end).
void convolve(const Compute& compute, const float* weight, std::size_t kernel, std::size_t channels,
              const ConvRun& run, std::size_t begin, std::size_t end) {
  const std::size_t past = kernel - 1;
  for (std::size_t t = 0; t < run.tokens; ++t) {
    float* row = run.out + t * channels;
    std::fill(row + begin, row + end, 0.0F);
    for (std::size_t j = 0; j < kernel; ++j) {
      const float* in = input_row(run.window, past, run.x, channels, t + j);
      const float* w = weight + j * channels;
      for (std::size_t c = begin; c < end; ++c) row[c] += w[c] * in[c];
    }
    compute.kernels.silu(row + begin, end - begin);
  }
  if (!run.tentative) shift(past, channels, run.x, run.tokens, run.window, begin, end);
}

}  // namespace

void shift_window(std::size_t kernel, std::size_t channels, const float* x, std::size_t tokens,
                  float* window) {
  shift(kernel - 1, channels, x, tokens, window, 0, channels);
}

void causal_conv(const Compute& compute, const float* weight, std::size_t kernel,
                 std::size_t channels, std::span<const ConvRun> runs) {
  const std::size_t pieces = (channels + kGrain - 1) / kGrain;
  compute.pool.parallel_for(runs.size() * pieces, 1, [&](std::size_t i, std::size_t) {
    const std::size_t begin = i % pieces * kGrain;
    convolve(compute, weight, kernel, channels, runs[i / pieces], begin,
             std::min(channels, begin + kGrain));
  });
}

}  // namespace cellm
