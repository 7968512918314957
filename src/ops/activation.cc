#include "ops/activation.h"

namespace cellm {
namespace {
constexpr std::size_t kGrain = 1024;
}

void silu_multiply(const Compute& compute, float* gate, const float* up, std::size_t n) {
  compute.pool.parallel_for(n, kGrain, [&](std::size_t begin, std::size_t end) {
    compute.kernels.silu_multiply(gate + begin, up + begin, gate + begin, end - begin);
  });
}

void add_to(const Compute& compute, float* x, const float* y, std::size_t n) {
  compute.kernels.axpy(1.0F, y, x, n);
}

}  // namespace cellm
